// The kernels in AVX-512's registers of sixteen floats.

#include "kernels.h"

#include <cmath>

#if defined(__x86_64__)

#define CTK_SET avx512
#define CTK_LANES 16
#define CTK_TILE_ROWS 8
#define CTK_TILE_COLUMNS 48
#define CTK_MASKED_LOAD(source, others, mask) __builtin_ia32_loadups512_mask(source, others, mask)
#define CTK_MASKED_STORE(target, lanes, mask) __builtin_ia32_storeups512_mask(target, lanes, mask)

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#include "all.h"
#pragma clang attribute pop

const ctk::Kernels ctk::avx512_kernels = CTK_TABLE("AVX-512");

#endif
