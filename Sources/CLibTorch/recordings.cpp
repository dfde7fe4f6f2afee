// Work of a device that is recorded once and then repeated: CUDA graphs.
//
// libtorch has them for CUDA in headers that need CUDA's own, and newer versions have a registry
// that is open to every kind of device; what is there comes first.

#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <memory>
#include <optional>

#include "boundary.h"

#if __has_include(<ATen/core/GraphImplInterface.h>)
#include <ATen/core/GraphImplInterface.h>
#define CLT_HAS_GRAPH_REGISTRY
#endif
#ifdef CLT_HAS_CUDA_HEADERS
#include <ATen/cuda/CUDAGraph.h>
#endif

using clt::guard;

namespace {

struct Graph {
    virtual ~Graph() = default;
    virtual void begin() = 0;
    virtual void end() = 0;
    virtual void repeat() = 0;
};

// Either of libtorch's two, whose functions have the same names.
template <typename Implementation>
struct GraphOf final : Graph {
    explicit GraphOf(std::unique_ptr<Implementation> graph) : graph(std::move(graph)) {}
    void begin() override { graph->capture_begin(); }
    void end() override { graph->capture_end(); }
    void repeat() override { graph->replay(); }

    const std::unique_ptr<Implementation> graph;
};

// Null where there is none for this kind of device.
std::unique_ptr<Graph> make_graph(c10::DeviceType kind) {
#ifdef CLT_HAS_GRAPH_REGISTRY
    if (at::has_graph_impl(kind)) {
        return std::make_unique<GraphOf<at::GraphImplInterface>>(at::create_graph_impl(kind));
    }
#endif
#ifdef CLT_HAS_CUDA_HEADERS
    if (kind == c10::kCUDA) {
        return std::make_unique<GraphOf<at::cuda::CUDAGraph>>(
            std::make_unique<at::cuda::CUDAGraph>());
    }
#endif
    return nullptr;
}

class Recording {
  public:
    explicit Recording(c10::Device device)
        : device(device), streams(device.type()), graph(make_graph(device.type())) {
        TORCH_CHECK(graph, "work of ", device, " cannot be recorded");
    }

    // The calling thread's work goes to a stream of its own: that of the default stream cannot be
    // recorded.
    void begin() {
        present_device.emplace(device);
        streams.synchronizeDevice(device.index());
        stream_before = streams.exchangeStream(streams.getNewStream(device));
        try {
            graph->begin();
        } catch (...) {
            leave();
            throw;
        }
    }

    void end() {
        try {
            graph->end();
        } catch (...) {
            leave();
            throw;
        }
        leave();
    }

    void repeat() {
        c10::DeviceGuard present(device);
        graph->repeat();
    }

    ~Recording() {
        if (!stream_before) return;
        try {
            end();
        } catch (...) {
            // Whoever failed within the recording has said why.
        }
    }

  private:
    void leave() {
        streams.exchangeStream(*stream_before);
        stream_before.reset();
        present_device.reset();
    }

    const c10::Device device;
    const c10::impl::VirtualGuardImpl streams;
    const std::unique_ptr<Graph> graph;
    // While it is being recorded.
    std::optional<c10::DeviceGuard> present_device;
    std::optional<c10::Stream> stream_before;
};

Recording &recording(clt_recording handle) {
    TORCH_CHECK(handle.impl != nullptr, "a recording is missing");
    return *static_cast<Recording *>(handle.impl);
}

}  // namespace

bool clt_can_record(clt_device place) {
    bool answer = false;
    guard([&] { answer = make_graph(clt::device(place).type()) != nullptr; });
    return answer;
}

clt_status clt_recording_begin(clt_device place, clt_recording *out) {
    return guard([&] {
        auto result = std::make_unique<Recording>(clt::device(place));
        result->begin();
        out->impl = result.release();
    });
}

clt_status clt_recording_end(clt_recording handle) {
    return guard([&] { recording(handle).end(); });
}

clt_status clt_recording_repeat(clt_recording handle) {
    return guard([&] { recording(handle).repeat(); });
}

void clt_recording_free(clt_recording handle) { delete static_cast<Recording *>(handle.impl); }
