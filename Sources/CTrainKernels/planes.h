// Places within planes.

#pragma once

#include "ctrainkernels.h"

namespace ctk {

// The place of a column, counted with the border, within its row.
inline int64_t column_place(const ctk_planes &planes, int64_t column) {
    if (!planes.is_split) return column * planes.batch;
    int64_t even_columns = (planes.width + 2 * planes.border + 1) / 2;
    return (column % 2 * even_columns + column / 2) * planes.batch;
}

// The first example of a pixel.
inline float *pixel(const ctk_planes &planes, int64_t channel, int64_t y, int64_t x) {
    return planes.elements + channel * planes.channel + y * planes.row +
           column_place(planes, x + planes.border);
}

// The first pixel of a row that is not split; the row's pixels follow without a gap.
inline float *row(const ctk_planes &planes, int64_t channel, int64_t y) {
    return planes.elements + channel * planes.channel + y * planes.row +
           planes.border * planes.batch;
}

// The number of elements from the first to the last pixel of a row.
inline int64_t row_length(const ctk_planes &planes) { return planes.width * planes.batch; }

// From one position to the next in what ctk_transpose_planes makes.
inline int64_t positions_pitch(const ctk_planes &planes) {
    return (planes.channels + 15) / 16 * 16;
}

}  // namespace ctk
