// Rows of an operand that one thread makes when it first needs them, and of which it keeps the
// last.

#pragma once

#include <cstdint>

namespace ctk {

// Which rows are there: row y lies in the place that y leaves when divided by `count`.
//
//   count = 3     place 0    place 1    place 2
//                   row 3      row 4      row 2     rows 2, 3 and 4 are there
struct KeptRows {
    int64_t count;
    // Of the row in each place; −1 for none.
    int64_t *numbers;

    // Whether the row is still to be made, which is then for the caller to do.
    bool takes(int64_t y) const {
        int64_t &number = numbers[y % count];
        if (number == y) return false;
        number = y;
        return true;
    }
};

}  // namespace ctk
