// The weights of one block of a product's result, as blocked_weights.cpp lays them out.

#pragma once

#include "team.h"

namespace ctk {

// Those of a layer of units, for a block of its outputs; `weights` are [outputs][inputs].
void arrange_unit_weights(const Kernels &kernels, const float *weights, int64_t outputs,
                          int64_t inputs, int64_t output_block, float *arranged);

}  // namespace ctk
