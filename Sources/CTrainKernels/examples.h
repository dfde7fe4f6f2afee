// Examples as they are given, [batch][size], and as they are taken: looked up if they are bytes,
// and mixed with their partners or not.

#pragma once

#include <algorithm>

#include "lines.h"
#include "team.h"

namespace ctk {

class Examples {
  public:
    // Some columns of all examples, and from one example to the next.
    struct Columns {
        const float *elements;
        int64_t row;
    };

    Examples(const ctk_team &team, const ctk_examples &given, const ctk_mix *mix, int64_t batch,
             int64_t size)
        : batch(batch), size(size), mix(mix), kernels(team.kernels), given(given) {}

    const int64_t batch, size;
    const ctk_mix *const mix;

    // In memory that the thread keeps, until its next call; or where they are.
    Columns columns(int64_t first, int64_t count) const {
        Columns plain = unmixed(first, count);
        if (mix == nullptr) return plain;
        thread_local Lines<float> mixed;
        mixed.resize(batch * count);
        kernels.interpolate_rows({*mix, plain.elements, plain.row, count, batch, mixed.data()});
        return {mixed.data(), count};
    }

    // The same before they are mixed.
    Columns unmixed(int64_t first, int64_t count) const {
        return given.numbers ? Columns{given.numbers + first, size} : found(first, count);
    }

  private:
    const Kernels &kernels;
    const ctk_examples &given;

    // What the table has for some bytes of all examples.
    Columns found(int64_t first, int64_t count) const {
        thread_local Lines<float> numbers;
        numbers.resize(batch * count);
        for (int64_t place = first, end; place < first + count; place = end) {
            int64_t channel = place / given.channel_size;
            end = std::min((channel + 1) * given.channel_size, first + count);
            kernels.look_up({given.table + 256 * channel, given.bytes + place, given.rows, size,
                             batch, end - place, numbers.data() + place - first, count});
        }
        return {numbers.data(), count};
    }
};

}  // namespace ctk
