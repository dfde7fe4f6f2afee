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

#define CTK_STORE_SUMS(sums, row)                  \
    CTK_TILE_STORE(0, sums, row);                  \
    CTK_TILE_STORE(1, (sums) + side, row);         \
    CTK_TILE_STORE(2, (sums) + side * (row), row); \
    CTK_TILE_STORE(3, (sums) + side * (row) + side, row)

// Makes the tile registers of this thread ready for products, until something else configures them.
// It takes as long as many products, and waits for those before.
static void configure_tiles() { CTK_TILE_CONFIGURE(); }

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

CTK_INLINE void prefetch_positions(const float *positions) {
    for (int64_t row = 0; row < 2 * side; ++row) __builtin_prefetch(positions + row * side, 0, 2);
}

// The sums of 32 positions are finished, rounded and stored while those of the next are made.
template <bool has_moments, bool has_slopes, bool is_normalized>
static void convolve_strip_with(const ctk::BlockStrip &strip) {
    constexpr int64_t tile = 2 * side;
    // So far ahead, positions are fetched into the second cache.
    constexpr int64_t distance = 4 * tile;
    CTK_TILE_BEGIN();
    // Of the positions that are multiplied, and of those that are finished.
    alignas(64) float sums[2][tile][ctk::block_channels];
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
                Lanes value = load(sum + i * lane_count) + load(strip.bias + i * lane_count);
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
        CTK_TILE_ZERO(0);
        CTK_TILE_ZERO(1);
        CTK_TILE_ZERO(2);
        CTK_TILE_ZERO(3);
        for (int64_t number = 0; number < strip.segment_count; ++number) {
            const ctk::BlockSegment &segment = strip.segments[number];
            if (start + tile <= segment.begin || start >= segment.end) continue;
            const float *left = segment.left + start * side;
            const float *right = segment.right;
            for (int64_t step = 0; step < segment.count; ++step) {
                if (number == strip.newest) prefetch_positions(left + distance * side);
                CTK_MULTIPLY_STEP(left, side, side * side, right, side, side * side);
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
        CTK_STORE_SUMS(made, ctk::block_channels);
    }
    int64_t last = (strip.positions - 1) / tile * tile;
    finish(last, 0, strip.positions - last);
    if constexpr (has_moments) *strip.moments = all_moments.of(strip.positions);
    if constexpr (has_slopes) take_slopes(all_slopes, all_products, *strip.slopes->sums);
}

static void convolve_strip(const ctk::BlockStrip &strip) {
    if (strip.moments) return convolve_strip_with<true, false, false>(strip);
    if (strip.slopes) return convolve_strip_with<false, true, false>(strip);
    if (strip.normalized) return convolve_strip_with<false, false, true>(strip);
    convolve_strip_with<false, false, false>(strip);
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
        CTK_TILE_ZERO(0);
        CTK_TILE_ZERO(1);
        CTK_TILE_ZERO(2);
        CTK_TILE_ZERO(3);
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
