// Products of blocks in vector registers, whose lanes are channels of the result, or inputs of a
// gradient: a pair of the left operand at a time is multiplied with a row of the right one.
//
//                          right: 16 rows of 32 or 16 pairs for each step
//                        ┌───────────┬───────────┐
//                        │ · · · · · │ · · · · · │ pair 0
//                        │ · · · · · │ · · · · · │ pair …
//                        └───────────┴───────────┘
//   left                 ┌───────────┬───────────┐
//   ┌ · · · ┐ row 0      │           │           │
//   │ · · · │ row …      │    sums in registers  │
//   └ · · · ┘            └───────────┴───────────┘

// sum + left · right, lane by lane; each lane holds a pair, whose products are added.
CTK_INLINE Lanes pair_product(Lanes sum, Lanes left, Lanes right) {
#if defined(CTK_PAIR_PRODUCT)
    return CTK_PAIR_PRODUCT(sum, left, right);
#else
    // The exponent of bfloat16 is that of a float, whose upper half it is.
    Truths upper = (Truths)0 - 0x10000;
    Truths first = (Truths)left, second = (Truths)right;
    return sum + (Lanes)(first << 16) * (Lanes)(second << 16) +
           (Lanes)(first & upper) * (Lanes)(second & upper);
#endif
}

constexpr int64_t side = 16;
constexpr int64_t block_step = 2 * side * side;  // pairs of 32 × 32 numbers

// Sums of `rows` rows, in as many registers as take their columns.
template <int64_t rows, int64_t columns>
struct RowSums {
    static constexpr int64_t registers = columns / lane_count;
    Lanes sums[rows][registers];

    // Where a register is in a row of the right operand: beside the one before, or in tiles of 16
    // columns, which follow each other.
    static constexpr int64_t in_row(int64_t number) { return number * lane_count; }
    static constexpr int64_t in_tiles(int64_t number) {
        int64_t column = number * lane_count;
        return column / side * side * side + column % side;
    }

    // Adds products of `pairs` pairs.
    template <bool has_tiles>
    inline __attribute__((always_inline)) void add(const float *left, int64_t left_row,
                                                   int64_t left_pair, const float *right,
                                                   int64_t right_row, int64_t pairs) {
        for (int64_t pair = 0; pair < pairs; ++pair) {
            Lanes factors[registers];
#pragma clang loop unroll(full)
            for (int64_t i = 0; i < registers; ++i) {
                factors[i] = load(right + (has_tiles ? in_tiles(i) : in_row(i)));
            }
#pragma clang loop unroll(full)
            for (int64_t row = 0; row < rows; ++row) {
                Lanes factor = all(left[row * left_row + pair * left_pair]);
#pragma clang loop unroll(full)
                for (int64_t i = 0; i < registers; ++i) {
                    sums[row][i] = pair_product(sums[row][i], factor, factors[i]);
                }
            }
            right += right_row;
        }
    }

    void store_at(float *place, int64_t row_length) const {
#pragma clang loop unroll(full)
        for (int64_t row = 0; row < rows; ++row) {
#pragma clang loop unroll(full)
            for (int64_t i = 0; i < registers; ++i) {
                store(place + row * row_length + i * lane_count, sums[row][i]);
            }
        }
    }
};

static void configure_tiles(bool) {}

// As many units of a strip as fit into the registers.
constexpr int64_t strip_units = (has_32_registers ? 24 : 12) / block_registers;
static_assert(strip_units > 0);

// Sums up and finishes `count` units of a strip from number `start` on, in registers for `units`.
template <bool is_narrow, int64_t units, typename Results>
CTK_INLINE void convolve_units(const ctk::BlockStrip &strip, int64_t start, int64_t count,
                               Results &results) {
    constexpr int64_t positions = (is_narrow ? 2 : 1) * units;
    constexpr int64_t columns = ctk::block_channels / (is_narrow ? 2 : 1);
    const int64_t left_row = strip.left_row;
    int64_t first = is_narrow ? 2 * start : start;
    RowSums<positions, columns> sums = {};
    for (int64_t number = 0; number < strip.segment_count; ++number) {
        const ctk::BlockSegment &segment = strip.segments[number];
        if (first + positions <= segment.begin || first >= segment.end) continue;
        const float *left = segment.left + first * left_row, *right = segment.right;
        for (int64_t step = 0; step < segment.count; ++step) {
            sums.template add<true>(left, left_row, 1, right, side, left_row);
            left += strip.left_step;
            right += block_step;
        }
    }
    alignas(64) float made[units][ctk::block_channels];
    sums.store_at(made[0], columns);
    results.finish(start, count, made[0]);
}

// As many units as fit into the registers at a time; of the last ones, no more than a third of
// that is multiplied in vain.
template <bool is_narrow, typename Results>
static void convolve_strip_with(const ctk::BlockStrip &strip) {
    constexpr int64_t units = strip_units, third = (units + 2) / 3;
    const int64_t unit_count = is_narrow ? (strip.positions + 1) / 2 : strip.positions;
    Results results(strip);
    int64_t start = 0, rest = unit_count;
    for (; rest > 2 * third; start += units, rest = unit_count - start) {
        convolve_units<is_narrow, units>(strip, start, rest < units ? rest : units, results);
    }
    if (rest > third) {
        convolve_units<is_narrow, 2 * third>(strip, start, rest, results);
    } else if (rest > 0) {
        convolve_units<is_narrow, third>(strip, start, rest, results);
    }
    results.take_sums(unit_count);
}

// Left operands of the gradient of weights: pairs of an even number of positions, as right ones
// are, and zeros behind the last: [(count + 31) / 32][16][width] of pairs. What is read is added to
// the sums of a unit's numbers, unless they are null.
static void pair_slopes(const uint16_t *positions, int64_t count, int64_t width, float *pairs,
                        double *sums) {
    if (sums) block_sums(positions, count * width / ctk::block_channels, sums);
    pair_positions(positions, count, width, pairs);
    int64_t all_pairs = (count + 2 * side - 1) / (2 * side) * side, rest = all_pairs - count / 2;
    __builtin_memset(pairs + count / 2 * width, 0, rest * width * sizeof *pairs);
}

// sums[output][input]
template <bool is_left_narrow, bool is_right_narrow>
static void add_gradient_as(const ctk::GradientStrip &strip) {
    constexpr int64_t outputs = ctk::block_channels / (is_left_narrow ? 2 : 1);
    constexpr int64_t inputs = ctk::block_channels / (is_right_narrow ? 2 : 1);
    constexpr int64_t registers = inputs / lane_count;
    constexpr int64_t rows = (has_32_registers ? 16 : 8) / registers;
    if (!strip.adds && (is_left_narrow || is_right_narrow)) {
        for (int64_t o = 0; o < ctk::block_channels; ++o) {
            __builtin_memset(strip.sums + o * strip.row, 0,
                             ctk::block_channels * sizeof *strip.sums);
        }
    }
    for (int64_t first = 0; first < outputs; first += rows) {
        float *to = strip.sums + first * strip.row;
        RowSums<rows, inputs> sums = {};
        if (strip.adds) {
            for (int64_t row = 0; row < rows; ++row) {
                for (int64_t i = 0; i < registers; ++i) {
                    sums.sums[row][i] = load(to + row * strip.row + i * lane_count);
                }
            }
        }
        for (int64_t number = 0; number < strip.segment_count; ++number) {
            const ctk::Segment &segment = strip.segments[number];
            sums.template add<false>(segment.left + first, 1, outputs, segment.right, inputs,
                                     segment.count);
        }
        sums.store_at(to, strip.row);
    }
}
