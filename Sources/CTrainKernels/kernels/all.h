// Every kernel, and the table of them, for the instruction set that the including file has chosen
// by CTK_SET, CTK_LANES and CTK_REGISTERS.
//
// That file includes kernels.h and <cmath> before it switches the set on: functions of the standard
// library that were compiled for it could be linked into code that runs on other CPUs.

#if defined(CTK_PAIR_PRODUCT)
#define CTK_HAS_PAIR_PRODUCT true
#else
#define CTK_HAS_PAIR_PRODUCT false
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
#include "mixing.h"
#include "pairs.h"
#include "transposition.h"
#include "winograd.h"
//
#if defined(CTK_TILES)
#include "blocks.h"
//
#include "block_products.h"

static const ctk::BlockKernels block_kernels = {
    .configure = configure_tiles,
    .convolve = convolve_strip,
    .add_gradient = add_gradient,
    .round = round_blocks,
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
    .pair_positions_of_channels = pair_positions_of_channels,
    .pair_inputs = pair_inputs,
    .pair_outputs = pair_outputs};
#endif

}  // namespace CTK_SET
}  // namespace ctk

#if defined(CTK_TILES)
#define CTK_HAS_TILE_PRODUCT true
#define CTK_BLOCK_KERNELS &CTK_SET::block_kernels
#else
#define CTK_HAS_TILE_PRODUCT false
#define CTK_BLOCK_KERNELS nullptr
#endif

#define CTK_TABLE(label)                                        \
    {.name = label,                                             \
     .lanes = CTK_LANES,                                        \
     .of_floats = CTK_SET::product<false>,                      \
     .of_pairs = CTK_SET::product<true>,                        \
     .has_pair_product = CTK_HAS_PAIR_PRODUCT,                  \
     .has_tile_product = CTK_HAS_TILE_PRODUCT,                  \
     .winograd_2 = CTK_WINOGRAD(2),                             \
     .winograd_4 = CTK_WINOGRAD(4),                             \
     .pair_up = CTK_SET::pair_up,                               \
     .pair_up_rows = CTK_SET::pair_up_rows,                     \
     .pair_neighbours = CTK_SET::pair_neighbours,               \
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
     .interpolate = CTK_SET::interpolate,                       \
     .interpolate_rows = CTK_SET::interpolate_rows,             \
     .interpolation_gradient = CTK_SET::interpolation_gradient, \
     .blocks = CTK_BLOCK_KERNELS,                               \
     .descend = CTK_SET::descend}
