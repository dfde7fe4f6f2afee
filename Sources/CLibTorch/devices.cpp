// Devices: where the elements of tensors are, and how they get there.
//
// Only what libtorch offers for every kind of device is used, so that the same source is compiled
// against a libtorch with and without CUDA.

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/Tensor.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "boundary.h"

using clt::give;
using clt::guard;
using clt::tensor;

namespace clt {

at::Device device(clt_device device) {
    switch (device.kind) {
        case CLT_CPU: return at::kCPU;
        case CLT_CUDA: {
            TORCH_CHECK(clt_has_cuda_build(), "this libtorch is a CPU build, without CUDA");
            auto count = static_cast<int32_t>(at::getNumGPUs());
            // An error that says whether the driver is missing, too old, or has no device.
            if (count == 0) at::globalContext().lazyInitDevice(at::kCUDA);
            TORCH_CHECK(device.index >= 0 && device.index < count,
                        "there is no device cuda:", device.index,
                        "; the number of CUDA devices is ", count);
            return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device.index));
        }
    }
    TORCH_CHECK(false, "unknown kind of device ", static_cast<int>(device.kind));
}

at::Tensor on_device(const at::Tensor &tensor, at::Device device) {
    if (tensor.device() == device) return tensor;
    bool is_upload = device.is_cuda() && tensor.device().is_cpu();
    // Pinned memory belongs to the present device, and is kept until the copy is done.
    c10::OptionalDeviceGuard guard(is_upload ? std::optional(device) : std::nullopt);
    auto source = is_upload ? tensor.pin_memory() : tensor;
    return source.to(device, /*non_blocking=*/is_upload);
}

}  // namespace clt

bool clt_has_cuda_build(void) {
    // The first is false without a driver.
    return at::hasCUDA() || at::globalContext().hasCUDART();
}

int32_t clt_cuda_device_count(void) {
    int32_t count = 0;
    guard([&] { count = static_cast<int32_t>(at::getNumGPUs()); });
    return count;
}

clt_status clt_synchronize(clt_device place) {
    return guard([&] {
        auto device = clt::device(place);
        if (!device.is_cuda()) return;
        c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
    });
}

clt_status clt_device_of(clt_tensor handle, clt_device *out) {
    return guard([&] {
        auto device = tensor(handle).device();
        TORCH_CHECK(device.is_cpu() || device.is_cuda(), "the device ", device,
                    " is not supported");
        *out = device.is_cuda() ? clt_device{CLT_CUDA, device.index()} : clt_device{CLT_CPU, 0};
    });
}

clt_status clt_to_device(clt_tensor handle, clt_device place, clt_tensor *out) {
    return guard([&] { give(clt::on_device(tensor(handle), clt::device(place)), out); });
}

clt_status clt_move_to_device(clt_tensor handle, clt_device place) {
    return guard([&] {
        auto &target = tensor(handle);
        auto device = clt::device(place);
        if (target.device() == device) return;
        bool is_learned = target.requires_grad();
        target = clt::on_device(target.detach(), device).requires_grad_(is_learned);
    });
}

bool clt_set_autocast_bfloat16(clt_device place, bool enabled) {
    auto kind = place.kind == CLT_CUDA ? at::kCUDA : at::kCPU;
    bool before = at::autocast::is_autocast_enabled(kind);
    at::autocast::set_autocast_dtype(kind, at::kBFloat16);
    at::autocast::set_autocast_enabled(kind, enabled);
    // Weights cast to bfloat16 are cached while autocast is on; after a step they are stale.
    if (!enabled) at::autocast::clear_cache();
    return before;
}
