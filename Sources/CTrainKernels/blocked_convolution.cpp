// Convolutions of blocks, forward and backward, as products of 32 × 32 tiles.
//
// Forward, and for the gradient of the input, a row of the left operand is one position of a block:
// the numbers of 32 channels. A tap of the filter is the same row of the image, begun elsewhere, so
// that nothing is copied.
//
//              ┌ 32 channels ┐   ┌ 32 channels of the result ┐
//   position 0 │ · · · · · · │   │ · · · · · · · · · · · · · │
//   position 1 │ · · · · · · │ × │ · weights of one tap  · · │  summed over taps and blocks
//   …          └             ┘   └                           ┘
//
// For the gradient of the weights, positions are summed over. They are put together in pairs first,
// those of the output's gradient with the channels outside.

#include "blocked_convolution.h"

#include <algorithm>

#include "blocked_layers.h"
#include "runs.h"

namespace {

// Pairs of the weights of one tap between two blocks.
constexpr int64_t block_weights = ctk::block_channels * ctk::block_channels / 2;
// What a second cache holds beside other things.
constexpr int64_t cache_positions = 48 * 1024;
constexpr int64_t rows_at_once = 4;

// Computes runs for all blocks of the result.
struct BlockRuns {
    const float *weights;
    int64_t taps;
    const ctk_planes &source, &result;
    const float *bias;
    const ctk_planes *added;
    const ctk::BlockKernels &kernels;
    const ctk_slope_sums *sums;
    const ctk::BlockNormalization *factors;

    void compute(const ctk::Run &run, int64_t block) const {
        bool changes_nothing =
            run.tap_count == 0 && added != nullptr && added->elements == result.elements;
        if (run.length == 0 || changes_nothing) return;
        int64_t blocks = ctk::block_count(source.channels);
        ctk::BlockSegment segments[9];
        for (int64_t i = 0; i < run.tap_count; ++i) {
            const ctk::Tap &tap = run.taps[i];
            segments[i] = {
                reinterpret_cast<const float *>(ctk::block_place(source, 0, tap.place)),
                weights + (block * taps + tap.weight) * blocks * block_weights, blocks, tap.begin,
                tap.end};
        }
        alignas(64) float biases[ctk::block_channels] = {};
        if (bias != nullptr) {
            int64_t first = block * ctk::block_channels;
            std::copy_n(bias + first, std::min(ctk::block_channels, result.channels - first),
                        biases);
        }
        // With more blocks, the products leave time enough.
        int64_t newest = blocks <= 2 ? newest_tap(run) : -1;
        ctk::BlockStrip strip{segments, run.tap_count, newest, source.channel * ctk::block_channels / 2,
                              biases, nullptr, ctk::block_place(result, block, run.place),
                              run.length, nullptr, nullptr};
        if (added != nullptr) strip.added = ctk::block_place(*added, block, run.place);
        if (result.moments != nullptr) {
            strip.moments = ctk::row_moments(result, block, run.place / result.row);
        }
        ctk::BlockSlopes slopes;
        if (sums != nullptr) {
            int64_t y = run.place / result.row;
            slopes = {factors + block, sums->activation, ctk::block_pixel(*sums->input, block, y, 0),
                      ctk::row_slope_sums(*sums, block, y)};
            *slopes.sums = {};
            strip.slopes = &slopes;
        }
        kernels.convolve(strip);
    }

    static int64_t newest_tap(const ctk::Run &run) {
        auto is_before = [](const ctk::Tap &first, const ctk::Tap &second) {
            return first.place < second.place;
        };
        return std::max_element(run.taps, run.taps + run.tap_count, is_before) - run.taps;
    }

    // Shares out runs and blocks; `make_run` gives run number i. Small images stay in the cache while
    // the weights of one block after the other are applied to them; of large ones, some rows do.
    template <typename MakeRun>
    void share(ctk_team *team, int64_t run_count, const MakeRun &make_run) const {
        int64_t blocks = ctk::block_count(result.channels);
        bool is_small =
            ctk::block_count(source.channels) * source.height * source.row <= cache_positions;
        team->run(run_count * blocks, is_small ? 1 : rows_at_once * blocks, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) {
                int64_t run = is_small ? i % run_count : i / blocks;
                int64_t block = is_small ? i / run_count : i % blocks;
                compute(make_run(run), block);
            }
        });
    }
};

