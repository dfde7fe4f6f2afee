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

// How the work is shared out. Where the sums fit into a core's second cache, beside the operands of
// some tiles, threads take parts of the tiles, from patches to sums; how many does not depend on
// the threads. Where there are more sums, all threads make the operands of more tiles, and then
// share the sums.
struct GradientScratch {
    int64_t parts;
    // As many at a time, a multiple of the 32 that a step of a product takes.
    int64_t tiles;
    // Patches [places][input blocks][tiles / 2][32] of pairs, and slopes in the same way: the size
    // of a block, and from place to place.
    int64_t block_step, patches_step, slopes_step;
    // The operands, of which the slopes begin there, and the sums
    // [places][output blocks][input blocks][32][32] of a part.
    int64_t operands, slopes, sums;

    GradientScratch(int64_t inputs, int64_t outputs, int64_t all_tiles) {
        constexpr int64_t step = ctk::block_channels;
        bool is_small = inputs * outputs <= 4;
        parts = is_small ? std::clamp<int64_t>(all_tiles / 256, 1, 8) : 1;
        int64_t usual = is_small ? std::min<int64_t>(384 / (inputs + outputs), 128)
                                 : std::clamp<int64_t>(8192 / (inputs + outputs), 256, 2048);
        tiles = std::min(usual / step * step, ctk::rounded_up(all_tiles, step));
        block_step = tiles * ctk::unit_pairs;
        patches_step = ctk::odd_lines(inputs * block_step);
        slopes_step = ctk::odd_lines(outputs * block_step);
        slopes = ctk::tile_places * patches_step;
        operands = slopes + ctk::tile_places * slopes_step;
        sums = ctk::tile_places * inputs * outputs * square_size;
    }

    int64_t size(const ctk_team &team) const {
        return (parts > 1 ? std::max(team.threads, 1) : 1) * operands + parts * sums;
    }
};

struct WinogradGradient {
    const ctk::Kernels &kernels;
    const ctk::BlockSource &source;
    const ctk_planes &slopes;
    const int64_t inputs, outputs;
    const ctk::TileRow row;
    const GradientScratch memory;
    float *operands = nullptr, *part_sums = nullptr;

    WinogradGradient(const ctk::Kernels &kernels, const ctk::BlockSource &source,
                     const ctk_planes &slopes)
        : kernels(kernels),
          source(source),
          slopes(slopes),
          inputs(ctk::block_count(source.planes.channels)),
          outputs(ctk::block_count(slopes.channels)),
          row{slopes},
          memory(inputs, outputs, tiles()) {}

    int64_t tiles() const { return slopes.height / 2 * row.count(); }

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
    }

    void take_patches(int64_t block, int64_t begin, int64_t end, int64_t number) const {
        make_pairs(begin, end, number, operands + block * memory.block_step, memory.patches_step,
                   kernels.blocks->patch_pairs, [&](int64_t y, int64_t column, int64_t example) {
                       return ctk::patches_of(source, block, y, column, example);
                   });
    }

    void take_slopes(int64_t block, int64_t begin, int64_t end, int64_t number) const {
        make_pairs(begin, end, number, operands + memory.slopes + block * memory.block_step,
                   memory.slopes_step, kernels.blocks->slope_pairs,
                   [&](int64_t y, int64_t column, int64_t example) {
                       ctk::BlockSquares squares{};
                       ctk::take_positions(slopes, block, 2 * y, 2 * column, 2, example, squares);
                       return squares;
                   });
    }

    float *sums(int64_t place, int64_t output, int64_t input) const {
        return part_sums + ((place * outputs + output) * inputs + input) * square_size;
    }

    void multiply(int64_t place, int64_t output, int64_t count, bool adds) const {
        for (int64_t input = 0; input < inputs; ++input) {
            ctk::Segment segment{
                operands + memory.slopes + place * memory.slopes_step + output * memory.block_step,
                operands + place * memory.patches_step + input * memory.block_step, count / 2};
            kernels.blocks->add_gradient(
                {&segment, 1, false, false, sums(place, output, input), ctk::block_channels, adds});
        }
    }

    // The operands of a block of either: first those of the input, then those of the output.
    void take(int64_t block, int64_t begin, int64_t end, int64_t number) const {
        if (block < inputs) return take_patches(block, begin, end, number);
        take_slopes(block - inputs, begin, end, number);
    }

    // Adds up a part of the tiles, by one thread.
    void add_part(int64_t part) const {
        constexpr int64_t step = ctk::block_channels;
        auto boundary = [&](int64_t i) { return tiles() / step * i / memory.parts * step; };
        int64_t first = boundary(part);
        int64_t last = part + 1 == memory.parts ? tiles() : boundary(part + 1);
        for (int64_t begin = first; begin < last; begin += memory.tiles) {
            int64_t end = std::min(begin + memory.tiles, last);
            for (int64_t block = 0; block < inputs + outputs; ++block) take(block, begin, end, 0);
            for (int64_t place = 0; place < ctk::tile_places; ++place) {
                for (int64_t output = 0; output < outputs; ++output) {
                    multiply(place, output, end - begin, begin > first);
                }
            }
        }
    }

    // Adds up all tiles, by all threads.
    void add_all(ctk_team *team) const {
        // Tiles of one block that a thread maps at a time.
        constexpr int64_t part = 128;
        for (int64_t begin = 0; begin < tiles(); begin += memory.tiles) {
            int64_t count = std::min(memory.tiles, tiles() - begin);
            int64_t parts = (count + part - 1) / part;
            team->run((inputs + outputs) * parts, 1, [&](int64_t first, int64_t last) {
                for (int64_t i = first; i < last; ++i) {
                    int64_t number = i % parts * part;
                    take(i / parts, begin + number, begin + std::min(number + part, count), number);
                }
            });
            team->run(ctk::tile_places * outputs, 1, [&](int64_t first, int64_t last) {
                for (int64_t i = first; i < last; ++i) {
                    multiply(i / outputs, i % outputs, count, begin > 0);
                }
            });
        }
    }

    // Adds the sums of the other parts to those of the first, for a square of blocks.
    void add_other_parts(int64_t output, int64_t input) const {
        for (int64_t part = 1; part < memory.parts; ++part) {
            for (int64_t place = 0; place < ctk::tile_places; ++place) {
                float *to = sums(place, output, input);
                kernels.add(to + part * memory.sums, to, square_size);
            }
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

int64_t ctk::winograd_gradient_scratch(const ctk_team &team, const ctk_planes &input,
                                       const ctk_planes &output_gradient) {
    return WinogradGradient(team.kernels, {input}, output_gradient).memory.size(team);
}

void ctk::winograd_gradient(ctk_team *team, const BlockSource &source,
                            const ctk_planes &output_gradient, float *scratch, float *gradient) {
    WinogradGradient all(team->kernels, source, output_gradient);
    const auto &memory = all.memory;
    all.part_sums = scratch;
    all.operands = scratch + memory.parts * memory.sums;
    if (memory.parts > 1) {
        team->run_with_members(memory.parts, 1, [&](int64_t first, int64_t last, int64_t member) {
            WinogradGradient own = all;
            own.operands += member * memory.operands;
            for (int64_t part = first; part < last; ++part) {
                own.part_sums = all.part_sums + part * memory.sums;
                own.add_part(part);
            }
        });
    } else {
        all.add_all(team);
    }
    team->run(all.outputs * all.inputs, 1, [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) {
            int64_t output = i / all.inputs, input = i % all.inputs;
            all.add_other_parts(output, input);
            all.store(output, input, gradient);
        }
    });
}
