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

// Sums of the distances of each channel from its first number, which is so near to the mean that
// nothing cancels.
struct StripMoments {
    Unit first, distances = {}, squares = {};

    void add(const Unit &position, bool is_first) {
        if (is_first) first = position;
        for_each_register_of_block([&](int64_t i) {
            Lanes distance = position.lanes[i] - first.lanes[i];
            distances.lanes[i] += distance;
            squares.lanes[i] += distance * distance;
        });
    }

    ctk::BlockMoments of(int64_t count) const {
        ctk::BlockMoments moments;
        moments.count = count;
        for (int64_t i = 0; i < ctk::block_channels; ++i) {
            int64_t number = i / lane_count, lane = i % lane_count;
            double distance = distances.lanes[number][lane];
            moments.means[i] = first.lanes[number][lane] + distance / count;
            moments.squares[i] = squares.lanes[number][lane] - distance * distance / count;
        }
        return moments;
    }
};

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
template <bool is_narrow, bool has_moments, bool has_slopes, bool is_normalized>
static void convolve_strip_with(const ctk::BlockStrip &strip) {
    // Of the four tiles.
    constexpr int64_t units = 2 * side, positions = (is_narrow ? 2 : 1) * units;
    // So far ahead, positions and units are fetched into the second cache.
    constexpr int64_t distance = 8 * side;
    const int64_t unit_count = is_narrow ? (strip.positions + 1) / 2 : strip.positions;
    const int64_t left_row = strip.left_row;
    CTK_TILE_BEGIN();
    // Of the units that are multiplied, and of those that are finished.
    alignas(64) float sums[2][units][ctk::block_channels];
    StripMoments all_moments;
    Unit all_slopes = {}, all_products = {};
    auto finish = [&](int64_t start, int64_t from, int64_t to) {
        // In registers, while it lasts.
        StripMoments moments = all_moments;
        Unit slopes = all_slopes, products = all_products;
        for (int64_t unit = from; unit < to; ++unit) {
            int64_t place = (start + unit) * ctk::block_channels;
            const float *sum = sums[start / units % 2][unit];
            if (strip.result) {
                __builtin_prefetch(strip.result + place + distance * ctk::block_channels, 1, 2);
            }
            Unit result;
            for_each_register_of_block([&](int64_t i) {
                Lanes value = load(strip.bias + i * lane_count) + load(sum + i * lane_count);
                if (strip.added) value += load(strip.added + place + i * lane_count);
                result.lanes[i] = value;
            });
            if (strip.numbers) {
                for_each_register_of_block([&](int64_t i) {
                    store(strip.numbers + place + i * lane_count, result.lanes[i]);
                });
            }
            if (strip.result) store(strip.result + place, result);
            if constexpr (is_normalized) {
                for_each_register_of_block([&](int64_t i) {
                    result.lanes[i] =
                        activated(strip.activation, normalized(*strip.factors, result.lanes[i], i));
                });
                store(strip.normalized + place, result);
            }
            if constexpr (has_moments) moments.add(result, place == 0);
            if constexpr (has_slopes) {
                add_slopes(*strip.slopes, result, strip.slopes->input + place, slopes, products);
            }
        }
        all_moments = moments;
        all_slopes = slopes;
        all_products = products;
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
                    prefetch_units(left + distance * left_row, positions * left_row / side);
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
    if constexpr (has_moments) *strip.moments = all_moments.of(unit_count);
    if constexpr (has_slopes) take_slopes(all_slopes, all_products, *strip.slopes->sums);
}

template <bool is_narrow>
static void convolve_strip_as(const ctk::BlockStrip &strip) {
    if (strip.moments) return convolve_strip_with<is_narrow, true, false, false>(strip);
    if (strip.slopes) return convolve_strip_with<is_narrow, false, true, false>(strip);
    if (strip.normalized) return convolve_strip_with<is_narrow, false, false, true>(strip);
    convolve_strip_with<is_narrow, false, false, false>(strip);
}

static void convolve_strip(const ctk::BlockStrip &strip) {
    if (strip.is_narrow) return convolve_strip_as<true>(strip);
    convolve_strip_as<false>(strip);
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
        for (int64_t step = 0; step < strip.segments[number].count; ++step) {
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
static void add_narrow_gradient(const ctk::GradientStrip &strip) {
    constexpr int64_t one = side * side;
    CTK_TILE_BEGIN();
    CTK_ZERO_SUMS();
    for (int64_t number = 0; number < strip.segment_count; ++number) {
        const float *left = strip.segments[number].left, *right = strip.segments[number].right;
        int64_t rest = strip.segments[number].count;
        for (; rest >= 4; rest -= 4) {
            CTK_MULTIPLY_NARROW_GRADIENT(0, 4, left, 6, right);
            CTK_MULTIPLY_NARROW_GRADIENT(1, 5, left + one, 7, right + one);
            CTK_MULTIPLY_NARROW_GRADIENT(2, 4, left + 2 * one, 6, right + 2 * one);
            CTK_MULTIPLY_NARROW_GRADIENT(3, 5, left + 3 * one, 7, right + 3 * one);
            left += 4 * one;
            right += 4 * one;
        }
        for (; rest > 0; --rest) {
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

static void add_gradient(const ctk::GradientStrip &strip) {
    if (strip.is_left_narrow && strip.is_right_narrow) return add_narrow_gradient(strip);
    if (strip.is_left_narrow) return add_gradient_as<true, false>(strip);
    if (strip.is_right_narrow) return add_gradient_as<false, true>(strip);
    add_gradient_as<false, false>(strip);
}
