// Losses of softmax probabilities, in double precision: a few numbers, whose sum is what is
// reported.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "lines.h"
#include "planes.h"
#include "team.h"

namespace {

// The softmax of some examples, of probabilities that the thread keeps.
class Probabilities {
  public:
    Probabilities(const ctk::Kernels &kernels, const ctk_planes &logits, int64_t first,
                  int64_t count)
        : logits(logits), first(first), kept(memory()) {
        kept.resize(static_cast<size_t>(logits.channels * ctk::Softmax::most));
        double sums[ctk::Softmax::most], largest[ctk::Softmax::most];
        kernels.softmax({ctk::row(logits, 0, 0) + first, logits.channel, logits.channels, count,
                         kept.data(), largest, sums});
        for (int64_t i = 0; i < count; ++i) log_sums[i] = largest[i] + std::log(sums[i]);
    }

    double probability(int64_t n, int64_t c) const {
        return kept[c * ctk::Softmax::most + n - first];
    }
    double log_probability(int64_t n, int64_t c) const {
        return ctk::row(logits, c, 0)[n] - log_sums[n - first];
    }

  private:
    const ctk_planes &logits;
    const int64_t first;
    ctk::Lines<double> &kept;
    double log_sums[ctk::Softmax::most];

    static ctk::Lines<double> &memory() {
        thread_local ctk::Lines<double> memory;
        return memory;
    }
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
    constexpr int64_t part = ctk::Softmax::most;
    thread_local std::vector<double> kept;
    kept.resize(static_cast<size_t>(logits.batch));
    team->run(logits.batch, part, [&, losses = kept.data()](int64_t begin, int64_t end) {
        for (int64_t first = begin; first < end; first += part) {
            int64_t last = std::min(first + part, end);
            Probabilities softmax(team->kernels, logits, first, last - first);
            for (int64_t n = first; n < last; ++n) {
                losses[n] = loss(softmax, target_of(targets, n, logits.channels), n);
            }
        }
    });
    return std::accumulate(kept.begin(), kept.end(), 0.0);
}

}  // namespace

double ctk_soft_cross_entropy(ctk_team *team, const ctk_planes *logits, const ctk_targets *targets,
                              const ctk_planes *gradient) {
    double batch = static_cast<double>(logits->batch);
    auto loss_of = [&](const Probabilities &softmax, const float *target, int64_t n) {
        double loss = 0, weight = 0;
        for (int64_t c = 0; c < logits->channels; ++c) {
            weight += target[c];
            loss -= target[c] * softmax.log_probability(n, c);
        }
        for (int64_t c = 0; c < logits->channels; ++c) {
            double slope = weight * softmax.probability(n, c) - target[c];
            ctk::row(*gradient, c, 0)[n] = static_cast<float>(slope / batch);
        }
        return loss;
    };
    return sum_of_losses(team, *logits, *targets, loss_of) / batch;
}

double ctk_softmax_binary_cross_entropy(ctk_team *team, const ctk_planes *logits,
                                        const ctk_targets *targets, const ctk_planes *gradient) {
    double count = static_cast<double>(logits->batch * logits->channels);
    auto loss_of = [&](const Probabilities &softmax, const float *target, int64_t n) {
        // The derivative by a probability p is (p − target) / (p · (1 − p)), whose denominator
        // PyTorch keeps from falling below 1e-12.
        auto slope = [&](int64_t c, double p) {
            return (p - target[c]) / std::max(p * (1 - p), 1e-12);
        };
        double loss = 0, mean_slope = 0;
        for (int64_t c = 0; c < logits->channels; ++c) {
            double p = softmax.probability(n, c);
            loss -= target[c] * std::max(softmax.log_probability(n, c), -100.0) +
                    (1 - target[c]) * std::max(std::log1p(-p), -100.0);
            mean_slope += p * slope(c, p);
        }
        for (int64_t c = 0; c < logits->channels; ++c) {
            double p = softmax.probability(n, c);
            ctk::row(*gradient, c, 0)[n] =
                static_cast<float>(p * (slope(c, p) - mean_slope) / count);
        }
        return loss;
    };
    return sum_of_losses(team, *logits, *targets, loss_of) / count;
}
