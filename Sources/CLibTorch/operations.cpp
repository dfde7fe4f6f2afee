// Arithmetic and the operations of neural networks.

#include <ATen/ATen.h>

#include "boundary.h"

using clt::give;
using clt::guard;
using clt::list;
using clt::optional_tensor;
using clt::tensor;

// ---- Arithmetic ----

clt_status clt_add(clt_tensor a, clt_tensor b, clt_tensor *out) {
    return guard([&] { give(at::add(tensor(a), tensor(b)), out); });
}

clt_status clt_subtract(clt_tensor a, clt_tensor b, clt_tensor *out) {
    return guard([&] { give(at::sub(tensor(a), tensor(b)), out); });
}

clt_status clt_multiply(clt_tensor a, clt_tensor b, clt_tensor *out) {
    return guard([&] { give(at::mul(tensor(a), tensor(b)), out); });
}

clt_status clt_divide(clt_tensor a, clt_tensor b, clt_tensor *out) {
    return guard([&] { give(at::div(tensor(a), tensor(b)), out); });
}

clt_status clt_add_scalar(clt_tensor a, double b, clt_tensor *out) {
    return guard([&] { give(at::add(tensor(a), b), out); });
}

clt_status clt_multiply_scalar(clt_tensor a, double b, clt_tensor *out) {
    return guard([&] { give(at::mul(tensor(a), b), out); });
}

clt_status clt_matmul(clt_tensor a, clt_tensor b, clt_tensor *out) {
    return guard([&] { give(at::matmul(tensor(a), tensor(b)), out); });
}

clt_status clt_exp(clt_tensor a, clt_tensor *out) {
    return guard([&] { give(at::exp(tensor(a)), out); });
}

clt_status clt_log(clt_tensor a, clt_tensor *out) {
    return guard([&] { give(at::log(tensor(a)), out); });
}

clt_status clt_sqrt(clt_tensor a, clt_tensor *out) {
    return guard([&] { give(at::sqrt(tensor(a)), out); });
}

clt_status clt_abs(clt_tensor a, clt_tensor *out) {
    return guard([&] { give(at::abs(tensor(a)), out); });
}

clt_status clt_sign(clt_tensor a, clt_tensor *out) {
    return guard([&] { give(at::sign(tensor(a)), out); });
}

clt_status clt_digamma(clt_tensor a, clt_tensor *out) {
    return guard([&] { give(at::digamma(tensor(a)), out); });
}

clt_status clt_xlogy(clt_tensor x, clt_tensor y, clt_tensor *out) {
    return guard([&] { give(at::xlogy(tensor(x), tensor(y)), out); });
}

clt_status clt_lerp(clt_tensor start, clt_tensor end, double weight, clt_tensor *out) {
    return guard([&] { give(at::lerp(tensor(start), tensor(end), weight), out); });
}

clt_status clt_lerp_tensor(clt_tensor start, clt_tensor end, clt_tensor weight, clt_tensor *out) {
    return guard([&] { give(at::lerp(tensor(start), tensor(end), tensor(weight)), out); });
}

clt_status clt_maximum(clt_tensor a, clt_tensor b, clt_tensor *out) {
    return guard([&] { give(at::maximum(tensor(a), tensor(b)), out); });
}

clt_status clt_minimum(clt_tensor a, clt_tensor b, clt_tensor *out) {
    return guard([&] { give(at::minimum(tensor(a), tensor(b)), out); });
}

clt_status clt_equal_elements(clt_tensor a, clt_tensor b, clt_tensor *out) {
    return guard([&] { give(at::eq(tensor(a), tensor(b)), out); });
}

clt_status clt_sum(clt_tensor a, const int64_t *dimensions, int32_t count, bool keep,
                   clt_tensor *out) {
    return guard([&] { give(at::sum(tensor(a), list(dimensions, count), keep), out); });
}

clt_status clt_mean(clt_tensor a, const int64_t *dimensions, int32_t count, bool keep,
                    clt_tensor *out) {
    return guard([&] { give(at::mean(tensor(a), list(dimensions, count), keep), out); });
}

