// Where the sums of a convolution of blocks go, and what is made of them on the way.

#pragma once

#include "blocked_layers.h"

namespace ctk {

struct BlockResults {
    const ctk_planes &planes;
    const float *bias;
    const ctk_planes *added;
    // Sums of slopes, or null, and the factors of their normalisation.
    const ctk_slope_sums *sums = nullptr;
    const BlockNormalization *factors = nullptr;
    // Where the result goes normalised by those factors and activated, or null; and whether it is
    // stored as it is, too.
    const ctk_planes *normalized = nullptr;
    ctk_activation activation = CTK_IDENTITY;
    bool is_stored = true;

    // Asks a strip of a block, which begins at a position of row y, for all of it. The moments and
    // the slopes' sums that it leaves are those of the row.
    void ask(BlockStrip &strip, BlockSlopes &slopes, int64_t block, int64_t y,
             int64_t place) const {
        if (is_stored) strip.result = block_place(planes, block, place);
        if (normalized != nullptr) {
            strip.normalized = block_place(*normalized, block, place);
            strip.factors = factors + block;
            strip.activation = activation;
        }
        if (added != nullptr) strip.added = block_place(*added, block, place);
        if (planes.moments != nullptr) strip.moments = row_moments(planes, block, y);
        if (sums != nullptr) {
            slopes = {factors + block, sums->activation, block_pixel(*sums->input, block, y, 0),
                      row_slope_sums(*sums, block, y)};
            strip.slopes = &slopes;
        }
    }

    // The bias of a block's channels, 0 for those that it lacks.
    void copy_bias(int64_t block, float *biases) const {
        std::fill_n(biases, block_channels, 0.0f);
        if (bias == nullptr) return;
        std::copy_n(bias + block * block_channels, block_present(planes.channels, block), biases);
    }
};

}  // namespace ctk
