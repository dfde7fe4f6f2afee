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
        share({count, grain, &body,
               [](const void *context, int64_t begin, int64_t end, int64_t member) {
                   (*static_cast<const Body *>(context))(begin, end, member);
               }});
    }

    // Calls body(context) while the other threads stand by: a loop within it finds them waiting for
    // just that, and begins and ends without the system and OpenMP having a part in it.
    void together(void (*body)(void *), void *context);

  private:
    using Call = void (*)(const void *, int64_t, int64_t, int64_t);

    struct Loop {
        int64_t count, grain;
        const void *context;
        Call call;
    };

    // A loop on its way through the threads.
    class Work;

    void share(const Loop &loop) const;

    // Not with more threads than cores: whoever waits on one that another needs holds all up.
    const bool may_stand_by;
    // What they stand by for, while they do.
    Work *standing_by = nullptr;
};
