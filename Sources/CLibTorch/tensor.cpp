// Tensors: creation, reading, form.

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/GradMode.h>

#include "boundary.h"

namespace clt {

at::ScalarType scalar_type(clt_dtype dtype) {
    switch (dtype) {
        case CLT_UINT8: return at::kByte;
        case CLT_INT64: return at::kLong;
        case CLT_FLOAT32: return at::kFloat;
        case CLT_FLOAT64: return at::kDouble;
        case CLT_BFLOAT16: return at::kBFloat16;
        case CLT_BOOL: return at::kBool;
    }
    TORCH_CHECK(false, "unknown element type ", static_cast<int>(dtype));
}

}  // namespace clt

using clt::give;
using clt::guard;
using clt::list;
using clt::tensor;

void clt_tensor_free(clt_tensor handle) { delete static_cast<at::Tensor *>(handle.impl); }

clt_status clt_from_bytes(const void *bytes, int64_t byte_count, const int64_t *sizes, int32_t rank,
                          clt_dtype dtype, clt_device place, clt_tensor *out) {
    return guard([&] {
        auto device = clt::device(place);
        // Pinned memory belongs to the present device.
        c10::OptionalDeviceGuard guard(device.is_cuda() ? std::optional(device) : std::nullopt);
        auto options = at::TensorOptions(clt::scalar_type(dtype)).pinned_memory(device.is_cuda());
        auto result = at::empty(list(sizes, rank), options);
        TORCH_CHECK(static_cast<int64_t>(result.nbytes()) == byte_count, "a tensor of shape ",
                    result.sizes(), " needs ", result.nbytes(), " bytes, not ", byte_count);
        if (byte_count > 0) std::memcpy(result.data_ptr(), bytes, result.nbytes());
        give(result.to(device, /*non_blocking=*/device.is_cuda()), out);
    });
}

clt_status clt_full(const int64_t *sizes, int32_t rank, double value, clt_dtype dtype,
                    clt_device device, clt_tensor *out) {
    return guard([&] {
        auto options = at::TensorOptions(clt::scalar_type(dtype)).device(clt::device(device));
        give(at::full(list(sizes, rank), value, options), out);
    });
}

clt_status clt_copy_bytes(clt_tensor handle, void *bytes, int64_t byte_count) {
    return guard([&] {
        auto &given = tensor(handle);
        // What lies there as it should needs none of libtorch's calls.
        bool is_there = given.is_cpu() && given.is_contiguous();
        auto host = is_there ? given : given.detach().to(at::kCPU).contiguous();
        TORCH_CHECK(static_cast<int64_t>(host.nbytes()) == byte_count, "the tensor holds ",
                    host.nbytes(), " bytes, not ", byte_count);
        if (byte_count > 0) std::memcpy(bytes, host.const_data_ptr(), host.nbytes());
    });
}

clt_status clt_item(clt_tensor handle, double *out) {
    return guard([&] { *out = tensor(handle).item().toDouble(); });
}

clt_status clt_rank(clt_tensor handle, int32_t *out) {
    return guard([&] { *out = static_cast<int32_t>(tensor(handle).dim()); });
}

clt_status clt_sizes(clt_tensor handle, int64_t *out, int32_t rank) {
    return guard([&] {
        auto sizes = tensor(handle).sizes();
        TORCH_CHECK(static_cast<int32_t>(sizes.size()) == rank, "the rank is ", sizes.size());
        std::copy(sizes.begin(), sizes.end(), out);
    });
}

clt_status clt_dtype_of(clt_tensor handle, clt_dtype *out) {
    return guard([&] {
        for (auto dtype :
             {CLT_UINT8, CLT_INT64, CLT_FLOAT32, CLT_FLOAT64, CLT_BFLOAT16, CLT_BOOL}) {
            if (tensor(handle).scalar_type() == clt::scalar_type(dtype)) {
                *out = dtype;
                return;
            }
        }
        TORCH_CHECK(false, "the element type ", tensor(handle).scalar_type(), " is not supported");
    });
}

clt_status clt_elements(clt_tensor handle, clt_dtype dtype, void **out, int64_t *count) {
    return guard([&] {
        const auto &source = tensor(handle);
        TORCH_CHECK(source.scalar_type() == clt::scalar_type(dtype), "the tensor holds ",
                    source.scalar_type(), ", not ", clt::scalar_type(dtype));
        TORCH_CHECK(source.device().is_cpu() && source.is_contiguous(), "the elements of a tensor ",
                    "of shape ", source.sizes(), " do not lie one after the other on the host");
        *out = source.mutable_data_ptr();
        *count = source.numel();
    });
}

clt_status clt_to_dtype(clt_tensor handle, clt_dtype dtype, clt_tensor *out) {
    return guard([&] { give(tensor(handle).to(clt::scalar_type(dtype)), out); });
}

clt_status clt_clone(clt_tensor handle, clt_tensor *out) {
    return guard([&] { give(tensor(handle).clone(), out); });
}

clt_status clt_copy_into(clt_tensor source, clt_tensor destination) {
    return guard([&] {
        TORCH_CHECK(tensor(source).sizes() == tensor(destination).sizes(), "a tensor of shape ",
                    tensor(source).sizes(), " does not fit into one of shape ",
                    tensor(destination).sizes());
        c10::AutoGradMode no_gradient(false);
        tensor(destination).copy_(tensor(source));
    });
}

clt_status clt_channels_last(clt_tensor handle, clt_tensor *out) {
    return guard([&] {
        const auto &source = tensor(handle);
        give(source.dim() == 4 ? source.contiguous(at::MemoryFormat::ChannelsLast) : source, out);
    });
}

clt_status clt_use_channels_last(clt_tensor handle) {
    return guard([&] {
        auto &target = tensor(handle);
        if (target.dim() != 4) return;
        c10::AutoGradMode no_gradient(false);
        target.set_data(target.contiguous(at::MemoryFormat::ChannelsLast));
    });
}

clt_status clt_reshape(clt_tensor handle, const int64_t *sizes, int32_t rank, clt_tensor *out) {
    return guard([&] { give(tensor(handle).reshape(list(sizes, rank)), out); });
}

clt_status clt_transpose(clt_tensor handle, int64_t first, int64_t second, clt_tensor *out) {
    return guard([&] { give(tensor(handle).transpose(first, second), out); });
}

clt_status clt_narrow(clt_tensor handle, int64_t dimension, int64_t start, int64_t length,
                      clt_tensor *out) {
    return guard([&] { give(tensor(handle).narrow(dimension, start, length), out); });
}

clt_status clt_index_select(clt_tensor handle, int64_t dimension, clt_tensor indices,
                            clt_tensor *out) {
    return guard([&] {
        const auto &source = tensor(handle);
        give(source.index_select(dimension, clt::on_device(tensor(indices), source.device())), out);
    });
}

clt_status clt_concatenate(const clt_tensor *handles, int32_t count, int64_t dimension,
                           clt_tensor *out) {
    return guard([&] { give(at::cat(clt::tensors(handles, count), dimension), out); });
}
