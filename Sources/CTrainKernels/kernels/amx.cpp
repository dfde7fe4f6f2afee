// The kernels in AVX-512's registers, with products of bfloat16 in AMX's tiles.

#include "kernels.h"

#include <cmath>

#if defined(__x86_64__)

#define CTK_SET amx
#define CTK_TILES
#include "avx512_bf16.h"

#define CTK_TILE_BEGIN()

// Palette 1: eight tiles of 16 rows of 64 bytes, or on the left of half as long rows, and on the
// right of half as many.
struct alignas(64) TileLayout {
    uint8_t palette = 1, start = 0, reserved[14] = {};
    uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};

    constexpr explicit TileLayout(bool is_half) {
        for (int tile = 4; is_half && tile < 6; ++tile) row_bytes[tile] = 32;
        for (int tile = 6; is_half && tile < 8; ++tile) rows[tile] = 8;
    }
};

static constexpr TileLayout whole_tiles(false), half_tiles(true);

#define CTK_TILE_CONFIGURE(is_half) \
    __builtin_ia32_tile_loadconfig((is_half) ? &half_tiles : &whole_tiles)
#define CTK_TILE_ZERO(number) __builtin_ia32_tilezero(number)
#define CTK_TILE_LOAD(number, first, row) \
    __builtin_ia32_tileloadd64(number, first, 4 * static_cast<size_t>(row))
#define CTK_TILE_STREAM(number, first, row) \
    __builtin_ia32_tileloaddt164(number, first, 4 * static_cast<size_t>(row))
#define CTK_TILE_STORE(number, first, row) \
    __builtin_ia32_tilestored64(number, first, 4 * static_cast<size_t>(row))
#define CTK_TILE_MULTIPLY(sums, left, right) __builtin_ia32_tdpbf16ps(sums, left, right)

#pragma clang attribute push(                                                                 \
    __attribute__((                                                                           \
        target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,amx-tile,amx-bf16"))), \
    apply_to = function)
#include "all.h"
#pragma clang attribute pop

const ctk::Kernels ctk::amx_kernels = CTK_TABLE("AMX with bfloat16");

#endif
