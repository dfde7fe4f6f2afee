// Convolutions of blocks of 3 × 3 and stride 1 by Winograd's F(2 × 2, 3 × 3), with 4/9 of the
// products of the plain sum; see kernels/block_winograd.h for one tile, and winograd.cpp for
// planes.
//
//   output                products[ξ][tile][o] = Σ over inputs   patches[ξ][tile][i] ·
//   weights[ξ][i][o] gradient of weights   sums[ξ][o][i]        = Σ over tiles slopes[ξ][tile][o] ·
//   patches[ξ][tile][i]
//
// Tiles are counted as (row of tiles, column of tiles, example). Threads take rows of tiles, some
// tiles at a time, whose patches stay in their second cache.

#include "blocked_winograd.h"

#include <algorithm>
#include <vector>

namespace {

constexpr int64_t places = 16, side = ctk::block_channels / 2;
// Pairs of the weights of one place between two blocks, and numbers of a square of sums.
constexpr int64_t block_weights = ctk::block_channels * side;
constexpr int64_t square_size = ctk::block_channels * ctk::block_channels;

// The tiles of a row of an image's tiles, in blocks.
struct TileRow {
    const ctk_planes &planes;

    int64_t count() const { return planes.width / 2 * planes.pitch; }

    // Calls body(column of tiles, example, number of the tile from `begin` on, count) for the runs
    // of tiles begin ..< end in one column of tiles.
    template <typename Body>
    void for_each_run(int64_t begin, int64_t end, const Body &body) const {
        for (int64_t tile = begin; tile < end;) {
            int64_t example = tile % planes.pitch;
            int64_t count = std::min(planes.pitch - example, end - tile);
            body(tile / planes.pitch, example, tile - begin, count);
            tile += count;
        }
    }
};

// The positions of a square of `side` × `side` pixels from (top, left) on, beginning at an example;
// null outside of the image.
void take_positions(const ctk_planes &planes, int64_t block, int64_t top, int64_t left,
                    int64_t side, int64_t example, ctk::BlockSquares &squares) {
    for (int64_t k = 0; k < side * side; ++k) {
        int64_t y = top + k / side, x = left + k % side;
        bool is_inside = y >= 0 && y < planes.height && x >= 0 && x < planes.width;
        squares.positions[k] =
            is_inside ? ctk::block_pixel(planes, block, y, x) + example * ctk::block_channels
                      : nullptr;
    }
}

ctk::BlockSquares patches_of(const ctk::BlockSource &source, int64_t block, int64_t tile_row,
                             int64_t tile_column, int64_t example) {
    ctk::BlockSquares squares{};
    if (source.factors != nullptr) squares.factors = source.factors + block;
    squares.activation = source.activation;
    take_positions(source.planes, block, 2 * tile_row - 1, 2 * tile_column - 1, 4, example,
                   squares);
    return squares;
}

// Memory of a thread that begins at a cache line.
float *thread_memory(int64_t count) {
    thread_local std::vector<float> memory;
    if (static_cast<int64_t>(memory.size()) < count + side) memory.resize(count + side);
    auto address = reinterpret_cast<uintptr_t>(memory.data());
    return reinterpret_cast<float *>((address + 63) / 64 * 64);
}

// Patches of some tiles at a time, [places][blocks][tiles][16 pairs].
struct TileMemory {
    int64_t tiles, block_step, place_step;

    explicit TileMemory(int64_t blocks)
        // A multiple of what a product takes at once.
        : tiles(std::clamp<int64_t>(384 / blocks / 24, 1, 8) * 24),
          block_step(tiles * side),
          place_step(ctk::odd_lines(blocks * block_step)) {}

    int64_t size() const { return places * place_step; }
};

}  // namespace

bool ctk_is_winograd(const ctk_team *team, const ctk_filter *filter, int64_t outputs,
                     int64_t inputs, const ctk_planes *images) {
    return team->kernels.blocks->tiles != nullptr && images->is_blocked && !images->is_split &&
           filter->kernel_size == 3 && filter->stride == 1 && images->height % 2 == 0 &&
           images->width % 2 == 0 && std::min(outputs, inputs) >= ctk::block_channels;
}

