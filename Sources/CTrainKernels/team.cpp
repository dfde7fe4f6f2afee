#include "team.h"

#include <dlfcn.h>
#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <thread>

namespace {

// What OpenMP calls so, or null without one in the process.
template <typename Function>
Function of_openmp(const char *name) {
    return reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
}

// What compilers call for a parallel loop of OpenMP: body(context), by so many threads at once. It
// is there if the process has loaded an OpenMP, as libtorch does.
using OpenMPParallel = void (*)(void (*body)(void *), void *context, unsigned threads,
                                unsigned flags);

OpenMPParallel openmp_parallel() {
    static const auto found = of_openmp<OpenMPParallel>("GOMP_parallel");
    return found;
}

// The number of the calling thread within such a loop, which the same thread has every time; and of
// how many.
int64_t openmp_thread() {
    static const auto ask = of_openmp<int (*)()>("omp_get_thread_num");
    return ask == nullptr ? 0 : ask();
}

int32_t openmp_threads(int32_t asked_for) {
    static const auto ask = of_openmp<int (*)()>("omp_get_num_threads");
    return ask == nullptr ? asked_for : ask();
}

int32_t processors() {
    static const auto ask = of_openmp<int (*)()>("omp_get_num_procs");
    return ask == nullptr ? std::numeric_limits<int32_t>::max() : ask();
}

// Returns when the number is another one: at once where that is soon, as between the loops of a
// step; otherwise the thread sleeps.
template <typename Number>
void await_change(const std::atomic<Number> &number, Number old) {
    constexpr int64_t soon = 4000;
    for (int64_t i = 0; i < soon; ++i) {
        if (number.load(std::memory_order_acquire) != old) return;
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
    }
    number.wait(old, std::memory_order_acquire);
}

#if defined(__x86_64__) && defined(__linux__)
// Whether the CPU has AMX with bfloat16, and the system lets this process use its tiles.
bool may_use_amx() {
    static const bool answer = [] {
        unsigned a, b, c, d;
        if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
        constexpr unsigned amx_bf16 = 1u << 22, amx_tile = 1u << 24;
        if ((d & amx_bf16) == 0 || (d & amx_tile) == 0) return false;
        constexpr long request_permission = 0x1023, tile_data = 18;
        return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
    }();
    return answer;
}
#else
bool may_use_amx() { return false; }
#endif

ctk_instructions best_of_cpu() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
        return __builtin_cpu_supports("avx512bf16") ? CTK_AVX512_BF16 : CTK_AVX512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return CTK_AVX2;
#endif
    return CTK_PORTABLE;
}

const ctk::Kernels &table(ctk_instructions instructions) {
#if defined(__x86_64__)
    if (instructions == CTK_EMULATED_AMX) return ctk::emulated_amx_kernels;
    bool has_bfloat16 = best_of_cpu() == CTK_AVX512_BF16;
    if (instructions == CTK_AMX && has_bfloat16 && may_use_amx()) return ctk::amx_kernels;
    switch (std::min(instructions, best_of_cpu())) {
        case CTK_AVX512_BF16: return ctk::avx512_bf16_kernels;
        case CTK_AVX512: return ctk::avx512_kernels;
        case CTK_AVX2: return ctk::avx2_kernels;
        default: break;
    }
#endif
    return ctk::portable_kernels;
}

}  // namespace

ctk_instructions ctk_best_instructions(void) {
    auto best = best_of_cpu();
    if (best == CTK_AVX512_BF16 && may_use_amx()) best = CTK_AMX;
    const char *limit = std::getenv("MANIFOLD_MIXUP_INSTRUCTIONS");
    if (limit == nullptr) return best;
    if (std::strcmp(limit, "portable") == 0) return CTK_PORTABLE;
    if (std::strcmp(limit, "avx2") == 0) return std::min(best, CTK_AVX2);
    if (std::strcmp(limit, "avx512") == 0) return std::min(best, CTK_AVX512);
    if (std::strcmp(limit, "avx512-bf16") == 0) return std::min(best, CTK_AVX512_BF16);
    return best;
}

const char *ctk_instructions_name(ctk_instructions instructions) {
    return table(instructions).name;
}

ctk_team *ctk_team_new(int32_t threads, ctk_instructions instructions) {
    return new (std::nothrow) ctk_team(threads, table(instructions));
}

void ctk_team_free(ctk_team *team) { delete team; }

