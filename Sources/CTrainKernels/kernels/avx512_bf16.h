// What AVX-512 with bfloat16 adds to the compiler's vectors, for the files that compile all.h with
// it.

#include "avx512.h"

#define CTK_PAIR_PRODUCT(sum, left, right) \
    (Lanes) __builtin_ia32_dpbf16ps_512(sum, (Bfloats)left, (Bfloats)right)

typedef __bf16 Bfloats __attribute__((vector_size(64)));

// One conversion of both, and their halves laid side by side.
#define CTK_PAIR_UP(first, second)                                                                 \
    (Lanes) __builtin_shufflevector(__builtin_ia32_cvtne2ps2bf16_512(second, first), Bfloats{}, 0, \
                                    16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, \
                                    25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

// Both registers rounded into one, in their order.
#define CTK_STORE_HALVES(target, first, second) \
    *reinterpret_cast<UnalignedBfloats *>(target) = __builtin_ia32_cvtne2ps2bf16_512(second, first)

// One register rounded.
#define CTK_STORE_HALF(target, lanes)                   \
    *reinterpret_cast<UnalignedHalfBfloats *>(target) = \
        __builtin_ia32_cvtneps2bf16_512_mask(lanes, HalfBfloats{}, 0xFFFF)

typedef __bf16 HalfBfloats __attribute__((vector_size(32)));
typedef __bf16 UnalignedHalfBfloats __attribute__((vector_size(32), aligned(2), may_alias));
typedef __bf16 UnalignedBfloats __attribute__((vector_size(64), aligned(2), may_alias));
