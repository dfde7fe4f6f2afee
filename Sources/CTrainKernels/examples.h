// Examples as they are given, [batch][size], and as they are taken: mixed with their partners or
// not.

#pragma once

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

    Examples(const ctk_team &team, const float *elements, const ctk_mix *mix, int64_t batch,
             int64_t size)
        : batch(batch), size(size), kernels(team.kernels), elements(elements), mix(mix) {}

    const int64_t batch, size;

    // Mixed in memory that the thread keeps, until its next call.
    Columns columns(int64_t first, int64_t count) const {
        if (mix == nullptr) return {elements + first, size};
        thread_local std::vector<float> mixed;
        mixed.resize(batch * count);
        for (int64_t n = 0; n < batch; ++n) {
            kernels.interpolate_rows(elements + mix->order[n] * size + first,
                                     elements + n * size + first, mix->weights[n],
                                     mixed.data() + n * count, count);
        }
        return {mixed.data(), count};
    }

  private:
    const Kernels &kernels;
    const float *const elements;
    const ctk_mix *const mix;
};

}  // namespace ctk
