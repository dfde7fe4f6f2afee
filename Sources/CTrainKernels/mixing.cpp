// Mixing examples, targets and hidden states with those of their partners.

#include <algorithm>
#include <vector>

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

}  // namespace

void ctk_mix_rows(ctk_team *team, const ctk_mix *mix, const float *input, int64_t batch,
                  int64_t width, float *output) {
    team->run(batch, 1 + 4096 / (width + 1), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            team->kernels.interpolate_rows(input + mix->order[i] * width, input + i * width,
                                           mix->weights[i], output + i * width, width);
        }
    });
}

void ctk_mix_planes(ctk_team *team, const ctk_mix *mix, const ctk_planes *input,
                    const ctk_planes *output) {
    for_each_row(team, *input, [&](int64_t channel, int64_t y) {
        for (int64_t x = 0; x < input->width; ++x) {
            team->kernels.interpolate(ctk::pixel(*input, channel, y, x), mix->order, mix->weights,
                                      ctk::pixel(*output, channel, y, x), input->batch);
        }
    });
}

void ctk_mix_planes_gradient(ctk_team *team, const ctk_mix *mix, const ctk_planes *gradient) {
    for_each_row(team, *gradient, [&](int64_t channel, int64_t y) {
        // Each thread keeps its own for the next time.
        thread_local std::vector<float> before;
        if (static_cast<int64_t>(before.size()) < gradient->batch) before.resize(gradient->batch);
        for (int64_t x = 0; x < gradient->width; ++x) {
            float *slopes = ctk::pixel(*gradient, channel, y, x);
            std::copy_n(slopes, gradient->batch, before.data());
            team->kernels.interpolation_gradient(before.data(), mix->inverse, mix->weights, slopes,
                                                 gradient->batch);
        }
    });
}
