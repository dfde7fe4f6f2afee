#include "team.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>

namespace {

// How often a thread looks before it sleeps, or lets others run: some tens of microseconds.
constexpr int patience = 2000;

void pause_briefly() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

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
    const char *limit = std::getenv("MANIFOLD_MIXUP_INSTRUCTIONS");
    if (limit == nullptr) return best;
    if (std::strcmp(limit, "portable") == 0) return CTK_PORTABLE;
    if (std::strcmp(limit, "avx2") == 0) return std::min(best, CTK_AVX2);
    if (std::strcmp(limit, "avx512") == 0) return std::min(best, CTK_AVX512);
    return best;
}

const char *ctk_instructions_name(ctk_instructions instructions) {
    return table(instructions).name;
}

ctk_team *ctk_team_new(int32_t threads, ctk_instructions instructions) {
    try {
        return new ctk_team(threads, table(instructions));
    } catch (const std::exception &) {
        return nullptr;
    }
}

void ctk_team_free(ctk_team *team) { delete team; }

int64_t ctk_team_lanes(const ctk_team *team) { return team->kernels.lanes; }

bool ctk_team_has_bfloat16(const ctk_team *team) { return team->kernels.has_pair_product; }

const char *ctk_team_instructions(const ctk_team *team) { return team->kernels.name; }

ctk_team::ctk_team(int32_t threads, const ctk::Kernels &kernels) : kernels(kernels) {
    try {
        for (int32_t i = 1; i < threads; ++i) workers.emplace_back([this] { work(); });
    } catch (...) {
        is_ending = true;
        loop.fetch_add(1);
        loop.notify_all();
        for (auto &worker : workers) worker.join();
        throw;
    }
}

ctk_team::~ctk_team() {
    is_ending = true;
    loop.fetch_add(1);
    loop.notify_all();
    for (auto &worker : workers) worker.join();
}

void ctk_team::share(int64_t count, int64_t grain, const void *context, Call call) {
    this->count = count;
    this->grain = grain;
    this->context = context;
    this->call = call;
    next.store(0, std::memory_order_relaxed);
    busy.store(static_cast<int64_t>(workers.size()), std::memory_order_relaxed);
    loop.fetch_add(1, std::memory_order_release);
    loop.notify_all();
    take_parts();
    for (int tries = 0; busy.load(std::memory_order_acquire) != 0; ++tries) {
        if (tries < patience) {
            pause_briefly();
        } else {
            std::this_thread::yield();
        }
    }
}

void ctk_team::take_parts() {
    for (;;) {
        int64_t begin = next.fetch_add(grain, std::memory_order_relaxed);
        if (begin >= count) return;
        call(context, begin, std::min(begin + grain, count));
    }
}

void ctk_team::work() {
    uint32_t seen = 0;
    for (;;) {
        for (int tries = 0; loop.load(std::memory_order_acquire) == seen; ++tries) {
            if (tries < patience) {
                pause_briefly();
            } else {
                loop.wait(seen, std::memory_order_acquire);
            }
        }
        ++seen;
        if (is_ending) return;
        take_parts();
        busy.fetch_sub(1, std::memory_order_release);
    }
}
