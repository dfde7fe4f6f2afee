#include "blocked_layers.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "lines.h"
#include "statistics.h"

namespace {

// One record for each row of each block, which are added up in their order whoever made them.
template <typename Record>
Record *records(int64_t count) {
    thread_local std::vector<Record> kept;
    kept.assign(count, Record{});
    return kept.data();
}

// The scale and the shift of each channel; the same numbers in the forward and the backward pass.
void set_scale(ctk::BlockNormalization &factors, int64_t i, double weight, double bias, double mean,
               double inverse_deviation) {
    double scale = weight * inverse_deviation;
    factors.scale[i] = static_cast<float>(scale);
    factors.shift[i] = static_cast<float>(bias - mean * scale);
}

void set_scale(ctk::BlockNormalization &factors, int64_t i, const ctk_normalization &normalization,
               int64_t channel) {
    set_scale(factors, i, normalization.weight[channel], normalization.bias[channel],
              normalization.mean[channel], normalization.inverse_deviation[channel]);
}

// Where a unit is two positions, gives the second one the factors of the first.
void repeat_factors(const ctk_planes &planes, ctk::BlockNormalization *factors) {
    if (!ctk::is_narrow(planes)) return;
    constexpr int64_t half = ctk::block_channels / 2;
    for (float *of : {factors->scale, factors->shift, factors->mean, factors->input_factor,
                      factors->gradient_shift}) {
        std::copy_n(of, half, of + half);
    }
}

// The sum of a channel over all rows, from those of a unit's numbers; `numbers` gives those of a
// row.
template <typename Record, typename Numbers>
double channel_sum(const ctk_planes &planes, const Record *rows, int64_t channel,
                   const Numbers &numbers) {
    const Record *of_block = rows + channel / ctk::block_channels * planes.height;
    double sum = 0;
    for (int64_t y = 0; y < planes.height; ++y) {
        const double *values = numbers(of_block[y]);
        for (int64_t i = channel % ctk::block_channels; i < ctk::block_channels;
             i += ctk::block_width(planes)) {
            sum += values[i];
        }
    }
    return sum;
}

void normalize(ctk_team *team, ctk_activation activation, const ctk::BlockNormalization *factors,
               const ctk_planes &input, const ctk_planes &output) {
    ctk::for_each_block_row(team, input, [&](int64_t block, int64_t y) {
        ctk::for_each_block_run(
            input, output, block, y, [&](const uint16_t *from, uint16_t *to, int64_t count) {
                team->kernels.blocks->normalize(factors[block], activation, from, to, count);
            });
    });
}

}  // namespace

ctk::BlockNormalization *ctk::block_factors(const ctk_normalization &normalization,
                                            const ctk_planes &planes) {
    auto *factors = records<BlockNormalization>(block_count(planes.channels));
    for (int64_t channel = 0; channel < planes.channels; ++channel) {
        auto &of_block = factors[channel / block_channels];
        set_scale(of_block, channel % block_channels, normalization, channel);
        of_block.mean[channel % block_channels] = normalization.mean[channel];
    }
    repeat_factors(planes, factors);
    return factors;
}

void ctk::blocks_from_examples(ctk_team *team, const Examples &examples, const ctk_planes &planes) {
    const auto &kernels = *team->kernels.blocks;
    int64_t pixels = planes.height * planes.width, batch = planes.batch;
    for_each_block_row(team, planes, [&](int64_t block, int64_t y) {
        int64_t first = block * block_channels, channels = block_present(planes.channels, block);
        if (pixels == 1 && channels == block_channels) {
            auto from = examples.unmixed(first, channels);
            return kernels.round_rows(from.elements, from.row, examples.mix,
                                      block_pixel(planes, block, 0, 0), batch);
        }
        // [width][batch][channels of a position]
        thread_local ctk::Lines<float> positions;
        int64_t size = block_width(planes);
        positions.assign(planes.width * batch * size, 0);
        // Units lie side by side in an example, and channels apart.
        int64_t count = pixels == 1 ? channels : 1, columns = std::max(count, planes.width);
        for (int64_t i = 0; i < channels; i += count) {
            auto from = examples.columns((first + i) * pixels + y * planes.width, columns);
            for (int64_t x = 0; x < planes.width; ++x) {
                float *to = positions.data() + x * batch * size + i;
                for (int64_t n = 0; n < batch; ++n) {
                    for (int64_t k = 0; k < count; ++k) {
                        to[n * size + k] = from.elements[n * from.row + x + k];
                    }
                }
            }
        }
        for (int64_t x = 0; x < planes.width; ++x) {
            kernels.round(positions.data() + x * batch * size, block_pixel(planes, block, y, x),
                          units(planes, batch));
        }
    });
}

