// What the files of this target share: handles to objects and back, and the guard that turns every
// exception into a status with a message.

#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>
#include <torch/csrc/api/include/torch/version.h>

#include <exception>
#include <string>
#include <vector>

#include "clibtorch.h"

static_assert(TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 10,
              "libtorch 2.10 or later is needed; run scripts/get-libtorch, or set LIBTORCH");

namespace clt {

void set_last_error(const char *message);

template <typename Body>
clt_status guard(Body &&body) {
    try {
        body();
        return CLT_OK;
    } catch (const c10::Error &error) {
        set_last_error(error.what_without_backtrace());
    } catch (const std::exception &error) {
        set_last_error(error.what());
    } catch (...) {
        set_last_error("libtorch failed without saying why");
    }
    return CLT_ERROR;
}

inline at::Tensor &tensor(clt_tensor handle) {
    TORCH_CHECK(handle.impl != nullptr, "a tensor is missing");
    return *static_cast<at::Tensor *>(handle.impl);
}

inline std::optional<at::Tensor> optional_tensor(clt_tensor handle) {
    if (handle.impl == nullptr) return std::nullopt;
    return tensor(handle);
}

inline std::vector<at::Tensor> tensors(const clt_tensor *handles, int32_t count) {
    std::vector<at::Tensor> result;
    result.reserve(count);
    for (int32_t i = 0; i < count; ++i) result.push_back(tensor(handles[i]));
    return result;
}

inline void give(at::Tensor value, clt_tensor *out) {
    out->impl = new at::Tensor(std::move(value));
}

inline at::Generator &generator(clt_generator handle) {
    TORCH_CHECK(handle.impl != nullptr, "a generator is missing");
    return *static_cast<at::Generator *>(handle.impl);
}

at::ScalarType scalar_type(clt_dtype dtype);

at::Device device(clt_device device);

// The tensor on another device; from the CPU to a CUDA device by pinned memory, without waiting.
at::Tensor on_device(const at::Tensor &tensor, at::Device device);

inline at::IntArrayRef list(const int64_t *values, int32_t count) {
    return {values, static_cast<size_t>(count)};
}

}  // namespace clt
