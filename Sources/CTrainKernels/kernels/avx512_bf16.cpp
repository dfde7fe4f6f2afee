// The kernels in AVX-512's registers of sixteen floats, with its products of bfloat16.

#include "kernels.h"

#include <cmath>

#if defined(__x86_64__)

#define CTK_SET avx512_bf16
#define CTK_LANES 16
#define CTK_TILE_ROWS 8
#define CTK_TILE_COLUMNS 48
#define CTK_MASKED_LOAD(source, others, mask) \
    __builtin_ia32_loadups512_mask(source, others, mask)
#define CTK_MASKED_STORE(target, lanes, mask) \
    __builtin_ia32_storeups512_mask(target, lanes, mask)
#define CTK_PAIR_PRODUCT(sum, left, right) \
    (Lanes) __builtin_ia32_dpbf16ps_512(sum, (Bfloats)left, (Bfloats)right)

typedef __bf16 Bfloats __attribute__((vector_size(64)));

#pragma clang attribute push(                                                          \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma"))), \
    apply_to = function)
#include "all.h"
#pragma clang attribute pop

const ctk::Kernels ctk::avx512_bf16_kernels = CTK_TABLE("AVX-512 with bfloat16");

#endif
