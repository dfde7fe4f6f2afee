// The kernels of amx.cpp with each tile instruction done by loops, as its manual describes it, in
// portable registers: what they compute can then be tested on any CPU.

#include "kernels.h"

#include <cmath>

#if defined(__x86_64__)

#define CTK_SET emulated_amx
#define CTK_TILES
#define CTK_LANES 4
#define CTK_REGISTERS 16

namespace {

// Whether tiles 4 and 5 have half as long rows, and tiles 6 and 7 half as many.
thread_local bool are_half = false;

struct Tiles {
    float numbers[8][16][16];

    void zero(int tile) { __builtin_memset(numbers[tile], 0, sizeof numbers[tile]); }

    void load(int tile, const float *first, int64_t row) {
        int rows = are_half && tile >= 6 ? 8 : 16, bytes = are_half && tile / 2 == 2 ? 32 : 64;
        zero(tile);
        for (int i = 0; i < rows; ++i) __builtin_memcpy(numbers[tile][i], first + i * row, bytes);
    }

    void store(int tile, float *first, int64_t row) const {
        for (int i = 0; i < 16; ++i) __builtin_memcpy(first + i * row, numbers[tile][i], 64);
    }

    // The number in the lower or upper half of a pair.
    static float half(float pair, bool is_upper) {
        uint32_t bits;
        __builtin_memcpy(&bits, &pair, 4);
        bits = is_upper ? bits & 0xFFFF0000 : bits << 16;
        __builtin_memcpy(&pair, &bits, 4);
        return pair;
    }

    void multiply(int sums, int left, int right) {
        for (int row = 0; row < 16; ++row) {
            for (int step = 0; step < 16; ++step) {
                float pair = numbers[left][row][step];
                for (int column = 0; column < 16; ++column) {
                    float other = numbers[right][step][column];
                    numbers[sums][row][column] += half(pair, false) * half(other, false) +
                                                  half(pair, true) * half(other, true);
                }
            }
        }
    }
};

}  // namespace

#define CTK_TILE_BEGIN() Tiles tiles
#define CTK_TILE_CONFIGURE(is_half) are_half = is_half
#define CTK_TILE_ZERO(number) tiles.zero(number)
#define CTK_TILE_LOAD(number, first, row) tiles.load(number, first, row)
#define CTK_TILE_STREAM CTK_TILE_LOAD
#define CTK_TILE_STORE(number, first, row) tiles.store(number, first, row)
#define CTK_TILE_MULTIPLY(sums, left, right) tiles.multiply(sums, left, right)

#include "all.h"

const ctk::Kernels ctk::emulated_amx_kernels = CTK_TABLE("emulated AMX");

#endif
