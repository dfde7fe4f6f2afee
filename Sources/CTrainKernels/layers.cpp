// Activations, batch normalisation, pooling and sums: layers that go through planes row by row.

#include <cmath>

#include "planes.h"
#include "team.h"

namespace {

// Shares out the channels.
template <typename Body>
void for_each_channel(ctk_team *team, const ctk_planes &planes, const Body &body) {
    // Small channels are handed out several at a time.
    int64_t size = planes.height * ctk::row_length(planes);
    team->run(planes.channels, 1 + 8192 / (size + 1), [&](int64_t begin, int64_t end) {
        for (int64_t channel = begin; channel < end; ++channel) body(channel);
    });
}

// Calls body(elements of the first planes, of the second, count) for all runs of one channel that
// lie without a gap in both: rows, or single pixels where one of the two is split.
template <typename Body>
void for_each_run(const ctk_planes &first, const ctk_planes &second, int64_t channel,
                  const Body &body) {
    for (int64_t y = 0; y < first.height; ++y) {
        if (first.is_split || second.is_split) {
            for (int64_t x = 0; x < first.width; ++x) {
                body(ctk::pixel(first, channel, y, x), ctk::pixel(second, channel, y, x),
                     first.batch);
            }
        } else {
            body(ctk::row(first, channel, y), ctk::row(second, channel, y), ctk::row_length(first));
        }
    }
}

void scale_and_shift(ctk_team *team, ctk_activation activation, double scale, double shift,
                     int64_t channel, const ctk_planes &input, const ctk_planes &output) {
    for_each_run(input, output, channel, [&](const float *from, float *to, int64_t count) {
        team->kernels.scale_and_shift(from, static_cast<float>(scale), static_cast<float>(shift),
                                      activation, to, count);
    });
}

}  // namespace

void ctk_activate(ctk_team *team, ctk_activation activation, const ctk_planes *planes) {
    for_each_channel(team, *planes, [&](int64_t channel) {
        for_each_run(*planes, *planes, channel, [&](float *values, float *, int64_t count) {
            team->kernels.activate(activation, values, count);
        });
    });
}

void ctk_activation_gradient(ctk_team *team, ctk_activation activation, const ctk_planes *activated,
                             const ctk_planes *gradient) {
    for_each_channel(team, *activated, [&](int64_t channel) {
        for_each_run(*activated, *gradient, channel,
                     [&](const float *values, float *slopes, int64_t count) {
                         team->kernels.activation_gradient(activation, values, slopes, count);
                     });
    });
}

void ctk_normalize(ctk_team *team, const ctk_normalization *normalization,
                   ctk_activation activation, const ctk_planes *input, const ctk_planes *output) {
    double count = static_cast<double>(input->height * ctk::row_length(*input));
    for_each_channel(team, *input, [&](int64_t channel) {
        double sum = 0, squares = 0;
        for_each_run(*input, *input, channel, [&](const float *values, float *, int64_t count) {
            sum += team->kernels.sum(values, count);
        });
        double mean = sum / count;
        for_each_run(*input, *input, channel, [&](const float *values, float *, int64_t count) {
            squares += team->kernels.sum_of_squares(values, mean, count);
        });
        double variance = squares / count;
        double inverse_deviation = 1 / std::sqrt(variance + normalization->epsilon);
        double momentum = normalization->momentum;
        auto move = [momentum](float &average, double value) {
            average = static_cast<float>((1 - momentum) * average + momentum * value);
        };
        move(normalization->running_mean[channel], mean);
        move(normalization->running_variance[channel], squares / (count - 1));
        normalization->mean[channel] = static_cast<float>(mean);
        normalization->inverse_deviation[channel] = static_cast<float>(inverse_deviation);
        double scale = normalization->weight[channel] * inverse_deviation;
        scale_and_shift(team, activation, scale, normalization->bias[channel] - mean * scale,
                        channel, *input, *output);
    });
}

void ctk_normalize_as_trained(ctk_team *team, const ctk_normalization *normalization,
                              ctk_activation activation, const ctk_planes *input,
                              const ctk_planes *output) {
    for_each_channel(team, *input, [&](int64_t channel) {
        double variance = normalization->running_variance[channel];
        double scale =
            normalization->weight[channel] / std::sqrt(variance + normalization->epsilon);
        double shift = normalization->bias[channel] - normalization->running_mean[channel] * scale;
        scale_and_shift(team, activation, scale, shift, channel, *input, *output);
    });
}

