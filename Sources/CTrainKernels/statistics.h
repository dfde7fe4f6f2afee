// What batch normalisation makes of the sums over a channel, whichever way its numbers lie.

#pragma once

#include <cmath>

#include "ctrainkernels.h"

namespace ctk {

// Keeps the statistics of a minibatch for the backward pass, and takes them into the running ones.
inline void take_statistics(const ctk_normalization &normalization, int64_t channel, double mean,
                            double squares, double count) {
    double momentum = normalization.momentum;
    auto move = [momentum](float &average, double value) {
        average = static_cast<float>((1 - momentum) * average + momentum * value);
    };
    move(normalization.running_mean[channel], mean);
    move(normalization.running_variance[channel], squares / (count - 1));
    normalization.mean[channel] = static_cast<float>(mean);
    normalization.inverse_deviation[channel] =
        static_cast<float>(1 / std::sqrt(squares / count + normalization.epsilon));
}

// Of the slopes behind the normalisation: Σ slope, and Σ slope · (input − mean).
struct SlopeSums {
    double slopes = 0, products = 0;
};

// The gradients of weight and bias, and what makes the input's of a slope:
// input_factor · input + scale · slope + shift.
struct NormalizationSlopes {
    float weight, bias, input_factor, scale, shift;
};

// With x̂ the normalised input and g the slope behind it, both without weight and bias:
// weight gradient Σ g · x̂, bias gradient Σ g, and for the input
// weight / deviation · (g − mean of g − x̂ · mean of g · x̂).
inline NormalizationSlopes normalization_slopes(const ctk_normalization &normalization,
                                                int64_t channel, const SlopeSums &sums,
                                                double count) {
    double mean = normalization.mean[channel];
    double inverse_deviation = normalization.inverse_deviation[channel];
    double products = sums.products * inverse_deviation;
    double scale = normalization.weight[channel] * inverse_deviation;
    double input_factor = -scale * inverse_deviation * products / count;
    return {static_cast<float>(products), static_cast<float>(sums.slopes),
            static_cast<float>(input_factor), static_cast<float>(scale),
            static_cast<float>(-scale * sums.slopes / count - input_factor * mean)};
}

}  // namespace ctk
