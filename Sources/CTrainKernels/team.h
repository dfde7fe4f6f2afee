// A team of threads, and the loops that they share.

#pragma once

#include <atomic>
#include <cstdint>

#include "ctrainkernels.h"
#include "kernels/kernels.h"

// The threads are those of OpenMP, which libtorch computes with too: with a pool of its own beside
// it, the threads that wait for work would hold the cores of those that have some. A process
// without OpenMP computes with one thread.
struct ctk_team {
    ctk_team(int32_t threads, const ctk::Kernels &kernels);

    const ctk::Kernels &kernels;
    const int32_t threads;

    // Calls body(begin, end) for parts of 0 ..< count, at most `grain` at a time, and returns when
    // all are done. Every thread has a share that is its own, so that it finds in its cache what it
    // has left there in the call before; a thread that is done takes parts of others. No result may
    // depend on who does what.
    template <typename Body>
    void run(int64_t count, int64_t grain, const Body &body) const {
        run_with_members(count, grain,
                         [&](int64_t begin, int64_t end, int64_t) { body(begin, end); });
    }

    // The same with body(begin, end, member), where member is a number below `threads` that no
    // other thread has at the same time.
    template <typename Body>
    void run_with_members(int64_t count, int64_t grain, const Body &body) const {
        if (threads == 1 || count <= grain) {
            if (count > 0) body(0, count, 0);
            return;
        }
        share(count, grain, &body,
              [](const void *context, int64_t begin, int64_t end, int64_t member) {
                  (*static_cast<const Body *>(context))(begin, end, member);
              });
    }

  private:
    using Call = void (*)(const void *, int64_t, int64_t, int64_t);

    // The parts that are left of one thread's share.
    struct alignas(64) Share {
        std::atomic<int64_t> next;
        int64_t end;
    };

    struct Loop {
        static constexpr int64_t most_shares = 64;

        const int64_t count, grain;
        const void *const context;
        const Call call;
        const int64_t share_count;
        Share shares[most_shares];
        alignas(64) std::atomic<int64_t> members{0};

        void take_parts();
    };

    void share(int64_t count, int64_t grain, const void *context, Call call) const;
};
