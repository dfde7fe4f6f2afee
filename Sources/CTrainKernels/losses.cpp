// Losses of softmax probabilities, in double precision: a few numbers, whose sum is what is
// reported.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "planes.h"
#include "team.h"

namespace {

// The softmax of one example after the other, of probabilities that the thread keeps.
class Softmax {
  public:
    explicit Softmax(const ctk_planes &logits) : logits(logits), probabilities(kept()) {
        probabilities.resize(static_cast<size_t>(logits.channels));
    }

    void take(int64_t next) {
        example = next;
        double largest = -INFINITY, sum = 0;
        for (int64_t c = 0; c < logits.channels; ++c) largest = std::max(largest, logit(c));
        for (int64_t c = 0; c < logits.channels; ++c) {
            probabilities[c] = std::exp(logit(c) - largest);
            sum += probabilities[c];
        }
        for (double &probability : probabilities) probability /= sum;
        log_sum = largest + std::log(sum);
    }

    double log_probability(int64_t c) const { return logit(c) - log_sum; }
    double probability(int64_t c) const { return probabilities[c]; }

  private:
    const ctk_planes &logits;
    std::vector<double> &probabilities;
    int64_t example = 0;
    double log_sum = 0;

    static std::vector<double> &kept() {
        thread_local std::vector<double> kept;
        return kept;
    }

    double logit(int64_t c) const { return ctk::row(logits, c, 0)[example]; }
};

// What is wanted of one example, [classes]; in memory that the thread keeps, until its next call,
// or where it is.
const float *target_of(const ctk_targets &targets, int64_t n, int64_t classes) {
    if (targets.numbers != nullptr) return targets.numbers + n * classes;
    thread_local std::vector<float> kept;
    kept.assign(static_cast<size_t>(classes), 0);
    int64_t own = targets.labels[n];
    kept[own] = 1;
    if (targets.mix != nullptr) {
        int64_t partner = targets.labels[targets.mix->order[n]];
        float weight = targets.mix->weights[n];
        if (partner != own) {
            kept[own] = weight;
            kept[partner] = 1 - weight;
        }
    }
    return kept.data();
}

// The sum of the examples' losses, in their order whoever computed them.
template <typename Loss>
double sum_of_losses(ctk_team *team, const ctk_planes &logits, const ctk_targets &targets,
                     const Loss &loss) {
    constexpr int64_t part = 16;
    thread_local std::vector<double> kept;
    kept.resize(static_cast<size_t>(logits.batch));
    team->run(logits.batch, part, [&, losses = kept.data()](int64_t begin, int64_t end) {
        Softmax softmax(logits);
        for (int64_t n = begin; n < end; ++n) {
            softmax.take(n);
            losses[n] = loss(softmax, target_of(targets, n, logits.channels), n);
        }
    });
    return std::accumulate(kept.begin(), kept.end(), 0.0);
}

}  // namespace

double ctk_soft_cross_entropy(ctk_team *team, const ctk_planes *logits, const ctk_targets *targets,
                              const ctk_planes *gradient) {
    double batch = static_cast<double>(logits->batch);
    auto loss_of = [&](const Softmax &softmax, const float *target, int64_t n) {
        double loss = 0, weight = 0;
        for (int64_t c = 0; c < logits->channels; ++c) {
            weight += target[c];
            loss -= target[c] * softmax.log_probability(c);
        }
        for (int64_t c = 0; c < logits->channels; ++c) {
            double slope = weight * softmax.probability(c) - target[c];
            ctk::row(*gradient, c, 0)[n] = static_cast<float>(slope / batch);
        }
        return loss;
    };
    return sum_of_losses(team, *logits, *targets, loss_of) / batch;
}

double ctk_softmax_binary_cross_entropy(ctk_team *team, const ctk_planes *logits,
                                        const ctk_targets *targets, const ctk_planes *gradient) {
    double count = static_cast<double>(logits->batch * logits->channels);
    auto loss_of = [&](const Softmax &softmax, const float *target, int64_t n) {
        // The derivative by a probability p is (p − target) / (p · (1 − p)), whose denominator
        // PyTorch keeps from falling below 1e-12.
        auto slope = [&](int64_t c, double p) {
            return (p - target[c]) / std::max(p * (1 - p), 1e-12);
        };
        double loss = 0, mean_slope = 0;
        for (int64_t c = 0; c < logits->channels; ++c) {
            double p = softmax.probability(c);
            loss -= target[c] * std::max(softmax.log_probability(c), -100.0) +
                    (1 - target[c]) * std::max(std::log1p(-p), -100.0);
            mean_slope += p * slope(c, p);
        }
        for (int64_t c = 0; c < logits->channels; ++c) {
            double p = softmax.probability(c);
            ctk::row(*gradient, c, 0)[n] =
                static_cast<float>(p * (slope(c, p) - mean_slope) / count);
        }
        return loss;
    };
    return sum_of_losses(team, *logits, *targets, loss_of) / count;
}
