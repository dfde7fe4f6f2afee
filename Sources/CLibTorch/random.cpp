// Randomness: generators that belong to the caller; libtorch's global one is never touched.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/DistributionsHelper.h>
#include <ATen/native/Distributions.h>
#include <ATen/ops/all.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/randperm.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <mutex>
#include <numeric>

#include "boundary.h"

using clt::generator;
using clt::give;
using clt::guard;
using clt::tensor;

namespace {

// Memory on the CPU for a tensor's elements, in their order; not set yet.
at::Tensor on_cpu_like(const at::Tensor &like) {
    return at::empty_like(like, like.options().device(at::kCPU));
}

// Overwrites a tensor with what `draw` puts into one on the CPU.
template <typename Draw>
clt_status fill(clt_tensor handle, Draw &&draw) {
    return guard([&] {
        c10::AutoGradMode no_gradient(false);
        auto &target = tensor(handle);
        if (target.device().is_cpu()) return draw(target);
        auto numbers = on_cpu_like(target);
        draw(numbers);
        target.copy_(numbers);
    });
}

}  // namespace

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
    return fill(handle,
                [&](at::Tensor &numbers) { numbers.uniform_(low, high, generator(source)); });
}

clt_status clt_fill_normal(clt_tensor handle, double mean, double deviation, clt_generator source) {
    return fill(handle,
                [&](at::Tensor &numbers) { numbers.normal_(mean, deviation, generator(source)); });
}

clt_status clt_bernoulli_like(clt_tensor like, double probability, clt_generator source,
                              clt_tensor *out) {
    return guard([&] {
        c10::AutoGradMode no_gradient(false);
        auto result = on_cpu_like(tensor(like));
        result.bernoulli_(probability, generator(source));
        give(clt::on_device(result, tensor(like).device()), out);
    });
}

// A few numbers at a time: straight from the generator, as going through tensors would cost more
// than the numbers.
clt_status clt_draw_uniform(clt_generator source, double *out, int64_t count) {
    return guard([&] {
        auto engine = at::check_generator<at::CPUGeneratorImpl>(generator(source));
        std::scoped_lock lock(engine->mutex_);
        at::uniform_real_distribution<double> uniform(0, 1);
        for (int64_t i = 0; i < count; ++i) out[i] = uniform(engine);
    });
}

clt_status clt_draw_gamma(clt_generator source, double concentration, double *out, int64_t count) {
    return guard([&] {
        TORCH_CHECK(concentration > 0 && std::isfinite(concentration),
                    "the concentration of a Gamma law must be positive, not ", concentration);
        auto engine = at::check_generator<at::CPUGeneratorImpl>(generator(source));
        std::scoped_lock lock(engine->mutex_);
        auto uniform = [&] { return at::uniform_real_distribution<double>(0, 1)(engine); };
        auto normal = [&] { return at::normal_distribution<double>(0, 1)(engine); };
        BaseSampler<double, decltype(uniform)> standard_uniform(uniform);
        BaseSampler<double, decltype(normal)> standard_normal(normal);
        for (int64_t i = 0; i < count; ++i) {
            out[i] = sample_gamma<double, double, decltype(uniform), decltype(normal)>(
                concentration, standard_uniform, standard_normal);
        }
    });
}

// As at::randperm does it, without the calls around it.
clt_status clt_random_permutation(int64_t count, clt_generator source, clt_tensor *out) {
    return guard([&] {
        constexpr int64_t few = 1 << 16;
        if (count < 0 || count > few) {
            return give(at::randperm(count, generator(source), at::kLong), out);
        }
        auto result = at::empty({count}, at::kLong);
        auto order = result.mutable_data_ptr<int64_t>();
        std::iota(order, order + count, int64_t{0});
        auto engine = at::check_generator<at::CPUGeneratorImpl>(generator(source));
        std::scoped_lock lock(engine->mutex_);
        for (int64_t i = 0; i + 1 < count; ++i) {
            std::swap(order[i], order[i + engine->random() % (count - i)]);
        }
        give(result, out);
    });
}
