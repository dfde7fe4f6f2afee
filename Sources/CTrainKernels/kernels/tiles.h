// The product of pairs of bfloat16 in AMX's tile registers of 16 rows of 16 pairs or floats.
//
// Four tiles of sums, two of either operand. Both operands lie in memory as the instruction takes
// them: pairs of a row side by side on the left, rows of pairs on the right.
//
//             right 0   right 1
//           ┌─────────┬─────────┐
//   left 0  │ sums 0  │ sums 1  │
//   left 1  │ sums 2  │ sums 3  │
//           └─────────┴─────────┘
//
// What fills no tile, of rows or of steps, is copied to where zeros stand around it.

constexpr int64_t side = 16;

typedef float Square16[side][side];

// Rows of a matrix as a tile: in place if they fill it, or copied.
struct TileRows {
    const float *first;
    int64_t row;
};

CTK_INLINE TileRows whole_tile(const float *first, int64_t row, int64_t rows, int64_t columns,
                               Square16 copy) {
    if (rows >= side && columns >= side) return {first, row};
    for (int64_t i = 0; i < side; ++i) {
        for (int64_t k = 0; k < side; ++k) {
            copy[i][k] = i < rows && k < columns ? first[i * row + k] : 0;
        }
    }
    return {copy[0], side};
}

// Left operands are taken with a left_step of 1.
static void multiply_in_tiles(const Tile &tile) {
    CTK_TILE_BEGIN();
    alignas(64) Square16 first_left, second_left, first_right, second_right;
    CTK_TILE_ZERO(0);
    CTK_TILE_ZERO(1);
    CTK_TILE_ZERO(2);
    CTK_TILE_ZERO(3);
    bool has_second_rows = tile.rows > side, has_second_columns = tile.columns > side;
    for (int64_t number = 0; number < tile.segment_count; ++number) {
        const Segment &segment = tile.segments[number];
        for (int64_t step = 0; step < segment.count; step += side) {
            int64_t steps = segment.count - step;
            const float *left = segment.left + step;
            const float *right = segment.right + step * tile.right_step;
            TileRows rows = whole_tile(left, tile.left_row, tile.rows, steps, first_left);
            CTK_TILE_LOAD(4, rows.first, rows.row);
            // A row may be read, but not to its end, beyond the tile's columns.
            TileRows columns = whole_tile(right, tile.right_step, steps, side, first_right);
            CTK_TILE_LOAD(6, columns.first, columns.row);
            CTK_TILE_MULTIPLY(0, 4, 6);
            if (has_second_columns) {
                columns = whole_tile(right + side, tile.right_step, steps, side, second_right);
                CTK_TILE_LOAD(7, columns.first, columns.row);
                CTK_TILE_MULTIPLY(1, 4, 7);
            }
            if (!has_second_rows) continue;
            rows = whole_tile(left + side * tile.left_row, tile.left_row, tile.rows - side, steps,
                              second_left);
            CTK_TILE_LOAD(5, rows.first, rows.row);
            CTK_TILE_MULTIPLY(2, 5, 6);
            if (has_second_columns) CTK_TILE_MULTIPLY(3, 5, 7);
        }
    }
    alignas(64) float sums[2 * side][2 * side];
    CTK_TILE_STORE(0, sums[0], 2 * side);
    CTK_TILE_STORE(1, sums[0] + side, 2 * side);
    CTK_TILE_STORE(2, sums[side], 2 * side);
    CTK_TILE_STORE(3, sums[side] + side, 2 * side);
    for (int64_t row = 0; row < tile.rows; ++row) {
        float *result = tile.result + row * tile.result_row;
        for (int64_t column = 0; column < tile.columns; column += lane_count) {
            int64_t present = tile.columns - column;
            Lanes sum = load(sums[row] + column);
            if (tile.bias) sum += all(tile.bias[row]);
            if (tile.start) {
                sum += load(tile.start + row * tile.start_row + column, present);
            }
            store(result + column, sum, present);
        }
    }
}
