// The kernels in AVX-512's registers of sixteen floats.

#include "kernels.h"

#include <cmath>

#if defined(__x86_64__)

#define CTK_SET avx512
#include "avx512.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#include "all.h"
#pragma clang attribute pop

const ctk::Kernels ctk::avx512_kernels = CTK_TABLE("AVX-512");

#endif
