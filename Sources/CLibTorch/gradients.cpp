// Gradients: recording, the backward pass, clipping, the optimizers' fused steps, averages.

#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>
#include <c10/core/GradMode.h>

#include <cmath>

#include "boundary.h"

using clt::give;
using clt::guard;
using clt::tensor;
using clt::tensors;

namespace {

// Whether two tensors of one shape have their elements on the same device, in the same order.
bool has_layout_of(const at::Tensor &tensor, const at::Tensor &other) {
    if (tensor.device() != other.device()) return false;
    for (int64_t i = 0; i < other.dim(); ++i) {
        if (other.size(i) != 1 && tensor.stride(i) != other.stride(i)) return false;
    }
    return true;
}

// The fused steps go through memory in order: gradients and buffers must lie in it as their
// parameters do, which may have changed their memory format, or moved to another device.
std::vector<at::Tensor> laid_out_like(const std::vector<at::Tensor> &parameters,
                                      const clt_tensor *handles, int32_t count) {
    for (int32_t i = 0; i < count; ++i) {
        auto &own = tensor(handles[i]);
        TORCH_CHECK(own.sizes() == parameters[i].sizes(), "a tensor of shape ", own.sizes(),
                    " cannot change a parameter of shape ", parameters[i].sizes());
        // Changes the tensor that the caller holds, so that this happens once to a buffer.
        if (!has_layout_of(own, parameters[i])) own = at::empty_like(parameters[i]).copy_(own);
    }
    return tensors(handles, count);
}

}  // namespace

clt_status clt_set_requires_gradient(clt_tensor handle, bool required) {
    return guard([&] { tensor(handle).requires_grad_(required); });
}

clt_status clt_requires_gradient(clt_tensor handle, bool *out) {
    return guard([&] { *out = tensor(handle).requires_grad(); });
}

clt_status clt_detach(clt_tensor handle, clt_tensor *out) {
    return guard([&] { give(tensor(handle).detach(), out); });
}

clt_status clt_backward(clt_tensor scalar) {
    return guard([&] { tensor(scalar).backward(); });
}

clt_status clt_gradient(clt_tensor handle, clt_tensor *out_or_null) {
    return guard([&] {
        const auto &gradient = tensor(handle).grad();
        if (gradient.defined()) {
            give(gradient, out_or_null);
        } else {
            out_or_null->impl = nullptr;
        }
    });
}

clt_status clt_clear_gradient(clt_tensor handle) {
    return guard([&] { tensor(handle).mutable_grad().reset(); });
}

clt_status clt_set_gradient(clt_tensor handle, clt_tensor gradient) {
    return guard([&] { tensor(handle).mutable_grad() = tensor(gradient); });
}

bool clt_set_gradient_mode(bool enabled) {
    bool before = c10::GradMode::is_enabled();
    c10::GradMode::set_enabled(enabled);
    return before;
}

clt_status clt_sgd_step(const clt_tensor *parameters, const clt_tensor *gradients,
                        const clt_tensor *momentum_buffers, int32_t count, double learning_rate,
                        double momentum, double weight_decay, bool nesterov) {
    return guard([&] {
        c10::AutoGradMode no_gradient(false);
        auto values = tensors(parameters, count);
        auto buffers = momentum_buffers == nullptr ? std::vector<at::Tensor>{}
                                                   : laid_out_like(values, momentum_buffers, count);
        auto slopes = laid_out_like(values, gradients, count);
        // Buffers start at zero, which gives what the first step of PyTorch gives.
        at::_fused_sgd_(values, slopes, buffers, weight_decay, momentum, learning_rate,
                        /*dampening=*/0, nesterov,
                        /*maximize=*/false,
                        /*is_first_step=*/false);
    });
}

clt_status clt_adam_step(const clt_tensor *parameters, const clt_tensor *gradients,
                         const clt_tensor *first_moments, const clt_tensor *second_moments,
                         const clt_tensor *steps, int32_t count, double learning_rate, double beta1,
                         double beta2, double epsilon, double weight_decay, bool decoupled) {
    return guard([&] {
        c10::AutoGradMode no_gradient(false);
        auto values = tensors(parameters, count);
        auto slopes = laid_out_like(values, gradients, count);
        auto means = laid_out_like(values, first_moments, count);
        auto squares = laid_out_like(values, second_moments, count);
        for (int32_t i = 0; i < count; ++i) {
            tensor(steps[i]) = clt::on_device(tensor(steps[i]), values[i].device());
        }
        auto step_counts = tensors(steps, count);
        for (auto &step : step_counts) step.add_(1);
        if (decoupled) {
            at::_fused_adamw_(values, slopes, means, squares, {}, step_counts, learning_rate, beta1,
                              beta2, weight_decay, epsilon, /*amsgrad=*/false, /*maximize=*/false);
        } else {
            at::_fused_adam_(values, slopes, means, squares, {}, step_counts, learning_rate, beta1,
                             beta2, weight_decay, epsilon, /*amsgrad=*/false, /*maximize=*/false);
        }
    });
}

clt_status clt_clip_gradients(const clt_tensor *parameters, int32_t count, double limit,
                              double *out_norm) {
    return guard([&] {
        c10::AutoGradMode no_gradient(false);
        std::vector<at::Tensor> gradients;
        for (const auto &parameter : tensors(parameters, count)) {
            if (parameter.grad().defined()) gradients.push_back(parameter.grad());
        }
        if (gradients.empty()) {
            *out_norm = 0;
            return;
        }
        auto norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients, 2)), 2);
        double value = norm.item().toDouble();
        // The reciprocal first, which is how PyTorch divides a number by a tensor.
        auto factor = norm.add(1e-6).reciprocal_().mul_(limit);
        if (std::isfinite(value) && factor.item().toDouble() < 1) {
            at::_foreach_mul_(gradients, factor);
        }
        *out_norm = value;
    });
}

clt_status clt_move_averages(const clt_tensor *averages, const clt_tensor *values, int32_t count,
                             double weight) {
    return guard([&] {
        if (count == 0) return;
        c10::AutoGradMode no_gradient(false);
        at::_foreach_lerp_(tensors(averages, count), tensors(values, count), weight);
    });
}
