// Convolutions of blocks by Winograd's minimal filtering.

#pragma once

#include "blocked_results.h"
#include "ctrainkernels.h"
#include "planes.h"
#include "team.h"

namespace ctk {

// What a convolution reads: blocks, or what normalisation and activation make of them.
struct BlockSource {
    const ctk_planes &planes;
    const BlockNormalization *factors = nullptr;
    ctk_activation activation = CTK_IDENTITY;
};

// The filter's output, or with the weights for it, the gradient of its input.
void convolve_by_winograd(ctk_team *team, const ctk_filter &filter, const BlockSource &source,
                          const BlockResults &results);

int64_t winograd_gradient_scratch(const ctk_team &team, const ctk_planes &input,
                                  const ctk_planes &output_gradient);
void winograd_gradient(ctk_team *team, const BlockSource &source, const ctk_planes &output_gradient,
                       float *scratch, float *gradient);

}  // namespace ctk
