// Rows of an operand that one thread makes when it first needs them, and of which it keeps the
// last.

#pragma once

#include <cstdint>

namespace ctk {

// Row y of each block lies in the place that y leaves when divided by `count`.
//
//   count = 3     place 0    place 1    place 2
//                   row 3      row 4      row 2     rows 2, 3 and 4 are there
struct KeptRows {
    // Numbers of one row.
    int64_t row;
    int64_t count;
    float *elements = nullptr;
    // From one block to the next, if that is more than its rows.
    int64_t block_step = 0;
    // Of the row in each place, or null where all rows are there.
    int64_t *numbers = nullptr;

    int64_t block() const { return block_step > 0 ? block_step : count * row; }

    float *at(int64_t number, int64_t y) const {
        return elements + number * block() + y % count * row;
    }

    // Whether the row is still to be made, which is then for the caller to do.
    bool takes(int64_t y) const {
        int64_t &number = numbers[y % count];
        if (number == y) return false;
        number = y;
        return true;
    }
};

}  // namespace ctk
