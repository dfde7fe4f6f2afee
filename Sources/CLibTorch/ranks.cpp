// Ranks: processes that compute together, over c10d's key-value store, Gloo, and NCCL where it is
// there.

#include "boundary.h"
#include "nccl_backend.h"

#ifdef USE_C10D_GLOO

#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>
#include <c10/util/Logging.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <torch/csrc/autograd/custom_function.h>
#include <unistd.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <map>

using clt::give;
using clt::guard;
using clt::tensor;
using clt::tensors;

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The elements of one message; a later one is copied while an earlier one is on its way.
constexpr int64_t bucket_bytes = 32 << 20;

struct Group {
    c10::intrusive_ptr<c10d::Store> store;
    c10::intrusive_ptr<c10d::Backend> backend;
    double timeout_seconds;
    // Made when the first message between CUDA devices is sent, which all ranks do at once.
    c10::intrusive_ptr<c10d::Backend> nccl;

    // Where messages of tensors on a device lie: there, if NCCL can send them, otherwise on the
    // CPU.
    static at::Device message_device(at::Device device) {
        return device.is_cuda() && clt::has_nccl() ? device : at::Device(at::kCPU);
    }

    // Adds a message of all ranks up.
    c10::intrusive_ptr<c10d::Work> sum(at::Tensor flat) {
        std::vector<at::Tensor> message{std::move(flat)};
        if (!message[0].is_cuda()) return backend->allreduce(message);
        if (!nccl) {
            nccl = clt::make_nccl_backend(
                c10::make_intrusive<c10d::PrefixStore>("nccl", store), backend->getRank(),
                backend->getSize(), milliseconds(static_cast<int64_t>(timeout_seconds * 1000)));
        }
        return nccl->allreduce(message);
    }
};

Group &group(clt_group handle) {
    TORCH_CHECK(handle.impl != nullptr, "a process group is missing");
    return *static_cast<Group *>(handle.impl);
}

// c10d writes warnings with traces of its own code for what is told by an error here, too. Whoever
// sets the variable wants to see them.
void quieten() {
    static const bool done = [] {
        setenv("TORCH_CPP_LOG_LEVEL", "FATAL", 0);
        c10::initLogging();
        return true;
    }();
    (void)done;
}

milliseconds duration(double seconds) {
    TORCH_CHECK(seconds > 0 && seconds < 1e8, "a time-out must be above 0 s, not ", seconds);
    return milliseconds(static_cast<int64_t>(std::ceil(seconds * 1000)));
}

// The own address on the way to another machine, which is the one that the others can reach: a
// machine's name often stands for its loopback address only.
std::string own_address(const std::string &host, uint16_t port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo *found = nullptr;
    int status = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    TORCH_CHECK(status == 0, "the address '", host, "' cannot be resolved: ", gai_strerror(status));
    std::string address;
    for (auto entry = found; entry != nullptr && address.empty(); entry = entry->ai_next) {
        int descriptor = socket(entry->ai_family, entry->ai_socktype | SOCK_CLOEXEC, 0);
        if (descriptor < 0) continue;
        sockaddr_storage own{};
        socklen_t length = sizeof own;
        char text[NI_MAXHOST];
        // Connecting a datagram socket sends nothing; it chooses the route.
        if (connect(descriptor, entry->ai_addr, entry->ai_addrlen) == 0 &&
            getsockname(descriptor, reinterpret_cast<sockaddr *>(&own), &length) == 0 &&
            getnameinfo(reinterpret_cast<sockaddr *>(&own), length, text, sizeof text, nullptr, 0,
                        NI_NUMERICHOST) == 0) {
            address = text;
        }
        close(descriptor);
    }
    freeaddrinfo(found);
    TORCH_CHECK(!address.empty(), "no network leads to '", host, "'");
    return address;
}

c10::intrusive_ptr<c10d::ProcessGroupGloo::Options> gloo_options(const std::string &host,
                                                                 uint16_t port,
                                                                 milliseconds timeout) {
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    auto interface = getenv("GLOO_SOCKET_IFNAME");
    options->devices.push_back(
        interface != nullptr && *interface != 0
            ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
            : c10d::ProcessGroupGloo::createDeviceForHostname(own_address(host, port)));
    return options;
}

