// The kernels in AVX2's registers of eight floats.

#include "kernels.h"

#include <cmath>

#if defined(__x86_64__)

#define CTK_SET avx2
#define CTK_LANES 8
#define CTK_REGISTERS 16
#define CTK_LOAD_FIRST(source, count) \
    (Lanes) __builtin_ia32_maskloadps256((const Lanes *)(source), first_lanes(count))

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "all.h"
#pragma clang attribute pop

const ctk::Kernels ctk::avx2_kernels = CTK_TABLE("AVX2");

#endif