int64_t ctk_team_lanes(const ctk_team *team) { return team->kernels.lanes; }

void ctk_team_together(ctk_team *team, void (*body)(void *), void *context) {
    team->together(body, context);
}

bool ctk_team_has_bfloat16(const ctk_team *team) { return team->kernels.has_bfloat16; }

bool ctk_team_has_tiles(const ctk_team *team) { return team->kernels.has_tile_product; }

const char *ctk_team_instructions(const ctk_team *team) { return team->kernels.name; }

ctk_team::ctk_team(int32_t threads, const ctk::Kernels &kernels)
    : kernels(kernels),
      threads(openmp_parallel() == nullptr ? 1 : std::max(threads, 1)),
      may_stand_by(this->threads > 1 && this->threads <= processors()) {}

// What threads read of each other lies in as few cache lines as can be: one may take longer from
// core to core than a small loop.
class ctk_team::Work {
  public:
    Work(int32_t threads) : share_count(std::min<int64_t>(threads, most_shares)) {}

    void divide(const Loop &next) {
        loop = next;
        int64_t parts = (loop.count + loop.grain - 1) / loop.grain;
        for (int64_t i = 0; i < share_count; ++i) {
            shares[i].next.store(parts * i / share_count, std::memory_order_relaxed);
            shares[i].end = parts * (i + 1) / share_count;
        }
    }

    void take_parts() {
        int64_t own = openmp_thread();
        for (int64_t i = 0; i < share_count; ++i) {
            Share &share = shares[(own + i) % share_count];
            while (share.next.load(std::memory_order_relaxed) < share.end) {
                int64_t part = share.next.fetch_add(1, std::memory_order_relaxed);
                if (part >= share.end) break;
                int64_t begin = part * loop.grain;
                loop.call(loop.context, begin, std::min(begin + loop.grain, loop.count), own);
            }
        }
    }

    // By one thread, which says how many others follow.
    void assemble(int32_t others) { followers = others; }

    // Of those: a loop, which all have a share in.
    void lead(const Loop &next) {
        divide(next);
        busy.store(followers, std::memory_order_relaxed);
        order();
        take_parts();
        for (int32_t left; (left = busy.load(std::memory_order_acquire)) > 0;) {
            await_change(busy, left);
        }
    }

    void dismiss() {
        loop.call = nullptr;
        order();
    }

    void follow() {
        for (uint32_t heard = 0;; ++heard) {
            await_change(orders, heard);
            if (loop.call == nullptr) return;
            take_parts();
            busy.fetch_sub(1, std::memory_order_acq_rel);
            busy.notify_one();
        }
    }

  private:
    static constexpr int64_t most_shares = 64;

    // The parts that are left of one thread's share.
    struct alignas(64) Share {
        std::atomic<int64_t> next;
        int64_t end;
    };

    void order() {
        orders.fetch_add(1, std::memory_order_release);
        orders.notify_all();
    }

    // How many orders there were, and the last.
    alignas(64) std::atomic<uint32_t> orders{0};
    Loop loop{};
    const int64_t share_count;
    int32_t followers = 0;
    // The threads that have not yet done what the last order says.
    alignas(64) std::atomic<int32_t> busy{0};
    Share shares[most_shares];
};

void ctk_team::together(void (*body)(void *), void *context) {
    if (!may_stand_by || standing_by != nullptr) return body(context);
    struct Meeting {
        ctk_team &team;
        Work work;
        void (*body)(void *);
        void *context;
        std::thread::id leader;
    } meeting{*this, {threads}, body, context, std::this_thread::get_id()};
    auto attend = [](void *pointer) {
        auto &[team, work, body, context, leader] = *static_cast<Meeting *>(pointer);
        if (std::this_thread::get_id() != leader) return work.follow();
        work.assemble(openmp_threads(team.threads) - 1);
        team.standing_by = &work;
        body(context);
        team.standing_by = nullptr;
        work.dismiss();
    };
    openmp_parallel()(attend, &meeting, static_cast<unsigned>(threads), 0);
}

void ctk_team::share(const Loop &loop) const {
    if (standing_by != nullptr) return standing_by->lead(loop);
    Work work(threads);
    work.divide(loop);
    openmp_parallel()([](void *work) { static_cast<Work *>(work)->take_parts(); }, &work,
                      static_cast<unsigned>(threads), 0);
}
