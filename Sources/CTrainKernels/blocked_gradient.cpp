// The gradient of the weights of a convolution of blocks.
//
//   sums[tap][o][i] = Σ over positions   slope[position][o] · value[position + tap][i]
//
// Positions are summed over, so pairs of them are multiplied: of the output's gradient with the
// channels outside, of the input with the channels inside. A tap is the same row of the input,
// begun elsewhere.

#include <algorithm>
#include <vector>

#include "blocked_convolution.h"
#include "blocked_layers.h"
#include "runs.h"

namespace {

constexpr int64_t square_size = ctk::block_channels * ctk::block_channels;
// Pairs of one step of a product.
constexpr int64_t step_pairs = square_size / 2;

// How the sums of the gradient of weights are shared out: groups of 2 × 2 squares of blocks, whose
// operands for some rows stay in the cache together. Where there are few groups, parts of the rows
// are summed up apart; how many does not depend on the threads.
struct GradientShares {
    int64_t taps, outputs, inputs, parts;

    GradientShares(const ctk_filter &filter, const ctk_planes &input, const ctk_planes &output)
        : taps(ctk::taps(filter)),
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
};

// Steps of a product that the positions of one row take.
int64_t row_steps(const ctk_planes &planes) {
    return (ctk::row_length(planes) + ctk::block_channels - 1) / ctk::block_channels;
}

// Writes [taps][output][input] of one square of blocks as gradient[output][input][taps].
void store_gradient(const ctk::Kernels &kernels, const float *sums, int64_t taps,
                    int64_t output_block, int64_t outputs, int64_t input_block, int64_t inputs,
                    float *gradient) {
    int64_t input_count = ctk::block_present(inputs, input_block);
    for (int64_t o = 0; o < ctk::block_present(outputs, output_block); ++o) {
        int64_t output = output_block * ctk::block_channels + o;
        float *to = gradient + (output * inputs + input_block * ctk::block_channels) * taps;
        const float *from = sums + o * ctk::block_channels;
        if (taps == 1) {
            std::copy_n(from, input_count, to);
        } else {
            kernels.transpose(from, square_size, to, taps, taps, input_count);
        }
    }
}

}  // namespace

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
           shares.outputs * output_gradient.height * row_steps(output_gradient) * step_pairs;
}

void ctk::block_weight_gradient(ctk_team *team, const ctk_filter &filter, const ctk_planes &input,
                                const float *pairs, const ctk_planes &output_gradient,
                                float *scratch, float *gradient, float *bias_gradient) {
    const ctk_planes &source = output_gradient;
    const auto &kernels = *team->kernels.blocks;
    GradientShares shares(filter, input, source);
    int64_t steps = row_steps(source), row_pairs = steps * step_pairs;
    float *sums = scratch;
    float *slopes = scratch + shares.kept_sums(*team);
    // Of odd batches, rows have positions between that belong to no example.
    bool has_sums = bias_gradient && source.pitch == source.batch;
    thread_local std::vector<BlockSums> kept;
    kept.assign(has_sums ? shares.outputs * source.height : 0, {});
    BlockSums *row_sums = kept.data();
    team->run(shares.outputs * source.height, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            kernels.pair_positions_of_channels(
                block_pixel(source, i / source.height, i % source.height, 0), row_length(source),
                slopes + i * row_pairs, has_sums ? row_sums[i].values : nullptr);
        }
    });
    if (has_sums) {
        add_block_sums(source, row_sums, bias_gradient);
    } else if (bias_gradient) {
        block_channel_sums(team, source, bias_gradient);
    }

    // So many rows at a time that loading and storing the sums costs little beside.
    constexpr int64_t least_steps = 64;
    int64_t rows_at_once = std::min<int64_t>((least_steps + steps - 1) / steps, source.height);
    auto add_rows = [&](int64_t output, int64_t input_block, int64_t tap, int64_t top,
                        int64_t bottom, bool adds, float *to, int64_t to_row) {
        Segment segments[least_steps];
        int64_t count = 0;
        int64_t ky = tap / filter.kernel_size, kx = tap % filter.kernel_size;
        int64_t column = column_place(input, kx - padding(filter) + input.border);
        // Steps that read nothing but the border are left out.
        Columns columns(filter, input, source, kx);
        int64_t first = columns.begin * source.pitch / block_channels;
        int64_t last =
            std::min((columns.end * source.pitch + block_channels - 1) / block_channels, steps);
        for (int64_t y = top; y < bottom; ++y) {
            int64_t from = y * filter.stride + ky - padding(filter);
            if (from < 0 || from >= input.height) continue;
            segments[count++] = {
                slopes + (output * source.height + y) * row_pairs + first * step_pairs,
                pairs + input_block * block_pairs(input) +
                    (from * input.row + column) / 2 * block_channels + first * step_pairs,
                last - first};
        }
        if (is_narrow(source) && is_narrow(input)) {
            kernels.add_narrow_gradient(segments, count, adds, to);
        } else {
            kernels.add_gradient(segments, count, adds, to, to_row);
        }
    };
    // Whole squares of one tap already lie as they should.
    auto is_direct = [&](int64_t output, int64_t input_block) {
        return shares.taps == 1 && shares.parts == 1 &&
               block_present(source.channels, output) == block_channels &&
               block_present(input.channels, input_block) == block_channels;
    };
    auto store = [&](int64_t group, const float *from) {
        shares.for_each_square(group, [&](int64_t output, int64_t input_block, int64_t square) {
            if (is_direct(output, input_block)) return;
            store_gradient(team->kernels, from + square * shares.sums(), shares.taps, output,
                           source.channels, input_block, input.channels, gradient);
        });
    };
    auto add_parts = [&](int64_t begin, int64_t end, int64_t member) {
        kernels.configure(false);
        for (int64_t i = begin; i < end; ++i) {
            int64_t group = i / shares.parts, part = i % shares.parts;
            int64_t first = part * source.height / shares.parts;
            int64_t last = (part + 1) * source.height / shares.parts;
            float *to = sums + (shares.parts > 1 ? i : member) * shares.group_sums();
            for (int64_t top = first; top < last; top += rows_at_once) {
                shares.for_each_square(group, [&](int64_t output, int64_t input_block,
                                                  int64_t square) {
                    int64_t bottom = std::min(top + rows_at_once, last);
                    if (is_direct(output, input_block)) {
                        float *place =
                            gradient + (output * input.channels + input_block) * block_channels;
                        add_rows(output, input_block, 0, top, bottom, top > first, place,
                                 input.channels);
                        return;
                    }
                    for (int64_t tap = 0; tap < shares.taps; ++tap) {
                        add_rows(output, input_block, tap, top, bottom, top > first,
                                 to + square * shares.sums() + tap * square_size, block_channels);
                    }
                });
            }
            if (shares.parts == 1) store(group, to);
        }
    };
    // Few steps are handed out several at a time.
    constexpr int64_t usual_steps = 128;
    int64_t group_steps = 4 * shares.taps * steps * source.height / shares.parts;
    team->run_with_members(shares.groups() * shares.parts,
                           std::max<int64_t>(usual_steps / group_steps, 1), add_parts);
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
