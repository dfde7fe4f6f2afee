// Decompositions of matrices, by LAPACK.

#include <ATen/ATen.h>

#include "boundary.h"

using clt::give;
using clt::guard;
using clt::tensor;

clt_status clt_singular_values(clt_tensor a, clt_tensor *out) {
    return guard([&] { give(at::linalg_svdvals(tensor(a)), out); });
}

clt_status clt_singular_value_decomposition(clt_tensor a, clt_tensor *left, clt_tensor *values,
                                            clt_tensor *right) {
    return guard([&] {
        auto [u, s, vh] = at::linalg_svd(tensor(a), false);
        give(u, left);
        give(s, values);
        give(vh, right);
    });
}
