// The weights of a convolution as tiles take them:
//
//   arranged [row block][tap][depth block][half][16 pairs of depth][16 rows of the half]
//
// where rows are channels of the result, and depth the channels that are summed over. What has no
// channel is 0.

#include <algorithm>

#include "planes.h"
#include "team.h"

namespace {

constexpr int64_t side = 16, channels = ctk::block_channels;
constexpr int64_t most_taps = 9;

int64_t present(int64_t count, int64_t block) { return std::min(channels, count - block * channels); }

struct Weights {
    const ctk::Kernels &kernels;
    const float *weights;
    int64_t outputs, inputs, taps;
    float *arranged;

    float *tiles(int64_t row_block, int64_t tap, int64_t depth_block, int64_t depth_blocks) const {
        return arranged +
               ((row_block * taps + tap) * depth_blocks + depth_block) * channels * channels / 2;
    }

    // Rows are outputs: their pairs of inputs, with rows and pairs exchanged.
    void arrange_forward(int64_t output_block, int64_t input_block) const {
        alignas(64) float turned[most_taps][channels], pairs[most_taps][channels][side];
        int64_t output_count = present(outputs, output_block);
        int64_t input_count = present(inputs, input_block);
        if (output_count < channels || input_count < channels) {
            std::fill_n(pairs[0][0], most_taps * channels * side, 0.0f);
        }
        for (int64_t o = 0; o < output_count; ++o) {
            const float *from =
                weights + ((output_block * channels + o) * inputs + input_block * channels) * taps;
            kernels.transpose(from, taps, turned[0], channels, input_count, taps);
            for (int64_t tap = 0; tap < taps; ++tap) {
                kernels.pair_neighbours(turned[tap], pairs[tap][o], input_count);
            }
        }
        int64_t blocks = ctk::block_count(inputs);
        for (int64_t tap = 0; tap < taps; ++tap) {
            float *to = tiles(output_block, tap, input_block, blocks);
            for (int64_t half = 0; half < 2; ++half) {
                kernels.transpose(pairs[tap][half * side], side, to + half * side * side, side,
                                  side, side);
            }
        }
    }

    // Rows are inputs: pairs of outputs, which lie in neighbouring filters.
    void arrange_backward(int64_t output_block, int64_t input_block) const {
        alignas(64) float pairs[channels * most_taps], turned[most_taps][channels] = {};
        int64_t output_count = present(outputs, output_block);
        int64_t input_count = present(inputs, input_block);
        int64_t blocks = ctk::block_count(outputs);
        for (int64_t pair = 0; pair < side; ++pair) {
            int64_t o = 2 * pair;
            if (o < output_count) {
                const float *from = weights + ((output_block * channels + o) * inputs +
                                               input_block * channels) *
                                                  taps;
                kernels.pair_up(from, o + 1 < output_count ? from + inputs * taps : nullptr, pairs,
                                input_count * taps);
                kernels.transpose(pairs, taps, turned[0], channels, input_count, taps);
            } else {
                std::fill_n(turned[0], most_taps * channels, 0.0f);
            }
            for (int64_t tap = 0; tap < taps; ++tap) {
                float *to = tiles(input_block, tap, output_block, blocks) + pair * side;
                std::copy_n(turned[tap], side, to);
                std::copy_n(turned[tap] + side, side, to + side * side);
            }
        }
    }
};

}  // namespace

int64_t ctk_block_weights_size(int64_t outputs, int64_t inputs, int64_t taps) {
    return ctk::block_count(outputs) * ctk::block_count(inputs) * taps * channels * channels / 2;
}

void ctk_arrange_block_weights(ctk_team *team, const float *weights, int64_t outputs,
                               int64_t inputs, int64_t taps, bool for_input_gradient,
                               float *arranged) {
    Weights all{team->kernels, weights, outputs, inputs, taps, arranged};
    int64_t input_blocks = ctk::block_count(inputs);
    team->run(ctk::block_count(outputs) * input_blocks, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            if (for_input_gradient) {
                all.arrange_backward(i / input_blocks, i % input_blocks);
            } else {
                all.arrange_forward(i / input_blocks, i % input_blocks);
            }
        }
    });
}