// The numbers of the ranks that have not come, as words.
std::string missing_ranks(c10d::Store &store, int32_t size) {
    std::string missing;
    for (int32_t rank = 0; rank < size; ++rank) {
        if (store.check({"rank/" + std::to_string(rank)})) continue;
        missing += (missing.empty() ? "" : ", ") + std::to_string(rank);
    }
    return missing;
}

// Waits for all ranks, and says which of them did not come.
void meet(c10d::Store &store, int32_t rank, int32_t size, const std::string &place, double seconds,
          milliseconds remaining) {
    TORCH_CHECK(store.add("rank/" + std::to_string(rank), 1) == 1, "another process is rank ", rank,
                " at ", place, " already; give every process a RANK of its own");
    std::vector<std::string> keys;
    for (int32_t other = 0; other < size; ++other) keys.push_back("rank/" + std::to_string(other));
    try {
        store.wait(keys, remaining);
    } catch (const std::exception &) {
        std::string missing;
        try {
            missing = missing_ranks(store, size);
        } catch (const std::exception &) {
        }
        TORCH_CHECK(!missing.empty(), "the ranks were meeting at ", place,
                    ", where nobody answers any more");
        bool one = missing.find(',') == std::string::npos;
        TORCH_CHECK(false, "waited ", seconds, " s at ", place, " for ", one ? "rank " : "ranks ",
                    missing, " of ", size, ", which did not come; ",
                    one ? "was it started, and can it" : "were they started, and can they",
                    " reach this address?");
    }
}

// Runs a collective operation; what a lost or a silent rank means is said plainly.
template <typename Body>
clt_status together(clt_group handle, Body &&body) {
    return guard([&] {
        auto &ranks = group(handle);
        c10::AutoGradMode no_gradient(false);
        try {
            body(ranks);
        } catch (const std::exception &error) {
            auto libtorch = dynamic_cast<const c10::Error *>(&error);
            std::string reason = libtorch ? libtorch->what_without_backtrace() : error.what();
            // The latter where one message's time-out has closed the connection of another's.
            if (reason.find("imed out") != std::string::npos ||
                reason.find("timeout") != std::string::npos) {
                TORCH_CHECK(false, "waited ", ranks.timeout_seconds,
                            " s for another rank, which did not take part in this step");
            }
            TORCH_CHECK(reason.find("gloo") == std::string::npos,
                        "another rank has ended or cannot be reached any more; its own message "
                        "says why (",
                        reason, ")");
            throw;
        }
    });
}

// A part of a flat buffer, in the form and the memory layout of a tensor.
at::Tensor part(const at::Tensor &flat, int64_t start, const at::Tensor &like) {
    auto range = flat.narrow(0, start, like.numel());
    return like.is_non_overlapping_and_dense()
               ? range.as_strided(like.sizes(), like.strides(), range.storage_offset())
               : range.view(like.sizes());
}

// Some of the tensors, as they lie one after the other in one message.
struct Bucket {
    std::vector<at::Tensor> values;
    // Which of the ranks' tensors have the same layout on all of them: `values` or what they
    // belong to.
    std::vector<at::Tensor> layouts;
    int64_t count = 0;
    at::Tensor flat;
    c10::intrusive_ptr<c10d::Work> work;

    template <typename Copy>
    void each(Copy &&copy) {
        int64_t start = 0;
        for (size_t i = 0; i < values.size(); ++i) {
            auto place = part(flat, start, layouts[i]);
            copy(values[i], place);
            start += values[i].numel();
        }
    }
};

class Buckets {
  public:
    void add(const at::Tensor &value, const at::Tensor &layout) {
        if (value.numel() == 0) return;
        auto &open = open_[{value.scalar_type(), Group::message_device(value.device()).type()}];
        if (open.count > 0 && (open.count + value.numel()) * value.element_size() > bucket_bytes) {
            full_.push_back(std::move(open));
            open = Bucket{};
        }
        open.values.push_back(value);
        open.layouts.push_back(layout);
        open.count += value.numel();
    }

    void average(Group &ranks, double weight) {
        for (auto &[kind, open] : open_) full_.push_back(std::move(open));
        open_.clear();
        for (auto &bucket : full_) {
            const auto &first = bucket.values[0];
            bucket.flat = at::empty({bucket.count},
                                    first.options().device(Group::message_device(first.device())));
            bucket.each([](at::Tensor &value, at::Tensor &place) { place.copy_(value); });
            if (weight != 1) bucket.flat.mul_(weight);
            bucket.work = ranks.sum(bucket.flat);
        }
        for (auto &bucket : full_) {
            bucket.work->wait();
            bucket.each([](at::Tensor &value, at::Tensor &place) { value.copy_(place); });
        }
    }

