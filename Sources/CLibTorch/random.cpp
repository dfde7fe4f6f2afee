// Randomness: generators that belong to the caller; libtorch's global one is never touched.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/_standard_gamma.h>
#include <ATen/ops/all.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/randperm.h>
#include <c10/core/GradMode.h>

#include "boundary.h"

using clt::generator;
using clt::give;
using clt::guard;
using clt::tensor;

clt_status clt_generator_new(uint64_t seed, clt_generator *out) {
    return guard([&] { out->impl = new at::Generator(at::detail::createCPUGenerator(seed)); });
}

void clt_generator_free(clt_generator handle) { delete static_cast<at::Generator *>(handle.impl); }

clt_status clt_generator_state(clt_generator handle, clt_tensor *out) {
    return guard([&] { give(generator(handle).get_state(), out); });
}

clt_status clt_generator_set_state(clt_generator handle, clt_tensor state) {
    return guard([&] { generator(handle).set_state(tensor(state)); });
}

clt_status clt_fill_uniform(clt_tensor handle, double low, double high, clt_generator source) {
    return guard([&] {
        c10::AutoGradMode no_gradient(false);
        tensor(handle).uniform_(low, high, generator(source));
    });
}

clt_status clt_fill_normal(clt_tensor handle, double mean, double deviation, clt_generator source) {
    return guard([&] {
        c10::AutoGradMode no_gradient(false);
        tensor(handle).normal_(mean, deviation, generator(source));
    });
}

clt_status clt_bernoulli_like(clt_tensor like, double probability, clt_generator source,
                              clt_tensor *out) {
    return guard([&] {
        c10::AutoGradMode no_gradient(false);
        auto result = at::empty_like(tensor(like));
        give(result.bernoulli_(probability, generator(source)), out);
    });
}

clt_status clt_standard_gamma(clt_tensor concentration, clt_generator source, clt_tensor *out) {
    return guard([&] {
        // libtorch does not check, and draws nonsense for the others.
        TORCH_CHECK(at::all(tensor(concentration).ge(0)).item<bool>(),
                    "a Gamma distribution needs concentrations of at least 0");
        give(at::_standard_gamma(tensor(concentration), generator(source)), out);
    });
}

clt_status clt_random_permutation(int64_t count, clt_generator source, clt_tensor *out) {
    return guard([&] { give(at::randperm(count, generator(source), at::kLong), out); });
}