void ctk::examples_from_blocks(ctk_team *team, const ctk_planes &planes, float *examples) {
    int64_t pixels = planes.height * planes.width, size = planes.channels * pixels;
    for_each_block_row(team, planes, [&](int64_t block, int64_t y) {
        for (int64_t x = 0; x < planes.width; ++x) {
            const uint16_t *from = block_pixel(planes, block, y, x);
            float *to = examples + block * block_channels * pixels + y * planes.width + x;
            for (int64_t n = 0; n < planes.batch; ++n) {
                for (int64_t i = 0; i < block_present(planes.channels, block); ++i) {
                    to[n * size + i * pixels] = float_of_half(from[n * block_width(planes) + i]);
                }
            }
        }
    });
}

void ctk::block_channel_sums(ctk_team *team, const ctk_planes &planes, float *sums) {
    auto *found = records<BlockSums>(block_count(planes.channels) * planes.height);
    for_each_block_row(team, planes, [&](int64_t block, int64_t y) {
        for_each_block_run(
            planes, planes, block, y, [&](const uint16_t *values, uint16_t *, int64_t count) {
                team->kernels.blocks->sums(values, count, found[block * planes.height + y].values);
            });
    });
    add_block_sums(planes, found, sums);
}

void ctk::add_block_sums(const ctk_planes &planes, const BlockSums *rows, float *sums) {
    for (int64_t channel = 0; channel < planes.channels; ++channel) {
        sums[channel] = static_cast<float>(
            channel_sum(planes, rows, channel, [](const BlockSums &row) { return row.values; }));
    }
}

ctk::BlockNormalization *ctk::take_block_statistics(ctk_team *team,
                                                    const ctk_normalization &normalization,
                                                    const ctk_planes &input) {
    int64_t blocks = block_count(input.channels);
    auto *rows = row_moments(input, 0, 0);
    if (input.moments == nullptr) {
        rows = records<BlockMoments>(blocks * input.height);
        for_each_block_row(team, input, [&](int64_t block, int64_t y) {
            for_each_block_run(
                input, input, block, y, [&](const uint16_t *values, uint16_t *, int64_t count) {
                    team->kernels.blocks->moments(values, count, rows[block * input.height + y]);
                });
        });
    }
    auto *factors = records<BlockNormalization>(blocks);
    for (int64_t block = 0; block < blocks; ++block) {
        BlockMoments total;
        for (int64_t y = 0; y < input.height; ++y) total.add(rows[block * input.height + y]);
        if (is_narrow(input)) total = total.narrow();
        for (int64_t i = 0; i < block_present(input.channels, block); ++i) {
            int64_t channel = block * block_channels + i;
            take_statistics(normalization, channel, total.means[i], total.squares[i], total.count);
            set_scale(factors[block], i, normalization, channel);
        }
    }
    repeat_factors(input, factors);
    return factors;
}

void ctk::normalize_blocks(ctk_team *team, const ctk_normalization &normalization,
                           ctk_activation activation, const ctk_planes &input,
                           const ctk_planes &output) {
    normalize(team, activation, take_block_statistics(team, normalization, input), input, output);
}

ctk::BlockNormalization *ctk::block_factors_as_trained(const ctk_normalization &normalization,
                                                       const ctk_planes &planes) {
    auto *factors = records<BlockNormalization>(block_count(planes.channels));
    for (int64_t channel = 0; channel < planes.channels; ++channel) {
        set_scale(factors[channel / block_channels], channel % block_channels,
                  normalization.weight[channel], normalization.bias[channel],
                  normalization.running_mean[channel],
                  1 / std::sqrt(normalization.running_variance[channel] + normalization.epsilon));
    }
    repeat_factors(planes, factors);
    return factors;
}

void ctk::normalize_blocks_as_trained(ctk_team *team, const ctk_normalization &normalization,
                                      ctk_activation activation, const ctk_planes &input,
                                      const ctk_planes &output) {
    normalize(team, activation, block_factors_as_trained(normalization, input), input, output);
}

