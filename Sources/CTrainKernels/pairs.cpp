// Operands of products as pairs of bfloat16.

#include "planes.h"
#include "team.h"

void ctk_pair_channels(ctk_team *team, const ctk_planes *input, const ctk_planes *pairs) {
    int64_t length = input->height * input->row;
    team->run(pairs->channels, 1 + 4096 / (length + 1), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            const float *first = input->elements + 2 * i * input->channel;
            bool is_single = 2 * i + 1 == input->channels;
            team->kernels.pair_up(first, is_single ? nullptr : first + input->channel,
                                  pairs->elements + i * pairs->channel, length);
        }
    });
}

void ctk_pair_examples(ctk_team *team, const ctk_planes *input, const ctk_planes *pairs) {
    int64_t length = input->height * input->row;
    // Pairs of an even batch never reach into the next pixel.
    int64_t run = input->batch % 2 == 0 ? length : input->batch;
    int64_t run_pairs = (run + 1) / 2;
    team->run(input->channels, 1 + 4096 / (length + 1), [&](int64_t begin, int64_t end) {
        for (int64_t channel = begin; channel < end; ++channel) {
            const float *from = input->elements + channel * input->channel;
            float *to = pairs->elements + channel * pairs->channel;
            for (int64_t i = 0; i * run < length; ++i) {
                team->kernels.pair_neighbours(from + i * run, to + i * run_pairs, run);
            }
        }
    });
}
