// The kernels that exist once for every instruction set, as a table of functions.
//
// The files in this folder hold their code once. portable.cpp, avx2.cpp and the like compile it
// again for the width of their registers; a team picks a table when it is made. Everything outside
// of this folder is compiled once and knows no instruction set.

#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "ctrainkernels.h"

namespace ctk {

// A run of a sum of products: `count` columns of the left operand and rows of the right one.
struct Segment {
    const float *left;
    const float *right;
    int64_t count;
};

// A tile of a product, see product.h for the picture.
struct Tile {
    const Segment *segments;
    int64_t segment_count;
    // From one row of the left operand to the next, and from one column to the next.
    int64_t left_row, left_step;
    // From one row of the right operand to the next.
    int64_t right_step;
    // The result, and from one of its rows to the next.
    float *result;
    int64_t result_row;
    // What the sums start from: elements that lie as the result does, or null for zeros.
    const float *start;
    int64_t start_row;
    // One number that is added to each row, or null.
    const float *bias;
    // The size of the tile, up to that of the product.
    int64_t rows, columns;
};

// A product of matrices, and the largest tiles that it makes.
struct Product {
    void (*multiply)(const Tile &tile);
    int64_t rows, columns;
    // So many steps at a time that what they read of the right operand stays in the first cache,
    // and so many tiles side by side with the same left operand, which then stays in the second
    // one.
    int64_t steps, tiles;
};

// Places of a square of numbers: its rows, and from one of its columns to the next. In each place
// lie the numbers of many squares, one after the other.
struct Square {
    float *rows[6];
    int64_t column_step;
};

// The maps of F(m × m, 3 × 3), see winograd.h; the last argument is the number of squares.
struct WinogradMaps {
    void (*patch)(const Square &from, const Square &to, int64_t count);
    void (*filter)(const Square &from, const Square &to, int64_t count);
    void (*tile)(const Square &from, float bias, const Square *added, const Square &to,
                 int64_t count);
    void (*tile_gradient)(const Square &from, const Square &to, int64_t count);
    void (*filter_gradient)(const Square &from, const Square &to, int64_t count);
};

// ---- Blocks: positions of numbers in bfloat16, one of each channel ----
//
// Kernels go through units of 32 numbers: the channels of a position, or 16 channels of one
// position and of the next. What they are given for each channel is then there twice, and what they
// find for each channel is for the caller to put together.

constexpr int64_t block_channels = 32;

// Of some units, for each of their numbers: the mean, and the sum of the squared distances from it.
struct BlockMoments {
    double count = 0, means[block_channels] = {}, squares[block_channels] = {};

    void add(const BlockMoments &others) {
        double sum = count + others.count;
        if (sum == 0) return;
        for (int64_t i = 0; i < block_channels; ++i) {
            double distance = others.means[i] - means[i];
            means[i] += distance * others.count / sum;
            squares[i] += others.squares[i] + distance * distance * count * others.count / sum;
        }
        count = sum;
    }

    // The second half of the channels taken into the first.
    BlockMoments narrow() const {
        BlockMoments all = *this, others = *this;
        std::copy_n(means + block_channels / 2, block_channels / 2, others.means);
        std::copy_n(squares + block_channels / 2, block_channels / 2, others.squares);
        all.add(others);
        return all;
    }
};

struct BlockSlopeSums {
    double slopes[block_channels] = {}, products[block_channels] = {};
};

// The factors of each channel.
struct BlockNormalization {
    alignas(64) float scale[block_channels];
    float shift[block_channels];
    float mean[block_channels];
    float input_factor[block_channels];
    float gradient_shift[block_channels];
};

// Sums of the slopes before an activation, of what batch normalisation made of `input`, which lies
// as the slopes do.
struct BlockSlopes {
    const BlockNormalization *factors;
    ctk_activation activation;
    const uint16_t *input;
    BlockSlopeSums *sums;
};

// A run of products of positions, which are nothing but zeros for those before `begin` and from
// `end` on.
struct BlockSegment {
    const float *left, *right;
    int64_t count;
    int64_t begin, end;
};

// Positions of one block of a convolution's output, and the products that they are sums of. Left
// operands are pairs of the input's channels, left_row pairs for each position; from one block of
// the input to the next it is left_step pairs, on the right the weights follow each other.
struct BlockStrip {
    const BlockSegment *segments;
    int64_t segment_count;
    // The segment that is the first to read its positions, which are farthest on in memory, if they
    // are to be fetched ahead.
    int64_t newest;
    int64_t left_row, left_step;
    // One number for each channel.
    const float *bias;
    // What is added, as the result lies, or null.
    const uint16_t *added;
    // Where the result goes: rounded; in single precision; and normalised and activated. Or null.
    uint16_t *result;
    float *numbers;
    uint16_t *normalized;
    int64_t positions;
    // Whether the result's units are two positions.
    bool is_narrow;
    // The factors of its normalisation, and the activation behind that.
    const BlockNormalization *factors;
    ctk_activation activation;
    // Where the moments of the result go, or null.
    BlockMoments *moments;
    // What the result are slopes of, or null.
    const BlockSlopes *slopes;
};

// Part of the gradient of the weights of one tap between two blocks: a product, 32 × 32.
struct GradientStrip {
    // Pairs of positions: on the left the slopes' as pair_slopes lays them out, on the right the
    // input's, [pairs][channels]. Tile registers take 16 at a time, and zeros behind the slopes'
    // last; whatever lies behind the input's is a number.
    const Segment *segments;
    int64_t segment_count;
    // Whether there are 16 channels, not 32, on either side.
    bool is_left_narrow, is_right_narrow;
    // Where the sums go, from one row to the next, and whether they are added to what is there.
    float *sums;
    int64_t row;
    bool adds;
};

// Some columns of rows of bytes, and what a table of 256 numbers has for them.
struct ByteRows {
    const float *table;
    // The first column of all rows, which of them, and from one to the next.
    const uint8_t *bytes;
    const int64_t *rows;
    int64_t size;
    int64_t count, columns;
    float *output;
    int64_t output_row;

