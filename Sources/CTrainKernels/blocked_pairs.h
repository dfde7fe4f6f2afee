// Neighbouring positions of blocks as pairs, which the gradient of weights multiplies:
// [blocks][positions / 2][16 or 32 channels], and zeros behind each block's last.

#pragma once

#include "ctrainkernels.h"
#include "planes.h"
#include "team.h"

namespace ctk {

// Of one block, and of all.
inline int64_t block_pairs(const ctk_planes &planes) {
    return (planes.height * planes.row + block_channels) / 2 * block_width(planes);
}
inline int64_t block_pairs_size(const ctk_planes &planes) {
    return block_count(planes.channels) * block_pairs(planes);
}

void pair_block_positions(ctk_team *team, const ctk_planes &planes, float *pairs);

// Rows of normalised input as pairs of positions.
struct NormalizedPairs {
    const ctk_normalized &source;
    const BlockNormalization *factors;
    // How they would lie if they were not pairs.
    const ctk_planes &planes;
    const BlockKernels &kernels;

    NormalizedPairs(const ctk_team &team, const ctk_normalized &source, const ctk_planes &planes);

    void make(int64_t block, int64_t y, float *to) const;
};

}  // namespace ctk
