// The weights of a convolution as the products of blocks take them:
//
//   arranged [row block][tap][depth block][half][16 pairs of depth][16 rows of the half]
//
// where rows are channels of the result, and depth the channels that are summed over; taps may be
// the places of Winograd's filtering. What has no channel is 0.

#include <algorithm>
#include <cstring>

#include "blocked_weights.h"
#include "planes.h"
#include "runs.h"
#include "team.h"

namespace {

constexpr int64_t side = 16, channels = ctk::block_channels;
constexpr int64_t most_taps = 9;

struct Weights {
    const ctk::Kernels &kernels;
    const float *weights;
    int64_t outputs, inputs, taps;
    float *arranged;

    float *tiles(int64_t row_block, int64_t tap, int64_t depth_block, int64_t depth_blocks) const {
        return arranged +
               ((row_block * taps + tap) * depth_blocks + depth_block) * channels * channels / 2;
    }

    // The weights of an output channel for a block of inputs.
    const float *filter(int64_t output_block, int64_t output, int64_t input_block) const {
        int64_t channel = output_block * channels + output;
        return weights + (channel * inputs + input_block * channels) * taps;
    }

    // Rows are outputs: pairs of inputs for every tap, with rows and pairs exchanged.
    void arrange_forward(int64_t output_block, int64_t input_block) const {
        int64_t output_count = ctk::block_present(outputs, output_block);
        int64_t input_count = ctk::block_present(inputs, input_block);
        // [outputs of a half][pairs · taps], and the same turned.
        alignas(64) float pairs[side][side * most_taps], turned[side * most_taps][side];
        for (int64_t half = 0; half < 2; ++half) {
            int64_t first = half * side;
            int64_t rows = std::clamp<int64_t>(output_count - first, 0, side);
            if (rows < side || input_count < channels) {
                std::fill_n(pairs[0], side * side * most_taps, 0.0f);
            }
            for (int64_t o = 0; o < rows; ++o) {
                kernels.pair_up_rows(filter(output_block, first + o, input_block), input_count,
                                     pairs[o], taps);
            }
            kernels.transpose(pairs[0], side * most_taps, turned[0], side, side, side * taps);
            for (int64_t tap = 0; tap < taps; ++tap) {
                float *to = tiles(output_block, tap, input_block, ctk::block_count(inputs)) +
                            half * side * side;
                for (int64_t pair = 0; pair < side; ++pair) {
                    std::memcpy(to + pair * side, turned[pair * taps + tap], side * sizeof *to);
                }
            }
        }
    }

    // Rows are inputs: pairs of outputs, which lie in neighbouring filters.
    void arrange_backward(int64_t output_block, int64_t input_block) const {
        alignas(64) float pairs[channels * most_taps], turned[most_taps][channels] = {};
        int64_t output_count = ctk::block_present(outputs, output_block);
        int64_t input_count = ctk::block_present(inputs, input_block);
        int64_t blocks = ctk::block_count(outputs);
        for (int64_t pair = 0; pair < side; ++pair) {
            int64_t o = 2 * pair;
            if (o < output_count) {
                const float *from = filter(output_block, o, input_block);
                kernels.pair_up(from, o + 1 < output_count ? from + inputs * taps : nullptr, pairs,
                                input_count * taps);
                kernels.transpose(pairs, taps, turned[0], channels, input_count, taps);
            } else {
                std::fill_n(turned[0], most_taps * channels, 0.0f);
            }
            for (int64_t tap = 0; tap < taps; ++tap) {
                float *to = tiles(input_block, tap, output_block, blocks) + pair * side;
                std::memcpy(to, turned[tap], side * sizeof *to);
                std::memcpy(to + side * side, turned[tap] + side, side * sizeof *to);
            }
        }
    }

    // With one tap, weights between two blocks are a square, [outputs][inputs].
    void arrange_square(int64_t output_block, int64_t input_block, bool for_input_gradient) const {
        int64_t output_count = ctk::block_present(outputs, output_block);
        int64_t input_count = ctk::block_present(inputs, input_block);
        const float *square = filter(output_block, 0, input_block);
        int64_t row = inputs;
        alignas(64) float copy[channels][channels];
        if (output_count < channels || input_count < channels) {
            std::fill_n(copy[0], channels * channels, 0.0f);
            for (int64_t o = 0; o < output_count; ++o) {
                std::copy_n(square + o * row, input_count, copy[o]);
            }
            square = copy[0];
            row = channels;
        }
        take_square(square, row, output_block, input_block, 0, for_input_gradient);
    }

