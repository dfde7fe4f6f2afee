// Activations, batch normalisation, pooling and sums: layers that go through planes row by row.

#include <cmath>

#include "blocked_layers.h"
#include "planes.h"
#include "statistics.h"
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

// Calls body(positions of the first blocks, of the second, count) for all runs of all rows.
template <typename Body>
void for_each_run_of_blocks(ctk_team *team, const ctk_planes &first, const ctk_planes &second,
                            const Body &body) {
    ctk::for_each_block_row(team, first, [&](int64_t block, int64_t y) {
        ctk::for_each_block_run(first, second, block, y, body);
    });
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
    if (planes->is_blocked) {
        return for_each_run_of_blocks(team, *planes, *planes,
                                      [&](uint16_t *values, uint16_t *, int64_t count) {
                                          team->kernels.blocks->activate(activation, values, count);
                                      });
    }
    for_each_channel(team, *planes, [&](int64_t channel) {
        for_each_run(*planes, *planes, channel, [&](float *values, float *, int64_t count) {
            team->kernels.activate(activation, values, count);
        });
    });
}

void ctk_activation_gradient(ctk_team *team, ctk_activation activation, const ctk_planes *activated,
                             const ctk_planes *gradient) {
    if (activated->is_blocked) {
        return for_each_run_of_blocks(team, *activated, *gradient,
                                      [&](const uint16_t *values, uint16_t *slopes, int64_t count) {
                                          team->kernels.blocks->activation_gradient(
                                              activation, values, slopes, count);
                                      });
    }
    for_each_channel(team, *activated, [&](int64_t channel) {
        for_each_run(*activated, *gradient, channel,
                     [&](const float *values, float *slopes, int64_t count) {
                         team->kernels.activation_gradient(activation, values, slopes, count);
                     });
    });
}

void ctk_normalize(ctk_team *team, const ctk_normalization *normalization,
                   ctk_activation activation, const ctk_planes *input, const ctk_planes *output) {
    if (input->is_blocked) {
        return ctk::normalize_blocks(team, *normalization, activation, *input, *output);
    }
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
        ctk::take_statistics(*normalization, channel, mean, squares, count);
        double scale =
            normalization->weight[channel] / std::sqrt(squares / count + normalization->epsilon);
        scale_and_shift(team, activation, scale, normalization->bias[channel] - mean * scale,
                        channel, *input, *output);
    });
}

void ctk_normalize_as_trained(ctk_team *team, const ctk_normalization *normalization,
                              ctk_activation activation, const ctk_planes *input,
                              const ctk_planes *output) {
    if (input->is_blocked) {
        return ctk::normalize_blocks_as_trained(team, *normalization, activation, *input, *output);
    }
    for_each_channel(team, *input, [&](int64_t channel) {
        double variance = normalization->running_variance[channel];
        double scale =
            normalization->weight[channel] / std::sqrt(variance + normalization->epsilon);
        double shift = normalization->bias[channel] - normalization->running_mean[channel] * scale;
        scale_and_shift(team, activation, scale, shift, channel, *input, *output);
    });
}

void ctk_normalization_gradient(ctk_team *team, const ctk_normalization *normalization,
                                ctk_activation activation, const ctk_planes *input,
                                const ctk_planes *output, const ctk_planes *gradient,
                                const ctk_planes *added, const ctk_slope_sums *given,
                                float *weight_gradient, float *bias_gradient,
                                const ctk_planes *input_gradient) {
    if (input->is_blocked) {
        return ctk::block_normalization_gradient(team, *normalization, activation, *input,
                                                 *gradient, added, given, weight_gradient,
                                                 bias_gradient, *input_gradient);
    }
    double count = static_cast<double>(input->height * ctk::row_length(*input));
    for_each_channel(team, *input, [&](int64_t channel) {
        if (activation != CTK_IDENTITY) {
            for_each_run(*output, *gradient, channel,
                         [&](const float *values, float *slopes, int64_t length) {
                             team->kernels.activation_gradient(activation, values, slopes, length);
                         });
        }
        double mean = normalization->mean[channel];
        ctk::SlopeSums sums;
        for_each_run(*input, *gradient, channel,
                     [&](const float *values, const float *slopes, int64_t count) {
                         sums.slopes += team->kernels.sum(slopes, count);
                         sums.products +=
                             team->kernels.sum_of_products(values, slopes, mean, count);
                     });
        auto found = ctk::normalization_slopes(*normalization, channel, sums, count);
        weight_gradient[channel] = found.weight;
        bias_gradient[channel] = found.bias;
        // The input and its gradient lie alike, as does what is added, and one of them tells the
        // place in the others.
        for_each_run(*input, *gradient, channel,
                     [&](const float *values, const float *slopes, int64_t count) {
                         int64_t place = values - input->elements;
                         float *to = input_gradient->elements + place;
                         team->kernels.normalization_gradient(values, slopes, found.input_factor,
                                                              found.scale, found.shift, to, count);
                         if (added != nullptr) {
                             team->kernels.add(added->elements + place, to, count);
                         }
                     });
    });
}

void ctk_average_pool(ctk_team *team, const ctk_planes *input, const ctk_planes *output) {
    if (input->is_blocked) return ctk::average_pool_blocks(team, *input, *output);
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
    if (planes.is_blocked) {
        return ctk::block_average_pool_gradient(team, *output_gradient, planes);
    }
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
    if (input->is_blocked) {
        return for_each_run_of_blocks(team, *input, *sum,
                                      [&](const uint16_t *values, uint16_t *sums, int64_t count) {
                                          team->kernels.blocks->add(values, sums, count);
                                      });
    }
    for_each_channel(team, *input, [&](int64_t channel) {
        for_each_run(*input, *sum, channel, [&](const float *values, float *sums, int64_t count) {
            team->kernels.add(values, sums, count);
        });
    });
}

void ctk_multiply(ctk_team *team, const ctk_planes *factors, float scale, const ctk_planes *input,
                  const ctk_planes *product) {
    if (input->is_blocked) {
        return for_each_run_of_blocks(
            team, *factors, *input,
            [&](const uint16_t *factor, const uint16_t *values, int64_t count) {
                int64_t place = values - ctk::block_place(*input, 0, 0);
                team->kernels.blocks->multiply(factor, scale, values,
                                               ctk::block_place(*product, 0, 0) + place, count);
            });
    }
    for_each_channel(team, *factors, [&](int64_t channel) {
        for_each_run(*factors, *input, channel,
                     [&](const float *factor, const float *values, int64_t count) {
                         team->kernels.multiply_elements(
                             factor, scale, values, product->elements + (values - input->elements),
                             count);
                     });
    });
}