  private:
    std::map<std::pair<at::ScalarType, at::DeviceType>, Bucket> open_;
    std::vector<Bucket> full_;
};

// What the backward pass of a sum needs to send another message.
struct GroupReference : torch::CustomClassHolder {
    explicit GroupReference(Group group) : group(std::move(group)) {}
    Group group;
};

struct SumOverRanks : torch::autograd::Function<SumOverRanks> {
    static at::Tensor sum(const at::Tensor &value, Group &ranks) {
        auto place = Group::message_device(value.device());
        auto result = value.detach().to(place).clone(at::MemoryFormat::Contiguous);
        ranks.sum(result)->wait();
        return result.to(value.device());
    }

    static at::Tensor forward(AutogradContext *context, const at::Tensor &value, Group *ranks) {
        auto result = sum(value, *ranks);
        context->saved_data["group"] =
            c10::IValue::make_capsule(c10::make_intrusive<GroupReference>(*ranks));
        return result;
    }

    static variable_list backward(AutogradContext *context, variable_list gradients) {
        auto reference = c10::static_intrusive_pointer_cast<GroupReference>(
            context->saved_data["group"].toCapsule());
        return {sum(gradients[0], reference->group), at::Tensor()};
    }
};

}  // namespace

bool clt_has_gloo(void) { return true; }