clt_status clt_argmax(clt_tensor a, int64_t dimension, clt_tensor *out) {
    return guard([&] { give(at::argmax(tensor(a), dimension), out); });
}

clt_status clt_top_indices(clt_tensor a, int64_t count, int64_t dimension, clt_tensor *out) {
    return guard([&] { give(std::get<1>(at::topk(tensor(a), count, dimension)), out); });
}

clt_status clt_is_equal(clt_tensor a, clt_tensor b, bool *out) {
    return guard([&] {
        *out =
            tensor(a).scalar_type() == tensor(b).scalar_type() && at::equal(tensor(a), tensor(b));
    });
}

// ---- Neural networks ----

clt_status clt_linear(clt_tensor input, clt_tensor weight, clt_tensor bias_or_null,
                      clt_tensor *out) {
    return guard([&] {
        give(at::linear(tensor(input), tensor(weight), optional_tensor(bias_or_null)), out);
    });
}

clt_status clt_conv2d(clt_tensor input, clt_tensor weight, clt_tensor bias_or_null, int64_t stride,
                      int64_t padding, clt_tensor *out) {
    return guard([&] {
        at::Tensor pixels = tensor(input);
        // With fewer channels than a register of AVX2 has numbers, and channels last, oneDNN's
        // gradient of such weights writes behind its memory. It need not know of the stride.
        const at::Tensor &filters = tensor(weight);
        bool is_1x1 = filters.dim() == 4 && filters.size(2) == 1 && filters.size(3) == 1;
        bool skips_pixels = is_1x1 && stride > 1 && padding == 0 && pixels.dim() == 4 &&
                            pixels.size(1) < 8 && pixels.is_cpu();
        if (skips_pixels) {
            pixels = pixels.slice(2, std::nullopt, std::nullopt, stride)
                         .slice(3, std::nullopt, std::nullopt, stride);
            stride = 1;
        }
        give(at::conv2d(pixels, filters, optional_tensor(bias_or_null), stride, padding), out);
    });
}

clt_status clt_relu(clt_tensor a, clt_tensor *out) {
    return guard([&] { give(at::relu(tensor(a)), out); });
}

clt_status clt_leaky_relu(clt_tensor a, double negative_slope, clt_tensor *out) {
    return guard([&] { give(at::leaky_relu(tensor(a), negative_slope), out); });
}

clt_status clt_tanh(clt_tensor a, clt_tensor *out) {
    return guard([&] { give(at::tanh(tensor(a)), out); });
}

clt_status clt_batch_norm(clt_tensor input, clt_tensor weight_or_null, clt_tensor bias_or_null,
                          clt_tensor running_mean, clt_tensor running_variance, bool training,
                          double momentum, double epsilon, clt_tensor *out) {
    return guard([&] {
        give(at::batch_norm(tensor(input), optional_tensor(weight_or_null),
                            optional_tensor(bias_or_null), tensor(running_mean),
                            tensor(running_variance), training, momentum, epsilon,
                            /*cudnn_enabled=*/true),
             out);
    });
}

clt_status clt_softmax(clt_tensor a, int64_t dimension, clt_tensor *out) {
    return guard([&] { give(at::softmax(tensor(a), dimension), out); });
}

clt_status clt_log_softmax(clt_tensor a, int64_t dimension, clt_tensor *out) {
    return guard([&] { give(at::log_softmax(tensor(a), dimension), out); });
}

clt_status clt_one_hot(clt_tensor labels, int64_t class_count, clt_dtype dtype, clt_tensor *out) {
    return guard([&] {
        auto &indices = tensor(labels);
        TORCH_CHECK(indices.dim() == 1, "labels have shape [N], not ", indices.sizes());
        auto options = indices.options().dtype(clt::scalar_type(dtype));
        auto result = at::zeros({indices.size(0), class_count}, options);
        give(result.scatter_(1, indices.unsqueeze(1), 1.0), out);
    });
}

clt_status clt_binary_cross_entropy(clt_tensor probabilities, clt_tensor targets, clt_tensor *out) {
    return guard(
        [&] { give(at::binary_cross_entropy(tensor(probabilities), tensor(targets)), out); });
}
