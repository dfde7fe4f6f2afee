// Every kernel, and the table of them, for the instruction set that the including file has chosen
// by CTK_SET, CTK_LANES and CTK_REGISTERS.
//
// That file includes kernels.h and <cmath> before it switches the set on: functions of the standard
// library that were compiled for it could be linked into code that runs on other CPUs.

#if defined(CTK_PAIR_PRODUCT)
#define CTK_HAS_BFLOAT16 true
#else
#define CTK_HAS_BFLOAT16 false
#endif

namespace ctk {
namespace CTK_SET {

#include "lanes.h"
//
#include "product.h"
//
#include "elements.h"
//
#include "descent.h"
#include "lookup.h"
#include "mixing.h"
#include "pairs.h"
#include "softmax.h"
#include "transposition.h"
#include "winograd.h"
//
#include "blocks.h"
//
#include "block_results.h"
//
#if defined(CTK_TILES)
#include "block_tiles.h"
#else
#include "block_registers.h"
#endif
//
#include "block_products.h"
#include "block_winograd.h"

static const ctk::BlockKernels block_kernels = {
    .configure = configure_tiles,
    .convolve = convolve_strip,
    .add_gradient = add_gradient,
    .patches = block_patches,
    .patch_pairs = block_patch_pairs,
    .slope_pairs = block_slope_pairs,
#if defined(CTK_TILES)
    .tiles = nullptr,
#else
    .tiles = block_tiles,
#endif
    .round = round_blocks,
    .round_rows = round_rows,
    .accumulate = accumulate_blocks,
    .moments = block_moments,
    .sums = block_sums,
    .normalize = normalize_block,
    .slope_sums = block_slope_sums,
    .normalization_gradient = block_normalization_gradient,
    .activate = activate_blocks,
    .activation_gradient = block_activation_gradient,
    .add = add_blocks,
    .multiply = multiply_blocks,
    .interpolate = interpolate_blocks,
    .interpolation_gradient = block_interpolation_gradient,
    .pair_positions = pair_positions,
    .pair_normalized = pair_normalized,
    .pair_slopes = pair_slopes,
    .pair_inputs = pair_inputs,
    .pair_outputs = pair_outputs};

}  // namespace CTK_SET
}  // namespace ctk

#if defined(CTK_TILES)
#define CTK_HAS_TILE_PRODUCT true
#else
#define CTK_HAS_TILE_PRODUCT false
#endif

#define CTK_TABLE(label)                                        \
    {.name = label,                                             \
     .lanes = CTK_LANES,                                        \
     .product = CTK_SET::product,                               \
     .has_bfloat16 = CTK_HAS_BFLOAT16,                          \
     .has_tile_product = CTK_HAS_TILE_PRODUCT,                  \
     .winograd_2 = CTK_WINOGRAD(2),                             \
     .winograd_4 = CTK_WINOGRAD(4),                             \
     .pair_up = CTK_SET::pair_up,                               \
     .pair_up_rows = CTK_SET::pair_up_rows,                     \
     .transpose = CTK_SET::transpose,                           \
     .activate = CTK_SET::activate,                             \
     .activation_gradient = CTK_SET::activation_gradient,       \
     .add = CTK_SET::add,                                       \
     .multiply_elements = CTK_SET::multiply_elements,           \
     .sum = CTK_SET::sum,                                       \
     .sum_of_squares = CTK_SET::sum_of_squares,                 \
     .sum_of_products = CTK_SET::sum_of_products,               \
     .scale_and_shift = CTK_SET::scale_and_shift,               \
     .normalization_gradient = CTK_SET::normalization_gradient, \
     .softmax = CTK_SET::softmax,                               \
     .look_up = CTK_SET::look_up,                               \
     .interpolate = CTK_SET::interpolate,                       \
     .interpolate_rows = CTK_SET::interpolate_rows,             \
     .interpolation_gradient = CTK_SET::interpolation_gradient, \
     .blocks = &CTK_SET::block_kernels,                         \
     .descend = CTK_SET::descend}
