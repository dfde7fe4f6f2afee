// Examples as they are given, [batch][size], and as they are taken: looked up if they are bytes,
// and mixed with their partners or not.

#pragma once

#include <algorithm>
#include <vector>

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
        : batch(batch), size(size), kernels(team.kernels), given(given), mix(mix) {}

    const int64_t batch, size;

    // In memory that the thread keeps, until its next call; or where they are.
    Columns columns(int64_t first, int64_t count) const {
        Columns plain = given.numbers ? Columns{given.numbers + first, size} : found(first, count);
        if (mix == nullptr) return plain;
        thread_local std::vector<float> mixed;
        mixed.resize(batch * count);
        kernels.interpolate_rows({*mix, plain.elements, plain.row, count, 0, batch, mixed.data()});
        return {mixed.data(), count};
    }

  private:
    // So far ahead.
    static constexpr int64_t fetched = 64;
    const Kernels &kernels;
    const ctk_examples &given;
    const ctk_mix *const mix;

    // What the table has for some bytes of all examples. Whoever comes next wants those behind
    // them, which are fetched meanwhile.
    Columns found(int64_t first, int64_t count) const {
        thread_local std::vector<float> numbers;
        numbers.resize(batch * count);
        for (int64_t place = first, end; place < first + count; place = end) {
            int64_t channel = place / given.channel_size;
            end = std::min((channel + 1) * given.channel_size, first + count);
            const float *table = given.table + 256 * channel;
            for (int64_t n = 0; n < batch; ++n) {
                const uint8_t *bytes = given.bytes + given.rows[n] * size;
                __builtin_prefetch(bytes + place + fetched);
                float *to = numbers.data() + n * count - first;
                for (int64_t i = place; i < end; ++i) to[i] = table[bytes[i]];
            }
        }
        return {numbers.data(), count};
    }
};

}  // namespace ctk
