// Gradients: recording, the backward pass, the optimizers' fused steps.

#include <ATen/autocast_mode.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <c10/core/GradMode.h>

#include "boundary.h"

using clt::give;
using clt::guard;
using clt::tensor;
using clt::tensors;

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

bool clt_set_gradient_mode(bool enabled) {
    bool before = c10::GradMode::is_enabled();
    c10::GradMode::set_enabled(enabled);
    return before;
}

bool clt_set_cpu_autocast_bfloat16(bool enabled) {
    bool before = at::autocast::is_autocast_enabled(at::kCPU);
    at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
    at::autocast::set_autocast_enabled(at::kCPU, enabled);
    // Weights cast to bfloat16 are cached while autocast is on; after a step they are stale.
    if (!enabled) at::autocast::clear_cache();
    return before;
}

clt_status clt_sgd_step(const clt_tensor *parameters, const clt_tensor *gradients,
                        const clt_tensor *momentum_buffers, int32_t count, double learning_rate,
                        double momentum, double weight_decay, bool nesterov) {
    return guard([&] {
        c10::AutoGradMode no_gradient(false);
        auto buffers = momentum_buffers == nullptr ? std::vector<at::Tensor>{}
                                                   : tensors(momentum_buffers, count);
        // Buffers start at zero, which gives what the first step of PyTorch gives.
        at::_fused_sgd_(tensors(parameters, count), tensors(gradients, count), buffers,
                        weight_decay, momentum, learning_rate, /*dampening=*/0, nesterov,
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
        auto step_counts = tensors(steps, count);
        for (auto &step : step_counts) step.add_(1);
        if (decoupled) {
            at::_fused_adamw_(tensors(parameters, count), tensors(gradients, count),
                              tensors(first_moments, count), tensors(second_moments, count), {},
                              step_counts, learning_rate, beta1, beta2, weight_decay, epsilon,
                              /*amsgrad=*/false, /*maximize=*/false);
        } else {
            at::_fused_adam_(tensors(parameters, count), tensors(gradients, count),
                             tensors(first_moments, count), tensors(second_moments, count), {},
                             step_counts, learning_rate, beta1, beta2, weight_decay, epsilon,
                             /*amsgrad=*/false, /*maximize=*/false);
        }
    });
}
