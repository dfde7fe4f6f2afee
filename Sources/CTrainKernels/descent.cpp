// Steps of stochastic gradient descent, and the length of a gradient.

#include <algorithm>

#include "team.h"

namespace {

constexpr int64_t part = 1 << 14;

}  // namespace

void ctk_descend(ctk_team *team, const ctk_descent *descent, double factor, float *parameters,
                 const float *gradients, float *momenta, int64_t count) {
    team->run((count + part - 1) / part, 1, [&](int64_t begin, int64_t end) {
        int64_t first = begin * part;
        team->kernels.descend(*descent, static_cast<float>(factor), parameters + first,
                              gradients + first, momenta == nullptr ? nullptr : momenta + first,
                              std::min(end * part, count) - first);
    });
}

double ctk_sum_of_squares(ctk_team *team, const float *values, int64_t count) {
    return team->kernels.sum_of_squares(values, 0, count);
}