// How the sums of the gradient of weights are shared out: groups of 2 × 2 squares of blocks, whose
// operands for some rows stay in the cache together. Where there are few groups, parts of the rows
// are summed up apart; how many does not depend on the threads.
struct GradientShares {
    int64_t taps, outputs, inputs, parts;

    GradientShares(const ctk_filter &filter, const ctk_planes &input, const ctk_planes &output)
        : taps(filter.kernel_size * filter.kernel_size),
          outputs(ctk::block_count(output.channels)),
          inputs(ctk::block_count(input.channels)),
          parts(std::clamp<int64_t>(8 / groups(), 1, output.height)) {}

    int64_t input_groups() const { return (inputs + 1) / 2; }
    int64_t groups() const { return (outputs + 1) / 2 * input_groups(); }
    // Numbers of one square of blocks, for all taps, and of a group.
    int64_t sums() const { return taps * square_size; }
    int64_t group_sums() const { return 4 * sums(); }
    // Sums that are kept at the same time: all parts, or those that the threads are at.
    int64_t kept_sums(const ctk_team &team) const {
        return group_sums() * (parts > 1 ? parts * groups() : std::max(team.threads, 1));
    }

    // Calls body(output block, input block, number of the square) for the squares of a group.
    template <typename Body>
    void for_each_square(int64_t group, const Body &body) const {
        int64_t output = group / input_groups() * 2, input = group % input_groups() * 2;
        for (int64_t i = 0; i < 4; ++i) {
            int64_t o = output + i / 2, k = input + i % 2;
            if (o < outputs && k < inputs) body(o, k, i);
        }
    }

    static constexpr int64_t square_size = ctk::block_channels * ctk::block_channels;
};

// Steps of a product that the positions of one row take.
int64_t row_steps(const ctk_planes &planes) {
    return (ctk::row_length(planes) + ctk::block_channels - 1) / ctk::block_channels;
}

// Writes [taps][output][input] of one square of blocks as gradient[output][input][taps].
void store_gradient(const ctk::Kernels &kernels, const float *sums, int64_t taps,
                    int64_t first_output, int64_t outputs, int64_t first_input, int64_t inputs,
                    float *gradient) {
    int64_t output_count = std::min(ctk::block_channels, outputs - first_output);
    int64_t input_count = std::min(ctk::block_channels, inputs - first_input);
    for (int64_t o = 0; o < output_count; ++o) {
        float *to = gradient + ((first_output + o) * inputs + first_input) * taps;
        const float *from = sums + o * ctk::block_channels;
        if (taps == 1) {
            std::copy_n(from, input_count, to);
        } else {
            kernels.transpose(from, GradientShares::square_size, to, taps, taps, input_count);
        }
    }
}

}  // namespace

void ctk::convolve_blocks(ctk_team *team, const ctk_filter &filter, const float *bias,
                          const ctk_planes &input, const ctk_planes *added,
                          const ctk_planes &output) {
    BlockRuns runs{filter.weights,
                   filter.kernel_size * filter.kernel_size,
                   input,
                   output,
                   bias,
                   added,
                   *team->kernels.blocks,
                   nullptr,
                   nullptr};
    runs.share(team, output.height,
               [&](int64_t y) { return output_run(filter, input, output, y); });
}

void ctk::block_input_gradient(ctk_team *team, const ctk_filter &filter,
                               const ctk_planes &output_gradient, const ctk_planes &input_gradient,
                               bool accumulates, const ctk_slope_sums *sums) {
    BlockRuns runs{filter.weights,
                   filter.kernel_size * filter.kernel_size,
                   output_gradient,
                   input_gradient,
                   nullptr,
                   accumulates ? &input_gradient : nullptr,
                   *team->kernels.blocks,
                   sums,
                   sums ? block_factors(*sums->normalization, *sums->input) : nullptr};
    int64_t stride = filter.stride;
    runs.share(team, input_gradient.height * stride, [&](int64_t number) {
        return input_run(filter, output_gradient, input_gradient, number / stride,
                         number % stride);
    });
}

int64_t ctk::block_pairs_size(const ctk_planes &planes) {
    return block_count(planes.channels) * block_pairs(planes);
}

void ctk::pair_block_positions(ctk_team *team, const ctk_planes &planes, float *pairs) {
    int64_t size = block_pairs(planes), row = planes.row / 2 * block_channels;
    team->run(block_count(planes.channels) * planes.height, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            int64_t block = i / planes.height, y = i % planes.height;
            float *to = pairs + block * size + y * row;
            team->kernels.blocks->pair_positions(block_place(planes, block, y * planes.row),
                                                 planes.row, to);
            // What lies behind the last row is multiplied with zeros, and must be a number.
            if (y + 1 == planes.height) std::fill(to + row, pairs + (block + 1) * size, 0.0f);
        }
    });
}

