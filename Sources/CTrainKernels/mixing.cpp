// Mixing hidden states with those of their partners.

#include <algorithm>

#include "blocked_layers.h"
#include "lines.h"
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
    thread_local ctk::Lines<Number> copy;
    copy.assign(numbers, numbers + count);
    return copy.data();
}

}  // namespace

void ctk_mix_planes(ctk_team *team, const ctk_mix *mix, ctk_activation activation,
                    const ctk_planes *input, const ctk_planes *output) {
    if (activation == CTK_TANH) {
        // Computed once, and not again for partners and slopes.
        ctk_activate(team, activation, input);
        activation = CTK_IDENTITY;
    }
    if (input->is_blocked) {
        return ctk::for_each_block_row(team, *input, [&](int64_t block, int64_t y) {
            for (int64_t x = 0; x < input->width; ++x) {
                team->kernels.blocks->interpolate(
                    *mix, activation, ctk::block_pixel(*input, block, y, x),
                    ctk::block_pixel(*output, block, y, x), input->batch, ctk::block_width(*input));
            }
        });
    }
    for_each_row(team, *input, [&](int64_t channel, int64_t y) {
        for (int64_t x = 0; x < input->width; ++x) {
            team->kernels.interpolate(*mix, activation, ctk::pixel(*input, channel, y, x),
                                      ctk::pixel(*output, channel, y, x), input->batch);
        }
    });
}

void ctk_mix_planes_gradient(ctk_team *team, const ctk_mix *mix, ctk_activation activation,
                             const ctk_planes *input, const ctk_planes *gradient) {
    if (activation == CTK_TANH) {
        ctk_mix_planes_gradient(team, mix, CTK_IDENTITY, input, gradient);
        return ctk_activation_gradient(team, activation, input, gradient);
    }
    // What the example whose partner it is gives to each example.
    thread_local ctk::Lines<float> kept;
    kept.resize(gradient->batch);
    for (int64_t n = 0; n < gradient->batch; ++n) kept[n] = 1 - mix->weights[mix->inverse[n]];
    ctk::MixGradient back{mix->inverse, mix->weights, kept.data(), activation};
    if (gradient->is_blocked) {
        return ctk::for_each_block_row(team, *gradient, [&](int64_t block, int64_t y) {
            for (int64_t x = 0; x < gradient->width; ++x) {
                uint16_t *slopes = ctk::block_pixel(*gradient, block, y, x);
                int64_t width = ctk::block_width(*gradient);
                const uint16_t *before = copied(slopes, gradient->batch * width);
                const uint16_t *values = input ? ctk::block_pixel(*input, block, y, x) : nullptr;
                team->kernels.blocks->interpolation_gradient(back, values, before, slopes,
                                                             gradient->batch, width);
            }
        });
    }
    for_each_row(team, *gradient, [&](int64_t channel, int64_t y) {
        for (int64_t x = 0; x < gradient->width; ++x) {
            float *slopes = ctk::pixel(*gradient, channel, y, x);
            const float *before = copied(slopes, gradient->batch);
            const float *values = input ? ctk::pixel(*input, channel, y, x) : nullptr;
            team->kernels.interpolation_gradient(back, values, before, slopes, gradient->batch);
        }
    });
}
