// The gradient of the weights of a convolution by Winograd's F(2 × 2, 3 × 3), of blocks.
//
//   sums[ξ][o][i] = Σ over tiles   slopes[ξ][tile][o] · patches[ξ][tile][i]
//
// Tiles are summed over, so pairs of them are multiplied, of both operands.

#include <algorithm>

#include "blocked_tiles.h"
#include "blocked_winograd.h"

namespace {

// Numbers of a square of sums between two blocks.
constexpr int64_t square_size = ctk::block_channels * ctk::block_channels;

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
        tiles =
            std::clamp<int64_t>(numbers / (ctk::tile_places * ctk::unit_pairs * (inputs + outputs)),
                                256, 2048) /
            ctk::block_channels * ctk::block_channels;
        tiles = std::min(tiles, ctk::rounded_up(all_tiles, ctk::block_channels));
        block_step = tiles * ctk::unit_pairs;
        patches_step = ctk::odd_lines(inputs * block_step);
        slopes_step = ctk::odd_lines(outputs * block_step);
        slopes = ctk::tile_places * patches_step;
        sums = slopes + ctk::tile_places * slopes_step;
        size = sums + ctk::tile_places * inputs * outputs * square_size;
    }
};

struct WinogradGradient {
    const ctk::Kernels &kernels;
    const ctk::BlockSource &source;
    const ctk_planes &slopes;
    const int64_t inputs, outputs;
    const ctk::TileRow row;
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
                squares.to = to + (number + offset) * ctk::unit_pairs;
                squares.place_step = place_step;
                make(squares);
            });
        // Zeros up to the end of a step.
        int64_t first = number + end - begin;
        int64_t rest = ctk::rounded_up(first, ctk::block_channels) - first;
        for (int64_t place = 0; place < ctk::tile_places; ++place) {
            std::fill_n(to + place * place_step + first * ctk::unit_pairs, rest * ctk::unit_pairs,
                        0.0f);
        }
    }

    void take_patches(int64_t block, int64_t begin, int64_t end, int64_t number) const {
        make_pairs(begin, end, number, scratch + block * memory.block_step, memory.patches_step,
                   kernels.blocks->patch_pairs, [&](int64_t y, int64_t column, int64_t example) {
                       return ctk::patches_of(source, block, y, column, example);
                   });
    }

    void take_slopes(int64_t block, int64_t begin, int64_t end, int64_t number) const {
        make_pairs(begin, end, number, scratch + memory.slopes + block * memory.block_step,
                   memory.slopes_step, kernels.blocks->slope_pairs,
                   [&](int64_t y, int64_t column, int64_t example) {
                       ctk::BlockSquares squares{};
                       ctk::take_positions(slopes, block, 2 * y, 2 * column, 2, example, squares);
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
    int64_t tiles = output_gradient.height / 2 * ctk::TileRow{output_gradient}.count();
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
        team->run(ctk::tile_places * all.outputs, 1, [&](int64_t first, int64_t last) {
            for (int64_t i = first; i < last; ++i) {
                all.multiply(i / all.outputs, i % all.outputs, count, begin > 0);
            }
        });
    }
    team->run(all.outputs * all.inputs, 1, [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) all.store(i / all.inputs, i % all.inputs, gradient);
    });
}
