// A matrix with rows and columns exchanged:
//
//   input  ┌ a b c ┐  row 0          output  ┌ a d ┐
//          └ d e f ┘  row 1                  │ b e │
//                                            └ c f ┘
//
// Square blocks are moved at a time, so that both sides are gone through a cache line at a time.

static void transpose(const float *input, int64_t input_row, float *output, int64_t output_row,
                      int64_t rows, int64_t columns) {
    constexpr int64_t side = 16;
    for (int64_t row = 0; row < rows; row += side) {
        int64_t row_end = row + side < rows ? row + side : rows;
        for (int64_t column = 0; column < columns; column += side) {
            int64_t column_end = column + side < columns ? column + side : columns;
            for (int64_t to = column; to < column_end; ++to) {
                for (int64_t from = row; from < row_end; ++from) {
                    output[to * output_row + from] = input[from * input_row + to];
                }
            }
        }
    }
}