void ctk::convolve_by_winograd(ctk_team *team, const ctk_filter &filter, const BlockSource &source,
                               const BlockResults &results) {
    const auto &kernels = *team->kernels.blocks;
    const ctk_planes &planes = results.planes;
    int64_t inputs = block_count(source.planes.channels), outputs = block_count(planes.channels);
    TileMemory memory(inputs);
    TileRow row{planes};
    int64_t rows = planes.height / 2;
    // Where there are few rows, threads share the blocks of the output, too.
    int64_t parts = std::clamp<int64_t>(2 * team->threads / rows, 1, outputs);

    auto take_patches = [&](int64_t y, int64_t begin, int64_t end, float *patches) {
        for (int64_t block = 0; block < inputs; ++block) {
            row.for_each_run(
                begin, end, [&](int64_t column, int64_t example, int64_t number, int64_t count) {
                    BlockSquares squares = patches_of(source, block, y, column, example);
                    squares.count = count;
                    squares.to = patches + block * memory.block_step + number * side;
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
        tiles.weights = filter.weights + block * places * inputs * block_weights;
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

namespace {

// How the gradient of weights goes through the tiles: so many at a time, of all rows, that their
// patches and slopes stay in a cache.
struct GradientMemory {
    // A multiple of the 32 that a step of a product takes.
    int64_t tiles;
    // Patches [places][input blocks][tiles / 2][32] of pairs, and slopes in the same way: the size
    // of a block, and from place to place.
    int64_t block_step, patches_step, slopes_step;
    // Where slopes, and sums [places][output blocks][input blocks][32][32], begin.
    int64_t slopes, sums, size;

    GradientMemory(int64_t inputs, int64_t outputs, int64_t all_tiles) {
        constexpr int64_t numbers = 2 << 20;
        tiles = std::clamp<int64_t>(numbers / (places * side * (inputs + outputs)), 256, 2048) /
                ctk::block_channels * ctk::block_channels;
        tiles = std::min(tiles, ctk::rounded_up(all_tiles, ctk::block_channels));
        block_step = tiles * side;
        patches_step = ctk::odd_lines(inputs * block_step);
        slopes_step = ctk::odd_lines(outputs * block_step);
        slopes = places * patches_step;
        sums = slopes + places * slopes_step;
        size = sums + places * inputs * outputs * square_size;
    }
};

struct WinogradGradient {
    const ctk::Kernels &kernels;
    const ctk::BlockSource &source;
    const ctk_planes &slopes;
    const int64_t inputs, outputs;
    const TileRow row;
    const GradientMemory memory;
    float *scratch;

    WinogradGradient(const ctk::Kernels &kernels, const ctk::BlockSource &source,
                     const ctk_planes &slopes, float *scratch)
        : kernels(kernels),
          source(source),
          slopes(slopes),
          inputs(ctk::block_count(source.planes.channels)),
          outputs(ctk::block_count(slopes.channels)),
          row{slopes},
          memory(inputs, outputs, slopes.height / 2 * row.count()),
          scratch(scratch) {}

    // Calls body(row of tiles, column, example, number from `begin` on, count).
    template <typename Body>
    void for_each_run(int64_t begin, int64_t end, const Body &body) const {
        for (int64_t tile = begin; tile < end;) {
            int64_t y = tile / row.count(), first = tile % row.count();
            int64_t count = std::min(row.count() - first, end - tile), offset = tile - begin;
            row.for_each_run(first, first + count,
                             [&](int64_t column, int64_t example, int64_t number, int64_t length) {
                                 body(y, column, example, offset + number, length);
                             });
            tile += count;
        }
    }

    // Makes pairs of tiles begin ..< end, an even number, from number `number` of those at a time
    // on. `take` says what their squares are.
    template <typename Take>
    void make_pairs(int64_t begin, int64_t end, int64_t number, float *to, int64_t place_step,
                    void (*make)(const ctk::BlockSquares &), const Take &take) const {
        for_each_run(
            begin, end,
            [&](int64_t y, int64_t column, int64_t example, int64_t offset, int64_t count) {
                ctk::BlockSquares squares = take(y, column, example);
                squares.count = count;
                squares.to = to + (number + offset) * side;
                squares.place_step = place_step;
                make(squares);
            });
        // Zeros up to the end of a step.
        int64_t first = number + end - begin;
        int64_t rest = ctk::rounded_up(first, ctk::block_channels) - first;
        for (int64_t place = 0; place < places; ++place) {
            std::fill_n(to + place * place_step + first * side, rest * side, 0.0f);
        }
    }

    void take_patches(int64_t block, int64_t begin, int64_t end, int64_t number) const {
        make_pairs(begin, end, number, scratch + block * memory.block_step, memory.patches_step,
                   kernels.blocks->patch_pairs, [&](int64_t y, int64_t column, int64_t example) {
                       return patches_of(source, block, y, column, example);
                   });
    }

    void take_slopes(int64_t block, int64_t begin, int64_t end, int64_t number) const {
        make_pairs(begin, end, number, scratch + memory.slopes + block * memory.block_step,
                   memory.slopes_step, kernels.blocks->slope_pairs,
                   [&](int64_t y, int64_t column, int64_t example) {
                       ctk::BlockSquares squares{};
                       take_positions(slopes, block, 2 * y, 2 * column, 2, example, squares);
                       return squares;
                   });
    }

    float *sums(int64_t place, int64_t output, int64_t input) const {
        return scratch + memory.sums + ((place * outputs + output) * inputs + input) * square_size;
    }

    void multiply(int64_t place, int64_t output, int64_t count, bool adds) const {
        for (int64_t input = 0; input < inputs; ++input) {
            ctk::Segment segment{
                scratch + memory.slopes + place * memory.slopes_step + output * memory.block_step,
                scratch + place * memory.patches_step + input * memory.block_step,
                (count + ctk::block_channels - 1) / ctk::block_channels};
            kernels.blocks->add_gradient(
                {&segment, 1, false, false, sums(place, output, input), ctk::block_channels, adds});
        }
    }

    // Turns the sums of a square of blocks into weights' gradients.
    void store(int64_t output, int64_t input, float *gradient) const {
        constexpr int64_t taps = 9, filter_side = 4;
        int64_t channels = source.planes.channels;
        int64_t input_count = ctk::block_present(channels, input);
        alignas(64) float filters[taps][ctk::block_channels];
        for (int64_t o = 0; o < ctk::block_present(slopes.channels, output); ++o) {
            ctk::Square from{{}, outputs * inputs * square_size};
            for (int64_t i = 0; i < filter_side; ++i) {
                from.rows[i] = sums(i * filter_side, output, input) + o * ctk::block_channels;
            }
            kernels.winograd_2.filter_gradient(
                from, {{filters[0], filters[3], filters[6]}, ctk::block_channels}, input_count);
            int64_t channel = output * ctk::block_channels + o;
            kernels.transpose(filters[0], ctk::block_channels,
                              gradient + (channel * channels + input * ctk::block_channels) * taps,
                              taps, taps, input_count);
        }
    }
};

}  // namespace

int64_t ctk::winograd_gradient_scratch(const ctk_planes &input, const ctk_planes &output_gradient) {
    int64_t tiles = output_gradient.height / 2 * TileRow{output_gradient}.count();
    return GradientMemory(block_count(input.channels), block_count(output_gradient.channels), tiles)
        .size;
}

void ctk::winograd_gradient(ctk_team *team, const BlockSource &source,
                            const ctk_planes &output_gradient, float *scratch, float *gradient) {
    WinogradGradient all(team->kernels, source, output_gradient, scratch);
    int64_t tiles = output_gradient.height / 2 * all.row.count();
    // Tiles of one block that a thread maps at a time.
    constexpr int64_t part = 128;
    for (int64_t begin = 0; begin < tiles; begin += all.memory.tiles) {
        int64_t count = std::min(all.memory.tiles, tiles - begin);
        int64_t parts = (count + part - 1) / part;
        team->run((all.inputs + all.outputs) * parts, 1, [&](int64_t first, int64_t last) {
            for (int64_t i = first; i < last; ++i) {
                int64_t block = i / parts, number = i % parts * part;
                int64_t end = begin + std::min(number + part, count);
                if (block < all.inputs) {
                    all.take_patches(block, begin + number, end, number);
                } else {
                    all.take_slopes(block - all.inputs, begin + number, end, number);
                }
            }
        });
        team->run(places * all.outputs, 1, [&](int64_t first, int64_t last) {
            for (int64_t i = first; i < last; ++i) {
                all.multiply(i / all.outputs, i % all.outputs, count, begin > 0);
            }
        });
    }
    team->run(all.outputs * all.inputs, 1, [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) all.store(i / all.inputs, i % all.inputs, gradient);
    });
}
