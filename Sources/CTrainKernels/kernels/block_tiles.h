// Products of blocks in AMX's tile registers of 16 rows of 16 pairs of bfloat16, or of 16 floats.
//
// Four tiles of sums, two of either operand:
//
//             right 0   right 1
//           ┌─────────┬─────────┐
//   left 0  │ sums 0  │ sums 1  │
//   left 1  │ sums 2  │ sums 3  │
//           └─────────┴─────────┘
//
// Both operands lie in memory as the instruction takes them. The 32 numbers of a position are a row
// of 16 pairs on the left, and 32 × 32 weights are two tiles on the right; nothing is copied. A
// tile that reaches beyond the last position multiplies whatever lies there, and only what is
// wanted is stored.

constexpr int64_t side = 16;
constexpr int64_t block_step = 2 * side * side;  // pairs of two tiles

// Adds one step to the four tiles of sums. What is on the left is read once, and need not push the
// right one out of the first cache.
#define CTK_MULTIPLY_STEP(left, left_row, right)            \
    CTK_TILE_STREAM(4, left, left_row);                     \
    CTK_TILE_LOAD(6, right, side);                          \
    CTK_TILE_MULTIPLY(0, 4, 6);                             \
    CTK_TILE_LOAD(7, (right) + side * side, side);          \
    CTK_TILE_MULTIPLY(1, 4, 7);                             \
    CTK_TILE_STREAM(5, (left) + side * left_row, left_row); \
    CTK_TILE_MULTIPLY(2, 5, 6);                             \
    CTK_TILE_MULTIPLY(3, 5, 7)

#define CTK_ZERO_SUMS() \
    CTK_TILE_ZERO(0);   \
    CTK_TILE_ZERO(1);   \
    CTK_TILE_ZERO(2);   \
    CTK_TILE_ZERO(3)

#define CTK_STORE_SUMS(sums, row)                  \
    CTK_TILE_STORE(0, sums, row);                  \
    CTK_TILE_STORE(1, (sums) + side, row);         \
    CTK_TILE_STORE(2, (sums) + side * (row), row); \
    CTK_TILE_STORE(3, (sums) + side * (row) + side, row)

// Makes the tile registers of this thread ready for products, until something else configures them.
// It takes as long as many products, and waits for those before. Where positions on the left are
// half a unit, products are half as long.
static void configure_tiles(bool is_half) { CTK_TILE_CONFIGURE(is_half); }

CTK_INLINE void prefetch_units(const float *units, int64_t count) {
    for (int64_t unit = 0; unit < count; ++unit) __builtin_prefetch(units + unit * side, 0, 2);
}

// The same four tiles of sums for 64 positions and 16 channels of the result.
#define CTK_MULTIPLY_NARROW_STEP(left, left_row, right)         \
    CTK_TILE_LOAD(6, right, side);                              \
    CTK_TILE_STREAM(4, left, left_row);                         \
    CTK_TILE_MULTIPLY(0, 4, 6);                                 \
    CTK_TILE_STREAM(5, (left) + side * left_row, left_row);     \
    CTK_TILE_MULTIPLY(1, 5, 6);                                 \
    CTK_TILE_STREAM(4, (left) + 2 * side * left_row, left_row); \
    CTK_TILE_MULTIPLY(2, 4, 6);                                 \
    CTK_TILE_STREAM(5, (left) + 3 * side * left_row, left_row); \
    CTK_TILE_MULTIPLY(3, 5, 6)