clt_status clt_store_host(uint16_t port, bool only_local, double timeout_seconds, clt_store *out,
                          uint16_t *out_port) {
    return guard([&] {
        quieten();
        c10d::TCPStoreOptions options;
        options.port = port;
        options.isServer = true;
        options.waitWorkers = false;
        options.timeout = duration(timeout_seconds);
        if (only_local) {
            int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_port = htons(port);
            address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            socklen_t length = sizeof address;
            bool is_bound =
                descriptor >= 0 &&
                bind(descriptor, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0 &&
                getsockname(descriptor, reinterpret_cast<sockaddr *>(&address), &length) == 0;
            TORCH_CHECK(is_bound, "no port of this machine can be opened: ", strerror(errno));
            options.port = ntohs(address.sin_port);
            options.masterListenFd = descriptor;
        }
        try {
            auto store = c10::make_intrusive<c10d::TCPStore>(only_local ? "127.0.0.1" : "localhost",
                                                             options);
            *out_port = store->getPort();
            out->impl = new c10::intrusive_ptr<c10d::TCPStore>(std::move(store));
        } catch (const std::exception &error) {
            std::string reason = error.what();
            TORCH_CHECK(reason.find("EADDRINUSE") == std::string::npos, "the port ", port,
                        " of this machine is in use; choose another MASTER_PORT, the same for all "
                        "ranks, or end the program that has it");
            TORCH_CHECK(reason.find("EACCES") == std::string::npos, "the port ", port,
                        " of this machine may not be opened; choose a MASTER_PORT from 1024 on");
            throw;
        }
    });
}

void clt_store_free(clt_store handle) {
    delete static_cast<c10::intrusive_ptr<c10d::TCPStore> *>(handle.impl);
}

clt_status clt_group_join(const char *host, uint16_t port, const char *session, int32_t rank,
                          int32_t size, double timeout_seconds, clt_group *out) {
    return guard([&] {
        quieten();
        // A rank that is gone is an error with a message here, not the end of the others.
        std::signal(SIGPIPE, SIG_IGN);
        TORCH_CHECK(rank >= 0 && rank < size, "rank ", rank, " is not one of ", size);
        auto end = steady_clock::now() + duration(timeout_seconds);
        auto remaining = [&] {
            auto left = std::chrono::duration_cast<milliseconds>(end - steady_clock::now());
            return std::max(left, milliseconds(1));
        };
        auto place = std::string(host) + ":" + std::to_string(port);
        c10d::TCPStoreOptions options;
        options.port = port;
        options.waitWorkers = false;
        options.timeout = remaining();
        auto device_options = gloo_options(host, port, duration(timeout_seconds));
        c10::intrusive_ptr<c10d::Store> store;
        try {
            store = c10::make_intrusive<c10d::TCPStore>(host, options);
        } catch (const std::exception &) {
            TORCH_CHECK(false, "waited ", timeout_seconds, " s for rank 0 at ", place,
                        ", where nobody answers; was it started, and are MASTER_ADDR and "
                        "MASTER_PORT right?");
        }
        store =
            c10::make_intrusive<c10d::PrefixStore>(std::string("manifold-mixup/") + session, store);
        meet(*store, rank, size, place, timeout_seconds, remaining());
        try {
            auto backend = c10::make_intrusive<c10d::ProcessGroupGloo>(
                c10::make_intrusive<c10d::PrefixStore>("gloo", store), rank, size, device_options);
            out->impl = new Group{store, std::move(backend), timeout_seconds, nullptr};
        } catch (const std::exception &error) {
            TORCH_CHECK(false, "rank ", rank, " cannot connect to the others that met at ", place,
                        "; can they reach ", own_address(host, port),
                        "? GLOO_SOCKET_IFNAME chooses another network (", error.what(), ")");
        }
    });
}

void clt_group_free(clt_group handle) { delete static_cast<Group *>(handle.impl); }

clt_status clt_average(clt_group handle, const clt_tensor *parameters, int32_t parameter_count,
                       const clt_tensor *values, int32_t value_count, double weight) {
    return together(handle, [&](Group &ranks) {
        Buckets buckets;
        for (const auto &parameter : tensors(parameters, parameter_count)) {
            if (parameter.grad().defined()) buckets.add(parameter.grad(), parameter);
        }
        for (const auto &value : tensors(values, value_count)) buckets.add(value, value);
        buckets.average(ranks, weight);
    });
}

clt_status clt_broadcast(clt_group handle, const clt_tensor *handles, int32_t count, int32_t root) {
    return together(handle, [&](Group &ranks) {
        auto all = tensors(handles, count);
        int64_t size = 0;
        for (const auto &value : all) size += value.nbytes();
        auto flat = at::empty({size}, at::kByte);
        auto each = [&](auto &&copy) {
            int64_t start = 0;
            for (auto &value : all) {
                auto place = flat.narrow(0, start, value.nbytes());
                copy(value, place);
                start += value.nbytes();
            }
        };
        each([](at::Tensor &value, at::Tensor &place) {
            place.copy_(value.contiguous().reshape({-1}).view(at::kByte));
        });
        c10d::BroadcastOptions options;
        options.rootRank = root;
        std::vector<at::Tensor> message{flat};
        ranks.backend->broadcast(message, options)->wait();
        each([](at::Tensor &value, at::Tensor &place) {
            // A copy of its own, since other types need their own alignment.
            value.copy_(place.clone().view(value.scalar_type()).view(value.sizes()));
        });
    });
}

clt_status clt_barrier(clt_group handle) {
    return together(handle, [](Group &ranks) { ranks.backend->barrier()->wait(); });
}

clt_status clt_sum_over_ranks(clt_group handle, clt_tensor value, clt_tensor *out) {
    return guard([&] { give(SumOverRanks::apply(tensor(value), &group(handle)), out); });
}

#else  // USE_C10D_GLOO

namespace {

clt_status without_gloo() {
    return clt::guard([] {
        TORCH_CHECK(false,
                    "this program was built without Gloo, which several ranks need: install "
                    "libgloo-dev (Debian's name), run swift package purge-cache, and build again");
    });
}

}  // namespace

bool clt_has_gloo(void) { return false; }
clt_status clt_store_host(uint16_t, bool, double, clt_store *, uint16_t *) {
    return without_gloo();
}
void clt_store_free(clt_store) {}
clt_status clt_group_join(const char *, uint16_t, const char *, int32_t, int32_t, double,
                          clt_group *) {
    return without_gloo();
}
void clt_group_free(clt_group) {}
clt_status clt_average(clt_group, const clt_tensor *, int32_t, const clt_tensor *, int32_t,
                       double) {
    return without_gloo();
}
clt_status clt_broadcast(clt_group, const clt_tensor *, int32_t, int32_t) { return without_gloo(); }
clt_status clt_barrier(clt_group) { return without_gloo(); }
clt_status clt_sum_over_ranks(clt_group, clt_tensor, clt_tensor *) { return without_gloo(); }

#endif  // USE_C10D_GLOO
