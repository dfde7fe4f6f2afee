// CUDA devices that are an imitation in the memory of the CPU, for tests on machines without a GPU.
//
// libtorch takes their tensors for CUDA tensors: all that depends on that is chosen as for real
// ones. Operations compute on the CPU, and refuse operands of which some are on the CPU and some
// are not. What they do not show is whether CUDA's own kernels do the same, and what happens when
// they do it later.

#ifndef IMITATED_CUDA_H
#define IMITATED_CUDA_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

// Whether the imitation is there; it is not where libtorch has CUDA itself.
bool imitated_cuda_is_there(void);
// Makes the devices visible to this thread, or not, which they are at first; returns what held
// before.
bool imitated_cuda_show(bool visible);
// The number of bytes that were pinned so far, in all threads.
long imitated_cuda_pinned_bytes(void);
// How often this thread repeated recordings.
long imitated_cuda_repeated_recordings(void);

#ifdef __cplusplus
}
#endif

#endif
