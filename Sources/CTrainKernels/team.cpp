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
#include <new>

namespace {

// What compilers call for a parallel loop of OpenMP: body(context), by so many threads at once. It
// is there if the process has loaded an OpenMP, as libtorch does.
using OpenMPParallel = void (*)(void (*body)(void *), void *context, unsigned threads,
                                unsigned flags);

OpenMPParallel openmp_parallel() {
    static const auto found =
        reinterpret_cast<OpenMPParallel>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
    return found;
}

// The number of the calling thread within such a loop; the same thread has it every time.
int64_t openmp_thread() {
    static const auto found =
        reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "omp_get_thread_num"));
    return found == nullptr ? 0 : found();
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

bool ctk_team_has_bfloat16(const ctk_team *team) { return team->kernels.has_bfloat16; }

bool ctk_team_has_tiles(const ctk_team *team) { return team->kernels.has_tile_product; }

const char *ctk_team_instructions(const ctk_team *team) { return team->kernels.name; }

ctk_team::ctk_team(int32_t threads, const ctk::Kernels &kernels)
    : kernels(kernels), threads(openmp_parallel() == nullptr ? 1 : std::max(threads, 1)) {}

void ctk_team::share(int64_t count, int64_t grain, const void *context, Call call) const {
    Loop loop{count, grain, context, call, std::min<int64_t>(threads, Loop::most_shares), {}};
    int64_t parts = (count + grain - 1) / grain;
    for (int64_t i = 0; i < loop.share_count; ++i) {
        loop.shares[i].next.store(parts * i / loop.share_count, std::memory_order_relaxed);
        loop.shares[i].end = parts * (i + 1) / loop.share_count;
    }
    openmp_parallel()([](void *loop) { static_cast<Loop *>(loop)->take_parts(); }, &loop,
                      static_cast<unsigned>(threads), 0);
}

void ctk_team::Loop::take_parts() {
    int64_t member = members.fetch_add(1, std::memory_order_relaxed), own = openmp_thread();
    for (int64_t i = 0; i < share_count; ++i) {
        Share &share = shares[(own + i) % share_count];
        for (;;) {
            int64_t part = share.next.fetch_add(1, std::memory_order_relaxed);
            if (part >= share.end) break;
            call(context, part * grain, std::min((part + 1) * grain, count), member);
        }
    }
}
