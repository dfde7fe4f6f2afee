// Rows interpolated with the same rows in another order, with a backward pass of its own.
//
// Recorded as single operations, the gradient of the reordering is a scatter that adds row by row.
// As the order is a permutation, it is a plain selection by the inverse order, at a third of the
// time.

#include <ATen/ops/full_like.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/lerp.h>
#include <torch/csrc/autograd/custom_function.h>

#include "boundary.h"

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The rows in another order, in the memory format that they have.
at::Tensor select(const at::Tensor &rows, const at::Tensor &order) {
    if (rows.suggest_memory_format() != at::MemoryFormat::ChannelsLast) {
        return at::index_select(rows, 0, order);
    }
    return at::index_select(rows.permute({0, 2, 3, 1}), 0, order).permute({0, 3, 1, 2});
}

// The weight is a number, or a tensor with one number.
at::Tensor interpolate(const at::Tensor &rows, const at::Tensor &order, const c10::IValue &weight) {
    auto partners = select(rows, order);
    if (!weight.isTensor()) return at::lerp(partners, rows, weight.toDouble());
    // A weight rounded to bfloat16 would be another one than that of the targets.
    auto type = weight.toTensor().scalar_type();
    return at::lerp(partners.to(type), rows.to(type), weight.toTensor()).to(rows.scalar_type());
}

// The inverse of a permutation, on the CPU.
at::Tensor inverse(const at::Tensor &order, int64_t count) {
    TORCH_CHECK(order.dim() == 1 && order.size(0) == count && order.scalar_type() == at::kLong,
                "an order of shape ", order.sizes(), " and type ", order.scalar_type(),
                " does not fit ", count, " rows");
    auto positions = order.to(at::kCPU).contiguous();
    auto result = at::full_like(positions, -1);
    // Through void, as the typed accessors have other symbol names in libtorch 2.10.
    const auto *source = static_cast<const int64_t *>(positions.const_data_ptr());
    auto *inverse = static_cast<int64_t *>(result.mutable_data_ptr());
    for (int64_t i = 0; i < count; ++i) {
        TORCH_CHECK(source[i] >= 0 && source[i] < count && inverse[source[i]] == -1,
                    "the order of the rows repeats some or leaves out others");
        inverse[source[i]] = i;
    }
    return result;
}

struct InterpolatedRows : torch::autograd::Function<InterpolatedRows> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &rows,
                              const at::Tensor &order, const at::Tensor &inverse,
                              const c10::IValue &weight) {
        context->save_for_backward({inverse});
        context->saved_data["weight"] = weight;
        return interpolate(rows, order, weight);
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        auto inverse = context->get_saved_variables()[0];
        auto gradient = interpolate(gradients[0], inverse, context->saved_data["weight"]);
        return {gradient, at::Tensor(), at::Tensor(), at::Tensor()};
    }
};

}  // namespace

clt_status clt_interpolate_rows(clt_tensor rows, clt_tensor order, double weight, clt_tensor *out) {
    return clt::guard([&] {
        auto &source = clt::tensor(rows);
        TORCH_CHECK(source.dim() > 0, "a single number has no rows");
        auto &partners = clt::tensor(order);
        auto positions = inverse(partners, source.size(0));
        clt::give(InterpolatedRows::apply(source, clt::on_device(partners, source.device()),
                                          clt::on_device(positions, source.device()), weight),
                  out);
    });
}

clt_status clt_interpolate_rows_there(clt_tensor rows, clt_tensor order, clt_tensor inverse,
                                      clt_tensor weight, clt_tensor *out) {
    return clt::guard([&] {
        clt::give(InterpolatedRows::apply(clt::tensor(rows), clt::tensor(order),
                                          clt::tensor(inverse), c10::IValue(clt::tensor(weight))),
                  out);
    });
}