// The sums of some units are finished, rounded and stored while those of the next are made.
template <bool is_narrow, typename Results>
static void convolve_strip_with(const ctk::BlockStrip &strip) {
    // Of the four tiles.
    constexpr int64_t units = 2 * side, positions = (is_narrow ? 2 : 1) * units;
    const int64_t unit_count = is_narrow ? (strip.positions + 1) / 2 : strip.positions;
    const int64_t left_row = strip.left_row;
    CTK_TILE_BEGIN();
    // Of the units that are multiplied, and of those that are finished.
    alignas(64) float sums[2][units][ctk::block_channels];
    Results results(strip);
    auto finish = [&](int64_t start, int64_t from, int64_t to) {
        results.finish(start + from, to - from, sums[start / units % 2][from]);
    };
    int64_t steps = 0;
    for (int64_t number = 0; number < strip.segment_count; ++number) {
        steps += strip.segments[number].count;
    }
    // Finished after each step, so that all are before the last.
    int64_t units_at_once = units / (steps + 1) + 1;
    for (int64_t start = 0; start < unit_count; start += units) {
        int64_t first = is_narrow ? 2 * start : start;
        int64_t finished = start == 0 ? units : 0;
        CTK_ZERO_SUMS();
        for (int64_t number = 0; number < strip.segment_count; ++number) {
            const ctk::BlockSegment &segment = strip.segments[number];
            if (first + positions <= segment.begin || first >= segment.end) continue;
            const float *left = segment.left + first * left_row;
            const float *right = segment.right;
            for (int64_t step = 0; step < segment.count; ++step) {
                if (number == strip.newest) {
                    prefetch_units(left + fetched_units * left_row, positions * left_row / side);
                }
                if constexpr (is_narrow) {
                    CTK_MULTIPLY_NARROW_STEP(left, left_row, right);
                } else {
                    CTK_MULTIPLY_STEP(left, left_row, right);
                }
                left += strip.left_step;
                right += block_step;
                if (finished < units) {
                    int64_t end = finished + units_at_once;
                    if (end > units) end = units;
                    finish(start - units, finished, end);
                    finished = end;
                }
            }
        }
        if (start > 0) finish(start - units, finished, units);
        float *made = sums[start / units % 2][0];
        if constexpr (is_narrow) {
            CTK_TILE_STORE(0, made, side);
            CTK_TILE_STORE(1, made + side * side, side);
            CTK_TILE_STORE(2, made + 2 * side * side, side);
            CTK_TILE_STORE(3, made + 3 * side * side, side);
        } else {
            CTK_STORE_SUMS(made, 2 * side);
        }
    }
    int64_t last = (unit_count - 1) / units * units;
    finish(last, 0, unit_count - last);
    results.take_sums(unit_count);
}

// Eight channels of 32 positions as eight rows of all positions.
//
// Every quarter of a register takes the channels of one position in eight: positions k, 8 + k,
// 16 + k and 24 + k in register k. Then quarters are exchanged like the blocks of `transpose`.
CTK_INLINE void transpose_eight_channels(const uint16_t *positions, int64_t width, float *rows) {
    typedef uint16_t Quarter __attribute__((ext_vector_type(8)));
    typedef uint16_t Half __attribute__((ext_vector_type(16)));
    typedef uint16_t Row __attribute__((ext_vector_type(32)));
    Row block[8], next[8];
#pragma clang loop unroll(full)
    for (int64_t k = 0; k < 8; ++k) {
        Quarter quarters[4];
#pragma clang loop unroll(full)
        for (int64_t i = 0; i < 4; ++i) {
            __builtin_memcpy(&quarters[i], positions + (k + 8 * i) * width, sizeof quarters[i]);
        }
        Half first = __builtin_shufflevector(quarters[0], quarters[1], 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
                                             10, 11, 12, 13, 14, 15);
        Half second = __builtin_shufflevector(quarters[2], quarters[3], 0, 1, 2, 3, 4, 5, 6, 7, 8,
                                              9, 10, 11, 12, 13, 14, 15);
        block[k] = __builtin_shufflevector(first, second, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
                                           13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
                                           27, 28, 29, 30, 31);
    }
#pragma clang loop unroll(full)
    for (int64_t round = 0; round < 3; ++round) {
#pragma clang loop unroll(full)
        for (int64_t i = 0; i < 4; ++i) {
            next[2 * i] = __builtin_shufflevector(block[i], block[i + 4], 0, 32, 1, 33, 2, 34, 3,
                                                  35, 8, 40, 9, 41, 10, 42, 11, 43, 16, 48, 17, 49,
                                                  18, 50, 19, 51, 24, 56, 25, 57, 26, 58, 27, 59);
            next[2 * i + 1] = __builtin_shufflevector(
                block[i], block[i + 4], 4, 36, 5, 37, 6, 38, 7, 39, 12, 44, 13, 45, 14, 46, 15, 47,
                20, 52, 21, 53, 22, 54, 23, 55, 28, 60, 29, 61, 30, 62, 31, 63);
        }
#pragma clang loop unroll(full)
        for (int64_t i = 0; i < 8; ++i) block[i] = next[i];
    }
#pragma clang loop unroll(full)
    for (int64_t channel = 0; channel < 8; ++channel) {
        __builtin_memcpy(rows + channel * 16, &block[channel], sizeof block[channel]);
    }
}

// Left operands of the gradient of weights: pairs of positions, 32 positions at a time, with the
// channels outside, and zeros behind the last: [(count + 31) / 32][width][16] of pairs. What is
// read is added to the sums of a unit's numbers, unless they are null.
static void pair_slopes(const uint16_t *positions, int64_t count, int64_t width, float *pairs,
                        double *sums) {
    constexpr int64_t at_once = 32;
    for (int64_t start = 0; start < count; start += at_once) {
        const uint16_t *from = positions + start * width;
        if (sums && start % block_part == 0) {
            int64_t size = count - start < block_part ? count - start : block_part;
            block_sums(from, size * width / ctk::block_channels, sums);
        }
        alignas(64) uint16_t last[at_once * ctk::block_channels];
        if (count - start < at_once) {
            int64_t size = (count - start) * width;
            __builtin_memcpy(last, from, size * sizeof *last);
            __builtin_memset(last + size, 0, sizeof last - size * sizeof *last);
            from = last;
        }
        float *to = pairs + start / 2 * width;
        for (int64_t channel = 0; channel < width; channel += 8) {
            transpose_eight_channels(from + channel, width, to + channel * at_once / 2);
        }
    }
}

