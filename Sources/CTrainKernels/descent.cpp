// Steps of stochastic gradient descent, and the length of a gradient.

#include <algorithm>

#include "team.h"

void ctk_descend(ctk_team *team, const ctk_update *update, double factor, const float *gradients,
                 int64_t count) {
    constexpr int64_t part = 1 << 14;
    team->run((count + part - 1) / part, 1, [&](int64_t begin, int64_t end) {
        int64_t first = begin * part, length = std::min(end * part, count) - first;
        team->kernels.descend({*update, static_cast<float>(factor), first, length,
                               gradients + first, length, 1, length});
    });
}

double ctk_sum_of_squares(ctk_team *team, const float *values, int64_t count) {
    return team->kernels.sum_of_squares(values, 0, count);
}