int64_t ctk::block_gradient_scratch(const ctk_team &team, const ctk_filter &filter, 
                                    const ctk_planes &input, const ctk_planes &output_gradient) {
    GradientShares shares(filter, input, output_gradient);
    return shares.kept_sums(team) +
           shares.outputs * output_gradient.height * row_steps(output_gradient) * block_weights;
}

void ctk::block_weight_gradient(ctk_team *team, const ctk_filter &filter, const ctk_planes &input,
                                const float *pairs, const ctk_planes &output_gradient,
                                float *scratch, float *gradient) {
    const ctk_planes &source = output_gradient;
    const auto &kernels = *team->kernels.blocks;
    GradientShares shares(filter, input, source);
    int64_t steps = row_steps(source), row_pairs = steps * block_weights;
    float *sums = scratch;
    float *slopes = scratch + shares.kept_sums(*team);
    team->run(shares.outputs * source.height, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            kernels.pair_positions_of_channels(
                block_pixel(source, i / source.height, i % source.height, 0), row_length(source),
                slopes + i * row_pairs);
        }
    });

    // So many rows at a time that loading and storing the sums costs little beside.
    constexpr int64_t least_steps = 64;
    int64_t rows_at_once = std::min<int64_t>((least_steps + steps - 1) / steps, source.height);
    auto add_rows = [&](int64_t output, int64_t input_block, int64_t tap, int64_t top,
                        int64_t bottom, bool adds, float *to) {
        Segment segments[least_steps];
        int64_t count = 0;
        int64_t ky = tap / filter.kernel_size, kx = tap % filter.kernel_size;
        int64_t column = column_place(input, kx - padding(filter) + input.border);
        // Steps that read nothing but the border are left out.
        Columns columns(filter, input, source, kx);
        int64_t first = columns.begin * source.pitch / block_channels;
        int64_t last = std::min((columns.end * source.pitch + block_channels - 1) / block_channels,
                                steps);
        for (int64_t y = top; y < bottom; ++y) {
            int64_t from = y * filter.stride + ky - padding(filter);
            if (from < 0 || from >= input.height) continue;
            segments[count++] = {
                slopes + (output * source.height + y) * row_pairs + first * block_weights,
                pairs + input_block * block_pairs(input) +
                    (from * input.row + column) / 2 * block_channels + first * block_weights,
                last - first};
        }
        kernels.add_gradient(segments, count, adds, to);
    };
    auto store = [&](int64_t group, const float *from) {
        shares.for_each_square(group, [&](int64_t output, int64_t input_block, int64_t square) {
            store_gradient(team->kernels, from + square * shares.sums(), shares.taps,
                           output * block_channels, source.channels, input_block * block_channels,
                           input.channels, gradient);
        });
    };
    auto add_parts = [&](int64_t begin, int64_t end, int64_t member) {
        for (int64_t i = begin; i < end; ++i) {
            int64_t group = i / shares.parts, part = i % shares.parts;
            int64_t first = part * source.height / shares.parts;
            int64_t last = (part + 1) * source.height / shares.parts;
            float *to = sums + (shares.parts > 1 ? i : member) * shares.group_sums();
            for (int64_t top = first; top < last; top += rows_at_once) {
                shares.for_each_square(
                    group, [&](int64_t output, int64_t input_block, int64_t square) {
                        for (int64_t tap = 0; tap < shares.taps; ++tap) {
                            add_rows(output, input_block, tap, top,
                                     std::min(top + rows_at_once, last), top > first,
                                     to + square * shares.sums() +
                                         tap * GradientShares::square_size);
                        }
                    });
            }
            if (shares.parts == 1) store(group, to);
        }
    };
    team->run_with_members(shares.groups() * shares.parts, 1, add_parts);
    if (shares.parts == 1) return;
    team->run(shares.groups(), 1, [&](int64_t begin, int64_t end) {
        for (int64_t group = begin; group < end; ++group) {
            float *total = sums + group * shares.parts * shares.group_sums();
            for (int64_t part = 1; part < shares.parts; ++part) {
                team->kernels.add(total + part * shares.group_sums(), total, shares.group_sums());
            }
            store(group, total);
        }
    });
}