// Left operands have positions innermost, right ones channels: sums[output][input].
template <bool is_left_narrow, bool is_right_narrow>
static void add_gradient_as(const ctk::GradientStrip &strip) {
    constexpr int64_t left_step = block_step / (is_left_narrow ? 2 : 1);
    constexpr int64_t right_step = block_step / (is_right_narrow ? 2 : 1);
    constexpr int64_t right_row = right_step / side;
    float *sums = strip.sums;
    int64_t row = strip.row;
    CTK_TILE_BEGIN();
    if (strip.adds) {
        CTK_TILE_LOAD(0, sums, row);
        CTK_TILE_LOAD(1, sums + side, row);
        CTK_TILE_LOAD(2, sums + side * row, row);
        CTK_TILE_LOAD(3, sums + side * row + side, row);
    } else {
        CTK_ZERO_SUMS();
    }
    for (int64_t number = 0; number < strip.segment_count; ++number) {
        const float *left = strip.segments[number].left, *right = strip.segments[number].right;
        for (int64_t rest = strip.segments[number].count; rest > 0; rest -= side) {
            CTK_TILE_STREAM(4, left, side);
            CTK_TILE_LOAD(6, right, right_row);
            CTK_TILE_MULTIPLY(0, 4, 6);
            if constexpr (!is_right_narrow) {
                CTK_TILE_LOAD(7, right + side, right_row);
                CTK_TILE_MULTIPLY(1, 4, 7);
            }
            if constexpr (!is_left_narrow) {
                CTK_TILE_STREAM(5, left + side * side, side);
                CTK_TILE_MULTIPLY(2, 5, 6);
                if constexpr (!is_right_narrow) CTK_TILE_MULTIPLY(3, 5, 7);
            }
            left += left_step;
            right += right_step;
        }
    }
    CTK_STORE_SUMS(sums, row);
}

// Adds one step to one tile of sums, by the given tiles of either operand.
#define CTK_MULTIPLY_NARROW_GRADIENT(sums, left_tile, left, right_tile, right) \
    CTK_TILE_STREAM(left_tile, left, side);                                    \
    CTK_TILE_LOAD(right_tile, right, side);                                    \
    CTK_TILE_MULTIPLY(sums, left_tile, right_tile)

// The same for 16 outputs and 16 inputs, a quarter of the sums: four steps side by side.
template <>
void add_gradient_as<true, true>(const ctk::GradientStrip &strip) {
    constexpr int64_t one = side * side;
    CTK_TILE_BEGIN();
    CTK_ZERO_SUMS();
    for (int64_t number = 0; number < strip.segment_count; ++number) {
        const float *left = strip.segments[number].left, *right = strip.segments[number].right;
        int64_t rest = strip.segments[number].count;
        for (; rest > 3 * side; rest -= 4 * side) {
            CTK_MULTIPLY_NARROW_GRADIENT(0, 4, left, 6, right);
            CTK_MULTIPLY_NARROW_GRADIENT(1, 5, left + one, 7, right + one);
            CTK_MULTIPLY_NARROW_GRADIENT(2, 4, left + 2 * one, 6, right + 2 * one);
            CTK_MULTIPLY_NARROW_GRADIENT(3, 5, left + 3 * one, 7, right + 3 * one);
            left += 4 * one;
            right += 4 * one;
        }
        for (; rest > 0; rest -= side) {
            CTK_MULTIPLY_NARROW_GRADIENT(0, 4, left, 6, right);
            left += one;
            right += one;
        }
    }
    alignas(64) float parts[4][side][side];
    CTK_TILE_STORE(0, parts[0][0], side);
    CTK_TILE_STORE(1, parts[1][0], side);
    CTK_TILE_STORE(2, parts[2][0], side);
    CTK_TILE_STORE(3, parts[3][0], side);
    // All 32 × 32, which lie side by side; others are added to them.
    if (!strip.adds) __builtin_memset(strip.sums, 0, 4 * one * sizeof *strip.sums);
    for (int64_t row = 0; row < side; ++row) {
        float *to = strip.sums + row * strip.row;
        for (int64_t i = 0; i < side; i += lane_count) {
            Lanes sum = (load(parts[0][row] + i) + load(parts[1][row] + i)) +
                        (load(parts[2][row] + i) + load(parts[3][row] + i));
            store(to + i, load(to + i) + sum);
        }
    }
}