    // The squares of Winograd's filters, one for each place.
    void arrange_winograd(int64_t output_block, int64_t input_block,
                          bool for_input_gradient) const {
        constexpr int64_t filter_taps = 9, place_side = 4;
        int64_t output_count = ctk::block_present(outputs, output_block);
        int64_t input_count = ctk::block_present(inputs, input_block);
        alignas(64) float filters[filter_taps][channels];
        alignas(64) float squares[ctk::tile_places][channels][channels];
        if (output_count < channels || input_count < channels) {
            std::memset(squares, 0, sizeof squares);
        }
        for (int64_t o = 0; o < output_count; ++o) {
            const float *from =
                weights +
                ((output_block * channels + o) * inputs + input_block * channels) * filter_taps;
            kernels.transpose(from, filter_taps, filters[0], channels, input_count, filter_taps);
            // The gradient's filter is turned by half a circle.
            ctk::Square filter = for_input_gradient
                                     ? ctk::Square{{filters[8], filters[5], filters[2]}, -channels}
                                     : ctk::Square{{filters[0], filters[3], filters[6]}, channels};
            ctk::Square to{{}, channels * channels};
            for (int64_t row = 0; row < place_side; ++row) {
                to.rows[row] = squares[row * place_side][o];
            }
            kernels.winograd_2.filter(filter, to, input_count);
        }
        for (int64_t place = 0; place < ctk::tile_places; ++place) {
            take_square(squares[place][0], channels, output_block, input_block, place,
                        for_input_gradient);
        }
    }

    // 32 × 32 weights of one tap, [outputs][inputs].
    void take_square(const float *square, int64_t row, int64_t output_block, int64_t input_block,
                     int64_t tap, bool for_input_gradient) const {
        if (for_input_gradient) {
            kernels.blocks->pair_outputs(
                square, row, tiles(input_block, tap, output_block, ctk::block_count(outputs)));
        } else {
            kernels.blocks->pair_inputs(
                square, row, tiles(output_block, tap, input_block, ctk::block_count(inputs)));
        }
    }

    // Calls body(output block, input block) for all, shared out.
    template <typename Body>
    void for_each_square(ctk_team *team, const Body &body) const {
        int64_t input_blocks = ctk::block_count(inputs);
        team->run(ctk::block_count(outputs) * input_blocks, 1, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) body(i / input_blocks, i % input_blocks);
        });
    }
};

}  // namespace

void ctk::arrange_unit_weights(const Kernels &kernels, const float *weights, int64_t outputs,
                               int64_t inputs, int64_t output_block, float *arranged) {
    int64_t blocks = block_count(inputs);
    // Where the block's weights go is where those of block 0 would.
    float *first = arranged - output_block * blocks * channels * channels / 2;
    Weights all{kernels, weights, outputs, inputs, 1, first};
    for (int64_t i = 0; i < blocks; ++i) all.arrange_square(output_block, i, false);
}

int64_t ctk_own_weights_size(const ctk_team *team, int64_t inputs) {
    return team->threads * ctk::block_count(inputs) * channels * channels / 2;
}

static int64_t arranged_taps(const ctk_filter &filter) {
    return filter.is_winograd ? ctk::tile_places : ctk::taps(filter);
}

int64_t ctk_block_weights_size(const ctk_filter *filter, int64_t outputs, int64_t inputs) {
    return ctk::block_count(outputs) * ctk::block_count(inputs) * arranged_taps(*filter) *
           channels * channels / 2;
}

void ctk_arrange_block_weights(ctk_team *team, const ctk_filter *filter, int64_t outputs,
                               int64_t inputs, bool for_input_gradient, float *arranged) {
    int64_t taps = arranged_taps(*filter);
    Weights all{team->kernels, filter->weights, outputs, inputs, taps, arranged};
    all.for_each_square(team, [&](int64_t output_block, int64_t input_block) {
        if (filter->is_winograd) {
            all.arrange_winograd(output_block, input_block, for_input_gradient);
        } else if (taps == 1) {
            all.arrange_square(output_block, input_block, for_input_gradient);
        } else if (for_input_gradient) {
            all.arrange_backward(output_block, input_block);
        } else {
            all.arrange_forward(output_block, input_block);
        }
    });
}
