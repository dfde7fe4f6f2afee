// A matrix with rows and columns exchanged:
//
//   input  ┌ a b c ┐  row 0          output  ┌ a d ┐
//          └ d e f ┘  row 1                  │ b e │
//                                            └ c f ┘
//
// Square blocks as wide as a register are moved at a time. A block of 2ⁿ registers is exchanged by
// n rounds of one shuffle, which lays the numbers of registers i and i + half side by side.

#if CTK_LANES == 16
#define CTK_FIRST_HALVES 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define CTK_SECOND_HALVES 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif CTK_LANES == 8
#define CTK_FIRST_HALVES 0, 8, 1, 9, 2, 10, 3, 11
#define CTK_SECOND_HALVES 4, 12, 5, 13, 6, 14, 7, 15
#else
#define CTK_FIRST_HALVES 0, 4, 1, 5
#define CTK_SECOND_HALVES 2, 6, 3, 7
#endif

CTK_INLINE void transpose_block(const float *input, int64_t input_row, float *output,
                                int64_t output_row, int64_t rows, int64_t columns) {
    constexpr int64_t half = lane_count / 2;
    Lanes block[lane_count], next[lane_count];
#pragma clang loop unroll(full)
    for (int64_t row = 0; row < lane_count; ++row) {
        block[row] = row < rows ? load(input + row * input_row, columns) : all(0);
    }
#pragma clang loop unroll(full)
    for (int64_t width = 1; width < lane_count; width *= 2) {
#pragma clang loop unroll(full)
        for (int64_t i = 0; i < half; ++i) {
            next[2 * i] = __builtin_shufflevector(block[i], block[i + half], CTK_FIRST_HALVES);
            next[2 * i + 1] = __builtin_shufflevector(block[i], block[i + half], CTK_SECOND_HALVES);
        }
#pragma clang loop unroll(full)
        for (int64_t i = 0; i < lane_count; ++i) block[i] = next[i];
    }
#pragma clang loop unroll(full)
    for (int64_t column = 0; column < lane_count; ++column) {
        if (column < columns) store(output + column * output_row, block[column], rows);
    }
}

static void transpose(const float *input, int64_t input_row, float *output, int64_t output_row,
                      int64_t rows, int64_t columns) {
    for (int64_t row = 0; row < rows; row += lane_count) {
        for (int64_t column = 0; column < columns; column += lane_count) {
            transpose_block(input + row * input_row + column, input_row,
                            output + column * output_row + row, output_row,
                            rows - row < lane_count ? rows - row : lane_count,
                            columns - column < lane_count ? columns - column : lane_count);
        }
    }
}

#undef CTK_FIRST_HALVES
#undef CTK_SECOND_HALVES
