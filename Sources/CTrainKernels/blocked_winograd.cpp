// Convolutions of blocks of 3 × 3 and stride 1 by Winograd's F(2 × 2, 3 × 3), with 4/9 of the
// products of the plain sum; see kernels/block_winograd.h for one tile, and winograd.cpp for
// planes.
//
//   products[ξ][tile][o] = Σ over inputs   patches[ξ][tile][i] · weights[ξ][i][o]
//
// Threads take rows of tiles, some tiles at a time, whose patches stay in their second cache.

#include "blocked_winograd.h"

#include <algorithm>

#include "blocked_tiles.h"
#include "lines.h"

namespace {

// Pairs of the weights of one place between two blocks.
constexpr int64_t block_weights = ctk::block_channels * ctk::unit_pairs;

float *thread_memory(size_t count) {
    thread_local ctk::Lines<float> memory;
    if (memory.size() < count) memory.resize(count);
    return memory.data();
}

// Patches of some tiles at a time, [places][blocks][tiles][16 pairs].
struct TileMemory {
    int64_t tiles, block_step, place_step;

    explicit TileMemory(int64_t blocks)
        // A multiple of what a product takes at once.
        : tiles(std::clamp<int64_t>(384 / blocks / 24, 1, 8) * 24),
          block_step(tiles * ctk::unit_pairs),
          place_step(ctk::odd_lines(blocks * block_step)) {}

    int64_t size() const { return ctk::tile_places * place_step; }
};

}  // namespace

bool ctk_is_winograd(const ctk_team *team, const ctk_filter *filter, int64_t outputs,
                     int64_t inputs, const ctk_planes *images) {
    return !team->kernels.has_tile_product && images->is_blocked && !images->is_split &&
           filter->kernel_size == 3 && filter->stride == 1 && images->height % 2 == 0 &&
           images->width % 2 == 0 && std::min(outputs, inputs) >= ctk::block_channels;
}

void ctk::convolve_by_winograd(ctk_team *team, const ctk_filter &filter, const BlockSource &source,
                               const BlockResults &results) {
    const auto &kernels = *team->kernels.blocks;
    const ctk_planes &planes = results.planes;
    int64_t inputs = block_count(source.planes.channels), outputs = block_count(planes.channels);
    TileMemory memory(inputs);
    ctk::TileRow row{planes};
    int64_t rows = planes.height / 2;
    // Where there are few rows, threads share the blocks of the output, too.
    int64_t parts = std::clamp<int64_t>(2 * team->threads / rows, 1, outputs);

    auto take_patches = [&](int64_t y, int64_t begin, int64_t end, float *patches) {
        for (int64_t block = 0; block < inputs; ++block) {
            row.for_each_run(
                begin, end, [&](int64_t column, int64_t example, int64_t number, int64_t count) {
                    BlockSquares squares = ctk::patches_of(source, block, y, column, example);
                    squares.count = count;
                    squares.to = patches + block * memory.block_step + number * ctk::unit_pairs;
                    squares.place_step = memory.place_step;
                    kernels.patches(squares);
                });
        }
    };
    auto make_tiles = [&](int64_t y, int64_t begin, int64_t end, int64_t block,
                          const float *patches) {
        BlockTiles tiles{};
        tiles.patches = patches;
        tiles.place_step = memory.place_step;
        tiles.block_step = memory.block_step;
        tiles.blocks = inputs;
        tiles.weights = filter.weights + block * ctk::tile_places * inputs * block_weights;
        tiles.first = begin;
        tiles.count = end - begin;
        tiles.pitch = planes.pitch;
        alignas(64) float biases[block_channels];
        results.copy_bias(block, biases);
        BlockSlopes slopes[2];
        BlockMoments moments[2];
        BlockMoments *row_moments[2];
        for (int64_t i = 0; i < 2; ++i) {
            BlockStrip &strip = tiles.rows[i];
            strip.bias = biases;
            int64_t place = (2 * y + i) * planes.row + planes.border * planes.pitch;
            results.ask(strip, slopes[i], block, 2 * y + i, place);
            if (strip.slopes != nullptr && begin == 0) *slopes[i].sums = {};
            row_moments[i] = strip.moments;
            if (strip.moments != nullptr) strip.moments = &moments[i];
        }
        kernels.tiles(tiles);
        for (int64_t i = 0; i < 2 && row_moments[i] != nullptr; ++i) {
            if (begin == 0) *row_moments[i] = {};
            row_moments[i]->add(moments[i]);
        }
    };
    team->run(rows * parts, 1, [&](int64_t first, int64_t last) {
        float *patches = thread_memory(memory.size());
        for (int64_t i = first; i < last; ++i) {
            int64_t y = i / parts, part = i % parts;
            for (int64_t begin = 0; begin < row.count(); begin += memory.tiles) {
                int64_t end = std::min(begin + memory.tiles, row.count());
                take_patches(y, begin, end, patches);
                for (int64_t block = part * outputs / parts; block < (part + 1) * outputs / parts;
                     ++block) {
                    make_tiles(y, begin, end, block, patches);
                }
            }
        }
    });
}
