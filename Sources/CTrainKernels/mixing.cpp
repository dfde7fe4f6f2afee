// Mixing examples, targets and hidden states with those of their partners.

#include <algorithm>
#include <vector>

#include "blocked_layers.h"
#include "planes.h"
#include "team.h"

namespace {

// Calls body(channel, y) for every row of every channel.
template <typename Body>
void for_each_row(ctk_team *team, const ctk_planes &planes, const Body &body) {
    int64_t grain = 1 + 4096 / (ctk::row_length(planes) + 1);
    team->run(planes.channels * planes.height, grain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) body(i / planes.height, i % planes.height);
    });
}

// A copy, in memory that each thread keeps for the next time.
template <typename Number>
const Number *copied(const Number *numbers, int64_t count) {
    thread_local std::vector<Number> copy;
    copy.assign(numbers, numbers + count);
    return copy.data();
}

}  // namespace

void ctk_mix_rows(ctk_team *team, const ctk_mix *mix, const float *input, int64_t batch,
                  int64_t width, float *output) {
    team->run(batch, 1 + 4096 / (width + 1), [&](int64_t begin, int64_t end) {
        team->kernels.interpolate_rows({*mix, input, width, width, begin, end, output});
    });
}

void ctk_mix_planes(ctk_team *team, const ctk_mix *mix, ctk_activation activation,
                    const ctk_planes *input, const ctk_planes *output) {
    if (input->is_blocked) {
        const auto &kernels = *team->kernels.blocks;
        return ctk::for_each_block_row(team, *input, [&](int64_t block, int64_t y) {
            for (int64_t x = 0; x < input->width; ++x) {
                uint16_t *values = ctk::block_pixel(*input, block, y, x);
                if (activation != CTK_IDENTITY) {
                    kernels.activate(activation, values, ctk::units(*input, input->batch));
                }
                kernels.interpolate(values, mix->order, mix->weights,
                                    ctk::block_pixel(*output, block, y, x), input->batch,
                                    ctk::block_width(*input));
            }
        });
    }
    for_each_row(team, *input, [&](int64_t channel, int64_t y) {
        for (int64_t x = 0; x < input->width; ++x) {
            float *values = ctk::pixel(*input, channel, y, x);
            if (activation != CTK_IDENTITY) {
                team->kernels.activate(activation, values, input->batch);
            }
            team->kernels.interpolate(values, mix->order, mix->weights,
                                      ctk::pixel(*output, channel, y, x), input->batch);
        }
    });
}

void ctk_mix_planes_gradient(ctk_team *team, const ctk_mix *mix, ctk_activation activation,
                             const ctk_planes *activated, const ctk_planes *gradient) {
    // What the example whose partner it is gives to each example.
    thread_local std::vector<float> kept;
    kept.resize(gradient->batch);
    for (int64_t n = 0; n < gradient->batch; ++n) kept[n] = 1 - mix->weights[mix->inverse[n]];
    const float *partner_weights = kept.data();
    if (gradient->is_blocked) {
        const auto &kernels = *team->kernels.blocks;
        return ctk::for_each_block_row(team, *gradient, [&](int64_t block, int64_t y) {
            for (int64_t x = 0; x < gradient->width; ++x) {
                uint16_t *slopes = ctk::block_pixel(*gradient, block, y, x);
                int64_t width = ctk::block_width(*gradient);
                const uint16_t *before = copied(slopes, gradient->batch * width);
                kernels.interpolation_gradient(before, mix->inverse, mix->weights, partner_weights,
                                               slopes, gradient->batch, width);
                if (activation == CTK_IDENTITY) continue;
                kernels.activation_gradient(activation, ctk::block_pixel(*activated, block, y, x),
                                            slopes, ctk::units(*gradient, gradient->batch));
            }
        });
    }
    for_each_row(team, *gradient, [&](int64_t channel, int64_t y) {
        for (int64_t x = 0; x < gradient->width; ++x) {
            float *slopes = ctk::pixel(*gradient, channel, y, x);
            const float *before = copied(slopes, gradient->batch);
            team->kernels.interpolation_gradient(before, mix->inverse, mix->weights,
                                                 partner_weights, slopes, gradient->batch);
            if (activation == CTK_IDENTITY) continue;
            team->kernels.activation_gradient(activation, ctk::pixel(*activated, channel, y, x),
                                              slopes, gradient->batch);
        }
    });
}
