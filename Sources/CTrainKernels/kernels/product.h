// The one matrix product of the engine: every layer's output and both of its gradients.
//
//                      right: one row for each step, right_step apart
//                      ┌──────────────────────┐
//                      │ · · · · columns · · ·│ step 0
//                      │ · · · · · · · · · · ·│ step 1
//                      └──────────────────────┘
//   left               ┌──────────────────────┐
//   ┌ · · ┐ row 0      │                      │  result = start + bias + Σ over the steps of
//   │ · · │ row 1      │    tile in registers │           left[row][step] · right[step][column]
//   └ · · ┘ row …      │                      │
//    steps             └──────────────────────┘
//
// One number of the left operand at a time is multiplied with whole registers of the right one. The
// steps come in segments, such as the taps of a convolution, each with places of its own in memory.
// The last register of a row may be read, but is not written, beyond `columns`.

// The tile that fits into the registers, beside a row of the right operand and a number of the
// left.
constexpr bool has_32_registers = CTK_REGISTERS == 32;
constexpr int64_t tile_rows = has_32_registers ? 8 : 6;
constexpr int64_t tile_registers = has_32_registers ? 3 : 2;
constexpr int64_t tile_columns = tile_registers * lane_count;

template <int64_t rows, int64_t registers>
CTK_INLINE void multiply_tile(const Tile &tile) {
#pragma clang fp contract(fast)
    Lanes sums[rows][registers];
    int64_t last = tile.columns - (registers - 1) * lane_count;
    int64_t left_places[rows];
#pragma clang loop unroll(full)
    for (int64_t row = 0; row < rows; ++row) {
        // Rows that the tile lacks repeat its last one, and are not stored.
        int64_t present = row < tile.rows ? row : tile.rows - 1;
        left_places[row] = present * tile.left_row;
        Lanes start = all(tile.bias ? tile.bias[present] : 0.0f);
#pragma clang loop unroll(full)
        for (int64_t i = 0; i < registers; ++i) {
            sums[row][i] = start;
            if (tile.start) {
                sums[row][i] += load(tile.start + present * tile.start_row + i * lane_count,
                                     i + 1 < registers ? lane_count : last);
            }
        }
    }
    for (int64_t number = 0; number < tile.segment_count; ++number) {
        const float *left = tile.segments[number].left;
        const float *right = tile.segments[number].right;
        for (int64_t step = tile.segments[number].count; step > 0; --step) {
            Lanes factors[registers];
#pragma clang loop unroll(full)
            for (int64_t i = 0; i < registers; ++i) factors[i] = load(right + i * lane_count);
#pragma clang loop unroll(full)
            for (int64_t row = 0; row < rows; ++row) {
                Lanes factor = all(left[left_places[row]]);
#pragma clang loop unroll(full)
                for (int64_t i = 0; i < registers; ++i) {
                    sums[row][i] += factor * factors[i];
                }
            }
            left += tile.left_step;
            right += tile.right_step;
        }
    }
#pragma clang loop unroll(full)
    for (int64_t row = 0; row < rows; ++row) {
        float *result = tile.result + row * tile.result_row;
        if (row < tile.rows) {
#pragma clang loop unroll(full)
            for (int64_t i = 0; i < registers; ++i) {
                store(result + i * lane_count, sums[row][i], i + 1 < registers ? lane_count : last);
            }
        }
    }
}

template <int64_t rows>
static void multiply_rows(const Tile &tile) {
    static_assert(tile_registers == 2 || tile_registers == 3);
    if (tile.columns <= lane_count) return multiply_tile<rows, 1>(tile);
    if (tile.columns <= 2 * lane_count) return multiply_tile<rows, 2>(tile);
    multiply_tile<rows, tile_registers>(tile);
}

// Channels come in powers of two more often than in multiples of six.
static void multiply(const Tile &tile) {
    static_assert(tile_rows > 4);
    if (tile.rows <= 4) return multiply_rows<4>(tile);
    multiply_rows<tile_rows>(tile);
}

// What is read of the right operand at once takes 16 KiB. Tiles of 32 registers need so little of
// it for each product that the second cache keeps up.
static constexpr ctk::Product product = {multiply, tile_rows, tile_columns,
                                         has_32_registers ? INT64_MAX : 4096 / tile_columns,
                                         has_32_registers ? 1 : 8};
