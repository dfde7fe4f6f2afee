// The weights of one block of a product's result, as blocked_weights.cpp lays them out.

#pragma once

#include "team.h"

namespace ctk {

// Those of a layer of units; `weights` are [outputs][inputs].
void arrange_unit_weights(const Kernels &kernels, const float *weights, int64_t outputs,
                          int64_t inputs, bool for_input_gradient, int64_t row_block,
                          float *arranged);

}  // namespace ctk
