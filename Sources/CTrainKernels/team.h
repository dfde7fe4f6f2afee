// A team of threads, and the loops that they share.

#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "ctrainkernels.h"
#include "kernels/kernels.h"

// The caller is one of the threads. The others look for work for a short time, since the next loop
// of a step follows within microseconds, and then sleep.
struct ctk_team {
    ctk_team(int32_t threads, const ctk::Kernels &kernels);
    ~ctk_team();

    const ctk::Kernels &kernels;

    // Calls body(begin, end) for parts of 0 ..< count, at most `grain` at a time, and returns when
    // all are done. Which thread does what is left to chance, so no result may depend on it.
    template <typename Body>
    void run(int64_t count, int64_t grain, const Body &body) {
        if (workers.empty() || count <= grain) {
            if (count > 0) body(0, count);
            return;
        }
        share(count, grain, &body, [](const void *context, int64_t begin, int64_t end) {
            (*static_cast<const Body *>(context))(begin, end);
        });
    }

  private:
    using Call = void (*)(const void *, int64_t, int64_t);

    void share(int64_t count, int64_t grain, const void *context, Call call);
    void take_parts();
    void work();

    std::vector<std::thread> workers;
    // Counts the loops; a change of it is what workers wait for.
    std::atomic<uint32_t> loop{0};
    std::atomic<bool> is_ending{false};
    alignas(64) std::atomic<int64_t> next{0};
    alignas(64) std::atomic<int64_t> busy{0};
    int64_t count = 0, grain = 1;
    const void *context = nullptr;
    Call call = nullptr;
};