// With x̂ the normalised input and g the gradient behind it, both without weight and bias:
// weight gradient Σ g · x̂, bias gradient Σ g, and for the input
// weight / deviation · (g − mean of g − x̂ · mean of g · x̂).
void ctk_normalization_gradient(ctk_team *team, const ctk_normalization *normalization,
                                ctk_activation activation, const ctk_planes *input,
                                const ctk_planes *output, const ctk_planes *gradient,
                                float *weight_gradient, float *bias_gradient,
                                const ctk_planes *input_gradient) {
    double count = static_cast<double>(input->height * ctk::row_length(*input));
    for_each_channel(team, *input, [&](int64_t channel) {
        if (activation != CTK_IDENTITY) {
            for_each_run(*output, *gradient, channel,
                         [&](const float *values, float *slopes, int64_t length) {
                             team->kernels.activation_gradient(activation, values, slopes, length);
                         });
        }
        double mean = normalization->mean[channel];
        double inverse_deviation = normalization->inverse_deviation[channel];
        double sum = 0, products = 0;
        for_each_run(*input, *gradient, channel,
                     [&](const float *values, const float *slopes, int64_t count) {
                         sum += team->kernels.sum(slopes, count);
                         products += team->kernels.sum_of_products(values, slopes, mean, count);
                     });
        products *= inverse_deviation;
        bias_gradient[channel] = static_cast<float>(sum);
        weight_gradient[channel] = static_cast<float>(products);
        double scale = normalization->weight[channel] * inverse_deviation;
        double input_factor = -scale * inverse_deviation * products / count;
        double shift = -scale * sum / count - input_factor * mean;
        // The input and its gradient lie alike, and one of them tells the place in the other.
        for_each_run(*input, *gradient, channel,
                     [&](const float *values, const float *slopes, int64_t count) {
                         team->kernels.normalization_gradient(
                             values, slopes, static_cast<float>(input_factor),
                             static_cast<float>(scale), static_cast<float>(shift),
                             input_gradient->elements + (values - input->elements), count);
                     });
    });
}

void ctk_average_pool(ctk_team *team, const ctk_planes *input, const ctk_planes *output) {
    float share = 1.0f / static_cast<float>(input->height * input->width);
    for_each_channel(team, *input, [&](int64_t channel) {
        float *means = ctk::row(*output, channel, 0);
        for (int64_t n = 0; n < input->batch; ++n) means[n] = 0;
        for (int64_t y = 0; y < input->height; ++y) {
            for (int64_t x = 0; x < input->width; ++x) {
                team->kernels.add(ctk::pixel(*input, channel, y, x), means, input->batch);
            }
        }
        for (int64_t n = 0; n < input->batch; ++n) means[n] *= share;
    });
}

void ctk_average_pool_gradient(ctk_team *team, const ctk_planes *output_gradient,
                               const ctk_planes *input_gradient) {
    const ctk_planes &planes = *input_gradient;
    float share = 1.0f / static_cast<float>(planes.height * planes.width);
    for_each_channel(team, planes, [&](int64_t channel) {
        const float *slopes = ctk::row(*output_gradient, channel, 0);
        for (int64_t y = 0; y < planes.height; ++y) {
            for (int64_t x = 0; x < planes.width; ++x) {
                team->kernels.scale_and_shift(slopes, share, 0, CTK_IDENTITY,
                                              ctk::pixel(planes, channel, y, x), planes.batch);
            }
        }
    });
}

void ctk_add(ctk_team *team, const ctk_planes *input, const ctk_planes *sum) {
    for_each_channel(team, *input, [&](int64_t channel) {
        for_each_run(*input, *sum, channel, [&](const float *values, float *sums, int64_t count) {
            team->kernels.add(values, sums, count);
        });
    });
}

void ctk_multiply(ctk_team *team, const ctk_planes *factors, const ctk_planes *input,
                  const ctk_planes *product) {
    for_each_channel(team, *factors, [&](int64_t channel) {
        for_each_run(*factors, *input, channel,
                     [&](const float *factor, const float *values, int64_t count) {
                         team->kernels.multiply_elements(
                             factor, values, product->elements + (values - input->elements), count);
                     });
    });
}
