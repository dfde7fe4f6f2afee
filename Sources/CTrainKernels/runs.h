// The geometry of convolutions: which runs of pixels the taps of a filter read and write.

#pragma once

#include <algorithm>

#include "planes.h"

namespace ctk {

struct Tap {
    int64_t weight;  // within the weights
    int64_t place;   // within the rows of one channel
    // Where in the run it reads pixels of the image; elsewhere it reads the border's zeros.
    int64_t begin, end;
};

// Part of a row of the result: `length` elements from `place` on, and the taps that they are sums
// of.
struct Run {
    int64_t place, length;
    Tap taps[9];
    int64_t tap_count;
};

inline int64_t taps(const ctk_filter &filter) { return filter.kernel_size * filter.kernel_size; }

inline int64_t padding(const ctk_filter &filter) { return filter.kernel_size / 2; }

// The columns of the output for which column kx of the filter lies within the image.
struct Columns {
    int64_t begin, end;

    Columns(const ctk_filter &filter, const ctk_planes &input, const ctk_planes &output,
            int64_t kx) {
        int64_t beside = padding(filter) - kx, stride = filter.stride;
        begin = std::max<int64_t>(beside + stride - 1, 0) / stride;
        end = std::max<int64_t>(input.width + beside + stride - 1, 0) / stride;
        end = std::max(begin, std::min(end, output.width));
    }
};

// Row y of the output.
inline Run output_run(const ctk_filter &filter, const ctk_planes &input, const ctk_planes &output,
                      int64_t y) {
    Run run{y * output.row + output.border * output.pitch, row_length(output), {}, 0};
    for (int64_t ky = 0; ky < filter.kernel_size; ++ky) {
        int64_t from = y * filter.stride + ky - padding(filter);
        if (from < 0 || from >= input.height) continue;
        for (int64_t kx = 0; kx < filter.kernel_size; ++kx) {
            Columns columns(filter, input, output, kx);
            run.taps[run.tap_count++] = {
                (ky * filter.kernel_size + kx) * filter.tap,
                from * input.row + column_place(input, kx - padding(filter) + input.border),
                columns.begin * output.pitch, columns.end * output.pitch};
        }
    }
    return run;
}

// The columns of row y of the input whose number, counted with the border, leaves `remainder` when
// divided by the stride: neighbours in split planes.
inline Run input_run(const ctk_filter &filter, const ctk_planes &output, const ctk_planes &input,
                     int64_t y, int64_t remainder) {
    int64_t stride = filter.stride;
    // The first such column within the image.
    int64_t first = input.border + (remainder - input.border % stride + stride) % stride;
    int64_t columns = (input.border + input.width - first + stride - 1) / stride;
    Run run{y * input.row + column_place(input, first),
            std::max<int64_t>(columns, 0) * input.pitch,
            {},
            0};
    for (int64_t ky = 0; ky < filter.kernel_size; ++ky) {
        int64_t above = y + padding(filter) - ky;
        if (above < 0 || above % stride != 0 || above / stride >= output.height) continue;
        for (int64_t kx = 0; kx < filter.kernel_size; ++kx) {
            int64_t left = first - input.border + padding(filter) - kx;
            // Beyond the left end there is one column of the border; the right end has one too.
            if (left % stride != 0) continue;
            left /= stride;
            run.taps[run.tap_count++] = {
                (ky * filter.kernel_size + kx) * filter.tap,
                above / stride * output.row + (left + output.border) * output.pitch,
                -left * output.pitch, (output.width - left) * output.pitch};
        }
    }
    return run;
}

}  // namespace ctk