    // Whoever comes next wants the columns behind these, which are fetched meanwhile.
    const uint8_t *row(int64_t n) const {
        constexpr int64_t ahead = 64;
        const uint8_t *row = bytes + rows[n] * size;
        __builtin_prefetch(row + ahead);
        return row;
    }
};

// The softmax of some examples' logits, which lie side by side for each class.
struct Softmax {
    // The largest number of examples.
    static constexpr int64_t most = 16;
    // From one class to the next.
    const float *logits;
    int64_t row, classes, count;
    // [classes][most], aligned to cache lines; e^logit over e^largest, which add up to the sum, are
    // divided by it.
    double *probabilities;
    double *largest, *sums;
};

// Rows of a matrix, which are mixed with their partners; some columns of them, which become whole
// rows of the output.
struct MixedRows {
    const ctk_mix &mix;
    const float *rows;
    int64_t row, columns, count;
    float *output;
};

// The way back through a mix and the activation before it.
struct MixGradient {
    // The example whose partner each one is, what each has kept of itself, and what that example
    // has taken of it.
    const int32_t *inverse;
    const float *weights, *partner_weights;
    ctk_activation activation;
};

// Rows of a matrix of parameters that take a step of descent, see descent.h.
struct Step {
    const ctk_update &update;
    float factor;
    // The first parameter, and from one row to the next.
    int64_t place, row;
    const float *gradients;
    int64_t gradient_row;
    int64_t rows, columns;
};

// The places ξ of a tile of F(2 × 2, 3 × 3).
constexpr int64_t tile_places = 16;

// The squares of positions of neighbouring tiles of F(2 × 2, 3 × 3), see block_winograd.h.
struct BlockSquares {
    // Those of the first tile, row by row: 4 × 4 of a patch, 2 × 2 of slopes. The next tile's lie
    // one position further. Null for zeros around the image.
    const uint16_t *positions[16];
    // What normalises and activates them, or null.
    const BlockNormalization *factors;
    ctk_activation activation;
    // The tiles.
    int64_t count;
    // Where they go in bfloat16, and from one place of a square to the next; in pairs.
    float *to;
    int64_t place_step;
};

// Tiles of one block of a convolution's output, and the products that they are made of. Tiles are
// counted as (column of tiles, example).
struct BlockTiles {
    // Patches [places][blocks][tiles][16 pairs], the steps in pairs, and weights
    // [places][blocks][2][16 pairs][16 outputs].
    const float *patches;
    int64_t place_step, block_step, blocks;
    const float *weights;
    // The number of the first tile, and how many there are.
    int64_t first, count;
    // From one column of tiles to the next.
    int64_t pitch;
    // What the two rows of the output become: strips without segments.
    BlockStrip rows[2];
};

// blocks.h, block_products.h and block_winograd.h
struct BlockKernels {
    // To be called before the first of the next two in a part of a team's work; `is_half` where the
    // positions of a convolution's left operand are half a unit.
    void (*configure)(bool is_half);
    void (*convolve)(const BlockStrip &strip);
    void (*add_gradient)(const GradientStrip &strip);
    void (*patches)(const BlockSquares &squares);
    void (*patch_pairs)(const BlockSquares &squares);
    void (*slope_pairs)(const BlockSquares &squares);
    // Null with tile registers, which multiply so fast that fewer products save nothing.
    void (*tiles)(const BlockTiles &tiles);
    void (*round)(const float *values, uint16_t *positions, int64_t count);
    // Rows of 32 numbers, of the rows `row` apart; mixed first unless `mix` is null.
    void (*round_rows)(const float *rows, int64_t row, const ctk_mix *mix, uint16_t *positions,
                       int64_t count);
    void (*accumulate)(const uint16_t *values, float scale, float *sums, int64_t count);
    void (*moments)(const uint16_t *values, int64_t count, BlockMoments &moments);
    void (*sums)(const uint16_t *values, int64_t count, double *sums);
    void (*normalize)(const BlockNormalization &factors, ctk_activation activation,
                      const uint16_t *input, uint16_t *output, int64_t count);
    void (*slope_sums)(const BlockSlopes &of, const uint16_t *gradient, int64_t count);
    void (*normalization_gradient)(const BlockNormalization &factors, ctk_activation activation,
                                   const uint16_t *input, const uint16_t *gradient,
                                   const uint16_t *added, uint16_t *result, int64_t count);
    void (*activate)(ctk_activation activation, uint16_t *values, int64_t count);
    void (*activation_gradient)(ctk_activation activation, const uint16_t *values,
                                uint16_t *gradient, int64_t count);
    void (*add)(const uint16_t *input, uint16_t *sum, int64_t count);
    void (*multiply)(const uint16_t *factors, float scale, const uint16_t *input, uint16_t *product,
                     int64_t count);
    // The next five take positions of `width` channels, 16 or 32, and their number.
    void (*interpolate)(const ctk_mix &mix, ctk_activation activation, const uint16_t *input,
                        uint16_t *output, int64_t count, int64_t width);
    void (*interpolation_gradient)(const MixGradient &mix, const uint16_t *values,
                                   const uint16_t *gradient, uint16_t *output, int64_t count,
                                   int64_t width);
    void (*pair_positions)(const uint16_t *positions, int64_t count, int64_t width, float *pairs);
    void (*pair_normalized)(const BlockNormalization &factors, ctk_activation activation,
                            const uint16_t *positions, int64_t count, int64_t width, float *pairs);
    void (*pair_slopes)(const uint16_t *positions, int64_t count, int64_t width, float *pairs,
                        double *sums);
    void (*pair_inputs)(const float *weights, int64_t row, float *tiles);
    void (*pair_outputs)(const float *weights, int64_t row, float *tiles);
};

struct Kernels {
    const char *name;
    int64_t lanes;
    // product.h
    Product product;
    // Whether the CPU has an instruction for products of bfloat16.
    bool has_bfloat16;
    // Whether products of pairs are so fast that fewer of them save nothing.
    bool has_tile_product;
    // winograd.h, for m = 2 and m = 4
    WinogradMaps winograd_2, winograd_4;
    // pairs.h
    void (*pair_up)(const float *first, const float *second, float *pairs, int64_t count);
    void (*pair_up_rows)(const float *rows, int64_t row_count, float *pairs, int64_t count);
    // transposition.h
    void (*transpose)(const float *input, int64_t input_row, float *output, int64_t output_row,
                      int64_t rows, int64_t columns);
    // elements.h
    void (*activate)(ctk_activation activation, float *values, int64_t count);
    void (*activation_gradient)(ctk_activation activation, const float *values, float *gradient,
                                int64_t count);
    void (*add)(const float *input, float *sum, int64_t count);
    void (*multiply_elements)(const float *factors, float scale, const float *values,
                              float *products, int64_t count);
    double (*sum)(const float *values, int64_t count);
    double (*sum_of_squares)(const float *values, double centre, int64_t count);
    double (*sum_of_products)(const float *values, const float *others, double centre,
                              int64_t count);
    void (*scale_and_shift)(const float *input, float scale, float shift, ctk_activation activation,
                            float *output, int64_t count);
    void (*normalization_gradient)(const float *input, const float *gradient, float input_factor,
                                   float gradient_factor, float shift, float *output,
                                   int64_t count);
    // softmax.h
    void (*softmax)(const Softmax &of);
    // lookup.h
    void (*look_up)(const ByteRows &bytes);
    // mixing.h
    void (*interpolate)(const ctk_mix &mix, ctk_activation activation, const float *input,
                        float *output, int64_t count);
    void (*interpolate_rows)(const MixedRows &mixed);
    void (*interpolation_gradient)(const MixGradient &mix, const float *values,
                                   const float *gradient, float *output, int64_t count);
    const BlockKernels *blocks;
    // descent.h
    void (*descend)(const Step &step);

    const WinogradMaps &winograd(int64_t tile) const { return tile == 2 ? winograd_2 : winograd_4; }
};

extern const Kernels portable_kernels;
#if defined(__x86_64__)
extern const Kernels avx2_kernels;
extern const Kernels avx512_kernels;
extern const Kernels avx512_bf16_kernels;
extern const Kernels amx_kernels;
// The same with the tile instructions done by loops, for tests on CPUs without them.
extern const Kernels emulated_amx_kernels;
#endif

}  // namespace ctk