void ctk::block_normalization_gradient(ctk_team *team, const ctk_normalization &normalization,
                                       ctk_activation activation, const ctk_planes &input,
                                       const ctk_planes &gradient, const ctk_planes *added,
                                       const ctk_slope_sums *sums, float *weight_gradient,
                                       float *bias_gradient, const ctk_planes &input_gradient) {
    const auto &kernels = *team->kernels.blocks;
    int64_t blocks = block_count(input.channels);
    auto *factors = block_factors(normalization, input);
    BlockSlopeSums *rows;
    if (sums != nullptr) {
        rows = row_slope_sums(*sums, 0, 0);
    } else {
        rows = records<BlockSlopeSums>(blocks * input.height);
        for_each_block_row(team, input, [&](int64_t block, int64_t y) {
            for_each_block_run(input, gradient, block, y,
                               [&](const uint16_t *values, const uint16_t *slopes, int64_t count) {
                                   kernels.slope_sums({factors + block, activation, values,
                                                       rows + block * input.height + y},
                                                      slopes, count);
                               });
        });
    }
    double count = static_cast<double>(input.height * input.width * input.batch);
    for (int64_t channel = 0; channel < input.channels; ++channel) {
        int64_t block = channel / block_channels, i = channel % block_channels;
        SlopeSums total;
        total.slopes =
            channel_sum(input, rows, channel, [](const BlockSlopeSums &row) { return row.slopes; });
        total.products = channel_sum(input, rows, channel,
                                     [](const BlockSlopeSums &row) { return row.products; });
        auto found = normalization_slopes(normalization, channel, total, count);
        weight_gradient[channel] = found.weight;
        bias_gradient[channel] = found.bias;
        factors[block].input_factor[i] = found.input_factor;
        factors[block].gradient_shift[i] = found.shift;
    }
    repeat_factors(input, factors);
    for_each_block_row(team, input, [&](int64_t block, int64_t y) {
        for_each_block_run(input, gradient, block, y,
                           [&](const uint16_t *values, const uint16_t *slopes, int64_t length) {
                               // The input and its gradient lie alike, as does what is added.
                               int64_t place = values - block_place(input, 0, 0);
                               kernels.normalization_gradient(
                                   factors[block], activation, values, slopes,
                                   added ? block_place(*added, 0, 0) + place : nullptr,
                                   block_place(input_gradient, 0, 0) + place, length);
                           });
    });
}

void ctk::average_pool_blocks(ctk_team *team, const ctk_planes &input, const ctk_planes &output) {
    float share = 1.0f / static_cast<float>(input.height * input.width);
    team->run(block_count(input.channels), 1, [&](int64_t begin, int64_t end) {
        thread_local ctk::Lines<float> sums;
        for (int64_t block = begin; block < end; ++block) {
            sums.assign(input.batch * block_width(input), 0);
            for (int64_t y = 0; y < input.height; ++y) {
                for (int64_t x = 0; x < input.width; ++x) {
                    team->kernels.blocks->accumulate(block_pixel(input, block, y, x), share,
                                                     sums.data(), units(input, input.batch));
                }
            }
            team->kernels.transpose(sums.data(), block_width(input),
                                    row(output, block * block_channels, 0), output.channel,
                                    input.batch, block_present(input.channels, block));
        }
    });
}

void ctk::block_average_pool_gradient(ctk_team *team, const ctk_planes &output_gradient,
                                      const ctk_planes &input_gradient) {
    const ctk_planes &planes = input_gradient;
    float share = 1.0f / static_cast<float>(planes.height * planes.width);
    team->run(block_count(planes.channels), 1, [&](int64_t begin, int64_t end) {
        thread_local ctk::Lines<float> slopes;
        for (int64_t block = begin; block < end; ++block) {
            slopes.assign(planes.batch * block_width(planes), 0);
            team->kernels.transpose(row(output_gradient, block * block_channels, 0),
                                    output_gradient.channel, slopes.data(), block_width(planes),
                                    block_present(planes.channels, block), planes.batch);
            for (float &slope : slopes) slope *= share;
            for (int64_t y = 0; y < planes.height; ++y) {
                for (int64_t x = 0; x < planes.width; ++x) {
                    team->kernels.blocks->round(slopes.data(), block_pixel(planes, block, y, x),
                                                units(planes, planes.batch));
                }
            }
        }
    });
}
