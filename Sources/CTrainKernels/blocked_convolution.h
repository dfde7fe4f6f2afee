// Convolutions of blocks; see ctrainkernels.h for what the functions of the same purpose do.

#pragma once

#include "ctrainkernels.h"
#include "planes.h"
#include "team.h"

namespace ctk {

void convolve_blocks(ctk_team *team, const ctk_filter &filter, const float *bias,
                     const ctk_planes &input, const ctk_planes *added, const ctk_planes &output);
void block_input_gradient(ctk_team *team, const ctk_filter &filter,
                          const ctk_planes &output_gradient, const ctk_planes &input_gradient,
                          bool accumulates, const ctk_slope_sums *sums);

int64_t block_gradient_scratch(const ctk_team &team, const ctk_filter &filter,
                               const ctk_planes &input, const ctk_planes &output_gradient);
void block_weight_gradient(ctk_team *team, const ctk_filter &filter, const ctk_planes &input,
                           const float *pairs, const ctk_normalized *normalized,
                           const ctk_planes &output_gradient, float *scratch, float *gradient,
                           float *bias_gradient);

}  // namespace ctk
