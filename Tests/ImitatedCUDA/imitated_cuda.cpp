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
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#if __has_include(<ATen/core/GraphImplInterface.h>)
#include <ATen/core/GraphImplInterface.h>
#define HAS_GRAPHS
#endif

namespace {

constexpr c10::DeviceIndex device_count = 2;
thread_local bool is_visible = false;
thread_local c10::DeviceIndex selected_device = 0;
thread_local long repeated_recordings = 0;
std::atomic<long> pinned_bytes = 0;
bool is_registered = false;

// ---- Recordings ----

// What a stream was asked to do while it was recorded. As it must be done for its results to have
// shapes, it is undone in the end: memory from before is as it was, and that of the recording holds
// no numbers.
struct Work {
    std::vector<std::function<void()>> steps;
    std::set<const void *> own_memory;
    // Not tensors, which would keep the operations that made them.
    std::map<const void *, c10::Storage> kept;
    std::map<const void *, std::vector<char>> before;

    void keep(const at::Tensor &tensor) {
        const auto &storage = tensor.storage();
        const auto *memory = static_cast<const char *>(storage.data());
        if (memory == nullptr || !kept.emplace(memory, storage).second) return;
        if (own_memory.contains(memory)) return;
        before.emplace(memory, std::vector<char>(memory, memory + storage.nbytes()));
    }

    void undo() {
        for (auto &[memory, storage] : kept) {
            auto found = before.find(memory);
            if (found == before.end()) {
                std::memset(storage.mutable_data(), 0xff, storage.nbytes());
            } else {
                std::memcpy(storage.mutable_data(), found->second.data(), found->second.size());
            }
        }
        before.clear();
    }
};

thread_local c10::StreamId selected_stream = 0;
std::atomic<c10::StreamId> stream_count = 0;
std::mutex recorded_streams_mutex;
std::map<c10::StreamId, Work *> recorded_streams;

// The work of this thread's stream, if it is being recorded.
Work *recorded_work() {
    if (selected_stream == 0) return nullptr;
    std::scoped_lock lock(recorded_streams_mutex);
    auto found = recorded_streams.find(selected_stream);
    return found == recorded_streams.end() ? nullptr : found->second;
}

#ifdef HAS_GRAPHS
struct Graph final : at::GraphImplInterface {
    explicit Graph(const at::GraphImplArgs &) {}
    ~Graph() override { forget(); }
    void capture_begin(at::MempoolId_t, at::GraphCaptureMode) override {
        TORCH_CHECK(selected_stream != 0, "the default stream cannot be recorded");
        std::scoped_lock lock(recorded_streams_mutex);
        stream = selected_stream;
        recorded_streams[stream] = &work;
    }
    void capture_end() override {
        forget();
        work.undo();
    }
    void instantiate() override {}
    void replay() override {
        repeated_recordings += 1;
        for (const auto &step : work.steps) step();
    }
    void reset() override { work = {}; }
    at::MempoolId_t pool() const override { return {0, 0}; }
    void enable_debug_mode() override {}
    void debug_dump(const std::string &) override {}

  private:
    Work work;
    c10::StreamId stream = 0;

    void forget() {
        std::scoped_lock lock(recorded_streams_mutex);
        recorded_streams.erase(stream);
    }
};
#endif

// ---- Memory, devices and streams ----

struct DeviceAllocator final : c10::Allocator {
    c10::DataPtr allocate(size_t size) override {
        auto memory = c10::GetCPUAllocator()->allocate(size);
        auto deleter = memory.get_deleter();
        auto *address = memory.get();
        auto *context = memory.release_context();
        if (auto *work = recorded_work()) work->own_memory.insert(address);
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
        return c10::Stream(c10::Stream::UNSAFE, device, selected_stream);
    }
    c10::Stream getDefaultStream(c10::Device device) const override {
        return c10::Stream(c10::Stream::DEFAULT, device);
    }
    c10::Stream getNewStream(c10::Device device, int) const override {
        return c10::Stream(c10::Stream::UNSAFE, device, ++stream_count);
    }
    c10::Stream exchangeStream(c10::Stream stream) const noexcept override {
        auto before = getStream(stream.device());
        selected_stream = stream.id();
        return before;
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
    auto do_it = [to = on_cpu(self), from = on_cpu(source)] { to.copy_(from); };
    if (auto *work = recorded_work()) {
        TORCH_CHECK(self.is_cuda() && source.is_cuda(),
                    "a copy from or to the CPU cannot be recorded");
        work->keep(self);
        work->keep(source);
        work->steps.push_back(do_it);
    }
    do_it();
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
    auto *work = recorded_work();
    torch::jit::Stack arguments;
    if (work) {
        TORCH_CHECK(operation.schema().name() != "aten::_local_scalar_dense",
                    "reading a number cannot be recorded");
        for (const auto &[own, alias] : operands) {
            if (own.is_cuda()) work->keep(own);
        }
        auto last = torch::jit::last(*stack, count);
        arguments.assign(last.begin(), last.end());
    }
    operation.callBoxed(stack);
    c10::OptionalDeviceGuard guard(device);
    // Where results belong: in the memory of the device.
    std::vector<std::pair<int64_t, at::Tensor>> made;
    std::vector<std::pair<at::Tensor, at::Tensor>> resized_operands;
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
        if (work) {
            work->keep(own);
            resized_operands.emplace_back(on_cpu(own), alias);
        }
    }
    int64_t result_number = 0;
    auto give = [&](const at::Tensor &result) {
        int64_t number = result_number++;
        if (!result.defined()) return result;
        for (const auto &[own, alias] : operands) {
            if (result.is_same(alias)) return own;
        }
        auto own = on_device(result);
        if (work) {
            work->keep(own);
            made.emplace_back(number, on_cpu(own));
        }
        return own;
    };
    auto return_count = operation.schema().returns().size();
    for (auto &value : torch::jit::last(*stack, return_count)) {
        auto &result = const_cast<c10::IValue &>(value);
        if (result.isTensor()) {
            result = give(result.toTensor());
        } else if (result.isTensorList()) {
            c10::List<at::Tensor> list;
            for (const at::Tensor &tensor : result.toTensorVector()) list.push_back(give(tensor));
            result = list;
        }
    }
    if (!work) return;
    work->steps.push_back([=] {
        auto again = arguments;
        operation.callBoxed(&again);
        std::vector<at::Tensor> results;
        for (const auto &value : torch::jit::last(again, return_count)) {
            if (value.isTensor()) results.push_back(value.toTensor());
            if (!value.isTensorList()) continue;
            for (const at::Tensor &tensor : value.toTensorVector()) results.push_back(tensor);
        }
        for (const auto &[number, tensor] : made) tensor.copy_(results[number]);
        for (const auto &[tensor, alias] : resized_operands) tensor.copy_(alias);
    });
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
#ifdef HAS_GRAPHS
    at::GraphImplRegistry()->Register("CUDA", [](const at::GraphImplArgs &arguments) {
        return std::unique_ptr<at::GraphImplInterface>(new Graph(arguments));
    });
#endif
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

long imitated_cuda_repeated_recordings(void) { return repeated_recordings; }
