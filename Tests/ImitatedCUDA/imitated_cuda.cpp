#include "imitated_cuda.h"

#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>
#include <ATen/core/boxing/KernelFunction.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/native/TensorFactories.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <atomic>

namespace {

constexpr c10::DeviceIndex device_count = 2;
thread_local bool is_visible = false;
thread_local c10::DeviceIndex selected_device = 0;
std::atomic<long> pinned_bytes = 0;
bool is_registered = false;

// ---- Memory, devices and streams ----

struct DeviceAllocator final : c10::Allocator {
    c10::DataPtr allocate(size_t size) override {
        auto memory = c10::GetCPUAllocator()->allocate(size);
        auto deleter = memory.get_deleter();
        auto *address = memory.get();
        auto *context = memory.release_context();
        return {address, context, deleter, c10::Device(c10::kCUDA, selected_device)};
    }
    void copy_data(void *destination, const void *source, size_t count) const override {
        default_copy_data(destination, source, count);
    }
};

struct PinnedAllocator final : c10::Allocator {
    c10::DataPtr allocate(size_t size) override {
        pinned_bytes += static_cast<long>(size);
        return c10::GetCPUAllocator()->allocate(size);
    }
    void copy_data(void *destination, const void *source, size_t count) const override {
        default_copy_data(destination, source, count);
    }
};

DeviceAllocator device_allocator;
PinnedAllocator pinned_allocator;

struct Guard final : c10::impl::DeviceGuardImplInterface {
    c10::DeviceType type() const override { return c10::kCUDA; }
    c10::Device exchangeDevice(c10::Device device) const override {
        auto before = getDevice();
        setDevice(device);
        return before;
    }
    c10::Device getDevice() const override { return {c10::kCUDA, selected_device}; }
    void setDevice(c10::Device device) const override { selected_device = device.index(); }
    void uncheckedSetDevice(c10::Device device) const noexcept override {
        selected_device = device.index();
    }
    c10::Stream getStream(c10::Device device) const noexcept override {
        return c10::Stream(c10::Stream::DEFAULT, device);
    }
    c10::Stream getDefaultStream(c10::Device device) const override { return getStream(device); }
    c10::Stream exchangeStream(c10::Stream stream) const noexcept override {
        return getStream(stream.device());
    }
    c10::DeviceIndex deviceCount() const noexcept override { return device_count; }
    bool queryStream(const c10::Stream &) const override { return true; }
    void synchronizeStream(const c10::Stream &) const override {}
    void synchronizeDevice(c10::DeviceIndex) const override {}
    void recordDataPtrOnStream(const c10::DataPtr &, const c10::Stream &) const override {}
    void record(void **, const c10::Stream &, c10::DeviceIndex,
                const c10::EventFlag) const override {}
    void block(void *, const c10::Stream &) const override {}
    bool queryEvent(void *) const override { return true; }
    void destroyEvent(void *, c10::DeviceIndex) const noexcept override {}
};

struct Hooks final : at::CUDAHooksInterface {
    void init() const override { TORCH_CHECK(is_visible, "no imitated CUDA device is visible"); }
    bool hasCUDA() const override { return true; }
    std::string showConfig() const override { return ""; }
    bool isBuilt() const override { return true; }
    bool isAvailable() const override { return is_visible; }
    int getNumGPUs() const override { return is_visible ? device_count : 0; }
    c10::DeviceIndex deviceCount() const override { return getNumGPUs(); }
    c10::DeviceIndex current_device() const override { return selected_device; }
    c10::DeviceIndex getCurrentDevice() const override { return selected_device; }
    bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
    bool isPinnedPtr(const void *) const override { return false; }
    c10::Allocator *getPinnedMemoryAllocator() const override { return &pinned_allocator; }
    c10::Allocator *getCUDADeviceAllocator() const override { return &device_allocator; }
};

// ---- Operations ----

// The same memory, as a tensor of the CPU.
at::Tensor on_cpu(const at::Tensor &tensor) {
    if (!tensor.defined() || !tensor.is_cuda()) return tensor;
    auto options = tensor.options().device(at::kCPU).requires_grad(false);
    // Operations may still choose the size of an empty result.
    if (tensor.numel() == 0) return at::empty(tensor.sizes(), options);
    return at::from_blob(tensor.mutable_data_ptr(), tensor.sizes(), tensor.strides(), options);
}

at::Tensor empty_strided(c10::IntArrayRef size, c10::IntArrayRef stride,
                         std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
                         std::optional<at::Device> device, std::optional<bool>) {
    c10::OptionalDeviceGuard guard(device);
    return at::detail::empty_strided_generic(size, stride, &device_allocator,
                                             c10::DispatchKeySet(c10::DispatchKey::CUDA),
                                             c10::dtype_or_default(dtype));
}

at::Tensor empty(c10::IntArrayRef size, std::optional<at::ScalarType> dtype,
                 std::optional<at::Layout>, std::optional<at::Device> device, std::optional<bool>,
                 std::optional<at::MemoryFormat> format) {
    c10::OptionalDeviceGuard guard(device);
    return at::detail::empty_generic(size, &device_allocator,
                                     c10::DispatchKeySet(c10::DispatchKey::CUDA),
                                     c10::dtype_or_default(dtype), format);
}

at::Tensor &copy(at::Tensor &self, const at::Tensor &source, bool) {
    on_cpu(self).copy_(on_cpu(source));
    return self;
}

at::Tensor strided_view(const at::Tensor &self, c10::IntArrayRef size, c10::IntArrayRef stride,
                        std::optional<int64_t> offset) {
    auto result = at::detail::make_tensor<c10::TensorImpl>(
        c10::TensorImpl::VIEW, c10::Storage(self.storage()), self.key_set(), self.dtype());
    result.unsafeGetTensorImpl()->set_storage_offset(offset.value_or(self.storage_offset()));
    result.unsafeGetTensorImpl()->set_sizes_and_strides(size, stride);
    return result;
}

at::Tensor view(const at::Tensor &self, c10::IntArrayRef size) {
    // Which strides the view has depends on shapes alone.
    auto shape = on_cpu(self).view(size);
    return strided_view(self, shape.sizes(), shape.strides(), self.storage_offset());
}

// Every other operation: on the CPU, in the same memory.
void compute(const c10::OperatorHandle &operation, c10::DispatchKeySet, torch::jit::Stack *stack) {
    auto count = operation.schema().arguments().size();
    std::vector<std::pair<at::Tensor, at::Tensor>> operands;
    std::optional<at::Device> device;
    auto take = [&](const at::Tensor &tensor) {
        if (!tensor.defined()) return tensor;
        if (tensor.is_cuda()) {
            TORCH_CHECK(!device || *device == tensor.device(), operation.schema().name(),
                        ": the operands are on ", *device, " and ", tensor.device());
            device = tensor.device();
        }
        operands.emplace_back(tensor, on_cpu(tensor));
        return operands.back().second;
    };
    for (auto &value : torch::jit::last(*stack, count)) {
        auto &argument = const_cast<c10::IValue &>(value);
        if (argument.isTensor()) {
            argument = take(argument.toTensor());
        } else if (argument.isTensorList()) {
            c10::List<at::Tensor> list;
            for (const at::Tensor &tensor : argument.toTensorVector()) list.push_back(take(tensor));
            argument = list;
        } else if (argument.isOptionalTensorList()) {
            c10::List<std::optional<at::Tensor>> list;
            for (const std::optional<at::Tensor> &tensor : argument.toOptionalTensorVector()) {
                list.push_back(tensor ? std::optional(take(*tensor)) : std::nullopt);
            }
            argument = list;
        } else if (argument.isDevice()) {
            argument = c10::Device(c10::kCPU);
        }
    }
    for (const auto &[own, alias] : operands) {
        // As on CUDA, a single number may be anywhere.
        TORCH_CHECK(own.is_cuda() || own.dim() == 0, operation.schema().name(),
                    ": an operand was left on the CPU, the others are on ", *device);
    }
    operation.callBoxed(stack);
    c10::OptionalDeviceGuard guard(device);
    auto on_device = [&](const at::Tensor &result) {
        auto copy =
            empty_strided(result.sizes(), result.strides(), result.scalar_type(), {}, device, {});
        if (result.numel() > 0) on_cpu(copy).copy_(result);
        return copy;
    };
    for (const auto &[own, alias] : operands) {
        if (own.sizes() == alias.sizes()) continue;
        auto resized = on_device(alias);
        own.unsafeGetTensorImpl()->set_storage_keep_dtype(resized.storage());
        own.unsafeGetTensorImpl()->set_sizes_and_strides(resized.sizes(), resized.strides());
    }
    auto give = [&](const at::Tensor &result) {
        if (!result.defined()) return result;
        for (const auto &[own, alias] : operands) {
            if (result.is_same(alias)) return own;
        }
        return on_device(result);
    };
    for (auto &value : torch::jit::last(*stack, operation.schema().returns().size())) {
        auto &result = const_cast<c10::IValue &>(value);
        if (result.isTensor()) {
            result = give(result.toTensor());
        } else if (result.isTensorList()) {
            c10::List<at::Tensor> list;
            for (const at::Tensor &tensor : result.toTensorVector()) list.push_back(give(tensor));
            result = list;
        }
    }
}

struct Creator {
    static std::unique_ptr<at::CUDAHooksInterface> make(at::CUDAHooksArgs) {
        return std::make_unique<Hooks>();
    }
};

// Before anybody asks libtorch for CUDA.
__attribute__((constructor)) void register_imitation() {
    if (at::CUDAHooksRegistry()->Has("CUDAHooks")) return;
    at::CUDAHooksRegistry()->Register("CUDAHooks", Creator::make);
    static Guard guard;
    c10::impl::device_guard_impl_registry[static_cast<size_t>(c10::kCUDA)].store(&guard);
    static auto operations =
        torch::Library(torch::Library::IMPL, "aten", c10::DispatchKey::CUDA, __FILE__, __LINE__);
    operations.impl("empty.memory_format", empty);
    operations.impl("empty_strided", empty_strided);
    operations.impl("as_strided", strided_view);
    operations.impl("view", view);
    operations.impl("copy_", copy);
    static auto others =
        torch::Library(torch::Library::IMPL, "_", c10::DispatchKey::CUDA, __FILE__, __LINE__);
    others.fallback(torch::CppFunction::makeFromBoxedFunction<&compute>());
    is_registered = true;
}

}  // namespace

bool imitated_cuda_is_there(void) { return is_registered; }

bool imitated_cuda_show(bool visible) {
    bool before = is_visible;
    is_visible = visible;
    return before;
}

long imitated_cuda_pinned_bytes(void) { return pinned_bytes; }
