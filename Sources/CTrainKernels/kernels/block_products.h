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

// Adds one step to the four tiles of sums; the second tiles of either operand lie so far behind the
// first. What is on the left is read once, and need not push the right one out of the first cache.
#define CTK_MULTIPLY_STEP(left, left_row, second_left, right, right_row, second_right) \
    CTK_TILE_STREAM(4, left, left_row);                                                \
    CTK_TILE_LOAD(6, right, right_row);                                                \
    CTK_TILE_MULTIPLY(0, 4, 6);                                                        \
    CTK_TILE_LOAD(7, (right) + (second_right), right_row);                             \
    CTK_TILE_MULTIPLY(1, 4, 7);                                                        \
    CTK_TILE_STREAM(5, (left) + (second_left), left_row);                              \
    CTK_TILE_MULTIPLY(2, 5, 6);                                                        \
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
// It takes as long as many products, and waits for those before. Where no position has more than 16
// channels, products are half as long.
static void configure_tiles(bool is_half) { CTK_TILE_CONFIGURE(is_half); }

// Sums of the distances of each channel from its first number, which is so near to the mean that
// nothing cancels.
struct StripMoments {
    Position first, distances = {}, squares = {};

    void add(const Position &position, bool is_first) {
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

CTK_INLINE void prefetch_positions(const float *positions, int64_t count) {
    for (int64_t row = 0; row < count; ++row) __builtin_prefetch(positions + row * side, 0, 2);
}

// The same four tiles of sums for 64 positions and 16 channels of the result.
#define CTK_MULTIPLY_NARROW_STEP(left, right)           \
    CTK_TILE_LOAD(6, right, side);                      \
    CTK_TILE_STREAM(4, left, side);                     \
    CTK_TILE_MULTIPLY(0, 4, 6);                         \
    CTK_TILE_STREAM(5, (left) + side * side, side);     \
    CTK_TILE_MULTIPLY(1, 5, 6);                         \
    CTK_TILE_STREAM(4, (left) + 2 * side * side, side); \
    CTK_TILE_MULTIPLY(2, 4, 6);                         \
    CTK_TILE_STREAM(5, (left) + 3 * side * side, side); \
    CTK_TILE_MULTIPLY(3, 5, 6)

// The sums of some positions are finished, rounded and stored while those of the next are made. A
// narrow result has no more than 16 channels.
template <bool is_narrow, bool has_moments, bool has_slopes, bool is_normalized>
static void convolve_strip_with(const ctk::BlockStrip &strip) {
    constexpr int64_t tile = (is_narrow ? 4 : 2) * side;
    constexpr int64_t columns = (is_narrow ? 1 : 2) * side;
    // So far ahead, positions are fetched into the second cache.
    constexpr int64_t distance = 8 * side;
    CTK_TILE_BEGIN();
    // Of the positions that are multiplied, and of those that are finished.
    alignas(64) float sums[2][tile][columns];
    StripMoments all_moments;
    Position all_slopes = {}, all_products = {};
    auto finish = [&](int64_t start, int64_t from, int64_t to) {
        // In registers, while it lasts.
        StripMoments moments = all_moments;
        Position slopes = all_slopes, products = all_products;
        for (int64_t row = from; row < to; ++row) {
            int64_t place = (start + row) * ctk::block_channels;
            const float *sum = sums[start / tile % 2][row];
            if (strip.result) {
                __builtin_prefetch(strip.result + place + distance * ctk::block_channels, 1, 2);
            }
            Position result;
            for_each_register_of_block([&](int64_t i) {
                Lanes value = load(strip.bias + i * lane_count);
                if (i * lane_count < columns) value += load(sum + i * lane_count);
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
    int64_t rows_at_once = tile / (steps + 1) + 1;
    for (int64_t start = 0; start < strip.positions; start += tile) {
        int64_t finished = start == 0 ? tile : 0;
        CTK_ZERO_SUMS();
        for (int64_t number = 0; number < strip.segment_count; ++number) {
            const ctk::BlockSegment &segment = strip.segments[number];
            if (start + tile <= segment.begin || start >= segment.end) continue;
            const float *left = segment.left + start * side;
            const float *right = segment.right;
            for (int64_t step = 0; step < segment.count; ++step) {
                if (number == strip.newest) prefetch_positions(left + distance * side, tile);
                if constexpr (is_narrow) {
                    CTK_MULTIPLY_NARROW_STEP(left, right);
                } else {
                    CTK_MULTIPLY_STEP(left, side, side * side, right, side, side * side);
                }
                left += strip.left_step;
                right += block_step;
                if (finished < tile) {
                    int64_t end = finished + rows_at_once < tile ? finished + rows_at_once : tile;
                    finish(start - tile, finished, end);
                    finished = end;
                }
            }
        }
        if (start > 0) finish(start - tile, finished, tile);
        float *made = sums[start / tile % 2][0];
        if constexpr (is_narrow) {
            CTK_TILE_STORE(0, made, side);
            CTK_TILE_STORE(1, made + side * side, side);
            CTK_TILE_STORE(2, made + 2 * side * side, side);
            CTK_TILE_STORE(3, made + 3 * side * side, side);
        } else {
            CTK_STORE_SUMS(made, 2 * side);
        }
    }
    int64_t last = (strip.positions - 1) / tile * tile;
    finish(last, 0, strip.positions - last);
    if constexpr (has_moments) *strip.moments = all_moments.of(strip.positions);
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

// Left operands have positions innermost, right ones channels: sums[output][input] of 32 × 32,
// whose rows are so far apart.
static void add_block_gradient(const Segment *segments, int64_t segment_count, bool adds,
                               float *sums, int64_t row) {
    CTK_TILE_BEGIN();
    if (adds) {
        CTK_TILE_LOAD(0, sums, row);
        CTK_TILE_LOAD(1, sums + side, row);
        CTK_TILE_LOAD(2, sums + side * row, row);
        CTK_TILE_LOAD(3, sums + side * row + side, row);
    } else {
        CTK_ZERO_SUMS();
    }
    for (int64_t number = 0; number < segment_count; ++number) {
        const float *left = segments[number].left, *right = segments[number].right;
        for (int64_t step = 0; step < segments[number].count; ++step) {
            CTK_MULTIPLY_STEP(left, side, side * side, right, 2 * side, side);
            left += block_step;
            right += block_step;
        }
    }
    CTK_STORE_SUMS(sums, row);
}

// Adds one step to one tile of sums, by the given tiles of either operand.
#define CTK_MULTIPLY_NARROW_GRADIENT(sums, left_tile, left, right_tile, right) \
    CTK_TILE_STREAM(left_tile, left, side);                                    \
    CTK_TILE_LOAD(right_tile, right, 2 * side);                                \
    CTK_TILE_MULTIPLY(sums, left_tile, right_tile)

// The same for no more than 16 outputs and 16 inputs, a quarter of the sums: four steps side by
// side.
static void add_narrow_gradient(const Segment *segments, int64_t segment_count, bool adds,
                                float *sums) {
    CTK_TILE_BEGIN();
    CTK_ZERO_SUMS();
    for (int64_t number = 0; number < segment_count; ++number) {
        const float *left = segments[number].left, *right = segments[number].right;
        int64_t rest = segments[number].count;
        for (; rest >= 4; rest -= 4) {
            CTK_MULTIPLY_NARROW_GRADIENT(0, 4, left, 6, right);
            CTK_MULTIPLY_NARROW_GRADIENT(1, 5, left + block_step, 7, right + block_step);
            CTK_MULTIPLY_NARROW_GRADIENT(2, 4, left + 2 * block_step, 6, right + 2 * block_step);
            CTK_MULTIPLY_NARROW_GRADIENT(3, 5, left + 3 * block_step, 7, right + 3 * block_step);
            left += 4 * block_step;
            right += 4 * block_step;
        }
        for (; rest > 0; --rest) {
            CTK_MULTIPLY_NARROW_GRADIENT(0, 4, left, 6, right);
            left += block_step;
            right += block_step;
        }
    }
    alignas(64) float parts[4][side][side];
    CTK_TILE_STORE(0, parts[0][0], side);
    CTK_TILE_STORE(1, parts[1][0], side);
    CTK_TILE_STORE(2, parts[2][0], side);
    CTK_TILE_STORE(3, parts[3][0], side);
    if (!adds) __builtin_memset(sums, 0, 4 * side * side * sizeof *sums);
    for (int64_t row = 0; row < side; ++row) {
        float *to = sums + row * 2 * side;
        for (int64_t i = 0; i < side; i += lane_count) {
            store(to + i, load(to + i) + (load(parts[0][row] + i) + load(parts[1][row] + i)) +
                              (load(parts[2][row] + i) + load(parts[3][row] + i)));
        }
    }
}
