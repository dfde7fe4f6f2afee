// The gradient of the weights of a convolution of blocks.
//
//   sums[tap][o][i] = Σ over positions   slope[position][o] · value[position + tap][i]
//
// Positions are summed over, so pairs of them are multiplied: of the output's gradient with the
// channels outside, of the input with the channels inside. A tap is the same row of the input,
// begun elsewhere.

#include <algorithm>
#include <optional>
#include <vector>

#include "blocked_convolution.h"
#include "blocked_layers.h"
#include "blocked_pairs.h"
#include "blocked_winograd.h"
#include "kept_rows.h"
#include "runs.h"

namespace {

constexpr int64_t square_size = ctk::block_channels * ctk::block_channels;

// Pairs of one step of a product, of 32 positions.
int64_t step_pairs(const ctk_planes &planes) {
    return ctk::block_channels / 2 * ctk::block_width(planes);
}

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

// Groups side by side, whose gradient stays in a core's second cache until the weights have taken
// their step. Their rows are long enough that what they are is fetched ahead.
struct GradientStripes {
    const GradientShares &shares;
    const int64_t groups;

    explicit GradientStripes(const GradientShares &shares)
        : shares(shares), groups(std::min<int64_t>(8, shares.input_groups())) {}

    int64_t in_row() const { return (shares.input_groups() + groups - 1) / groups; }
    int64_t count() const { return (shares.outputs + 1) / 2 * in_row(); }
    int64_t first_output(int64_t stripe) const { return stripe / in_row() * 2; }
    int64_t first_input(int64_t stripe) const { return stripe % in_row() * groups * 2; }
    int64_t columns() const { return groups * 2 * ctk::block_channels; }
    // Numbers from one row to the next, and of a stripe.
    int64_t row() const { return ctk::odd_lines(columns()); }
    int64_t size() const { return 2 * ctk::block_channels * row(); }

    template <typename Body>
    void for_each_group(int64_t stripe, const Body &body) const {
        int64_t first = stripe % in_row() * groups;
        int64_t last = std::min(first + groups, shares.input_groups());
        for (int64_t i = first; i < last; ++i) {
            body(stripe / in_row() * shares.input_groups() + i);
        }
    }
};

// Steps of a product that the positions of one row take.
int64_t row_steps(const ctk_planes &planes) {
    return (ctk::row_length(planes) + ctk::block_channels - 1) / ctk::block_channels;
}

// So many steps at least that loading and storing the sums costs little beside.
constexpr int64_t least_steps = 64;
// Numbers that fit into a core's second cache, with some place beside them.
constexpr int64_t cache_numbers = 384 * 1024;

// Rows of pairs, for all blocks: row y lies in the place that y leaves when divided by `count`.
struct OperandRows {
    // Numbers of one row.
    int64_t row;
    int64_t count;
    float *elements = nullptr;
    // From one block to the next, if that is more than its rows.
    int64_t block_step = 0;

    int64_t block() const { return block_step > 0 ? block_step : count * row; }

    float *at(int64_t number, int64_t y) const {
        return elements + number * block() + y % count * row;
    }
};

// The sizes of both operands of a product whose sums are the gradient.
struct GradientShape {
    const ctk_filter &filter;
    const ctk_planes &input, &slopes;
    const GradientShares shares;
    // Of one row of slopes, and rows at a time.
    const int64_t steps, rows_at_once;

    GradientShape(const ctk_filter &filter, const ctk_planes &input, const ctk_planes &slopes)
        : filter(filter),
          input(input),
          slopes(slopes),
          shares(filter, input, slopes),
          steps(row_steps(slopes)),
          rows_at_once(std::min<int64_t>((least_steps + steps - 1) / steps, slopes.height)) {}

    OperandRows all_slope_pairs() const { return {steps * step_pairs(slopes), slopes.height}; }
    OperandRows some_slope_pairs() const { return {steps * step_pairs(slopes), rows_at_once}; }
    // With the zeros behind a row that its last step reads.
    OperandRows some_input_pairs() const {
        return {(input.row + ctk::block_channels) / 2 * ctk::block_width(input),
                std::min(rows_at_once + filter.kernel_size - 1, input.height)};
    }

    // Numbers of what one thread keeps, and of all slopes.
    int64_t some_rows_size() const {
        return shares.outputs * some_slope_pairs().block() +
               shares.inputs * some_input_pairs().block();
    }
    int64_t all_slopes_size() const { return shares.outputs * all_slope_pairs().block(); }

    // Several groups would make the same rows.
    bool keeps_rows() const {
        return filter.stride == 1 && shares.groups() == 1 && some_rows_size() <= cache_numbers;
    }
};

// The operands, and the product.
//
// The pairs of the slopes are made in memory of their own. Those of the input are given; or they
// are made of what is normalised, and then a thread makes rows of both when it first needs them,
// and keeps no more than it needs at once.
struct BlockGradient : GradientShape {
    const ctk::Kernels &kernels;
    // [outputs][inputs][taps] from some blocks on, and from one output to the next.
    float *gradient;
    int64_t gradient_row = input.channels * shares.taps, first_output = 0, first_input = 0;
    OperandRows slope_pairs{}, input_pairs{};
    // Of the input's rows, where threads make them.
    ctk::KeptRows kept{};
    // Of each row of slopes, or null.
    ctk::BlockSums *row_sums = nullptr;

    BlockGradient(const ctk::Kernels &kernels, const GradientShape &shape, float *gradient)
        : GradientShape(shape), kernels(kernels), gradient(gradient) {}

    void make_slopes(int64_t output, int64_t y) const {
        kernels.blocks->pair_slopes(
            ctk::block_pixel(slopes, output, y, 0), ctk::row_length(slopes),
            ctk::block_width(slopes), slope_pairs.at(output, y),
            row_sums ? row_sums[output * slopes.height + y].values : nullptr);
    }

    // Makes what rows top ..< bottom of the slopes are multiplied with, and those themselves.
    void make_rows(const ctk::NormalizedPairs &normalized, int64_t top, int64_t bottom) const {
        for (int64_t y = top; y < bottom; ++y) {
            for (int64_t output = 0; output < shares.outputs; ++output) make_slopes(output, y);
        }
        int64_t first = std::max<int64_t>(top - ctk::padding(filter), 0);
        int64_t last = std::min(bottom + ctk::padding(filter), input.height);
        for (int64_t y = first; y < last; ++y) {
            if (!kept.takes(y)) continue;
            for (int64_t block = 0; block < shares.inputs; ++block) {
                float *to = input_pairs.at(block, y);
                normalized.make(block, y, to);
                std::fill(to + input.row / 2 * ctk::block_width(input), to + input_pairs.row, 0.0f);
            }
        }
    }

    // Adds the products of rows top ..< bottom to the sums of one tap and square of blocks.
    void add_rows(int64_t output, int64_t input_block, int64_t tap, int64_t top, int64_t bottom,
                  bool adds, float *sums, int64_t sums_row) const {
        ctk::Segment segments[least_steps];
        int64_t count = 0;
        int64_t ky = tap / filter.kernel_size, kx = tap % filter.kernel_size;
        int64_t column = ctk::column_place(input, kx - ctk::padding(filter) + input.border);
        // What reads nothing but the border is left out: whole steps before it, and all behind.
        ctk::Columns columns(filter, input, slopes, kx);
        int64_t first = columns.begin * slopes.pitch / ctk::block_channels;
        int64_t pairs = (columns.end * slopes.pitch - first * ctk::block_channels) / 2;
        for (int64_t y = top; y < bottom; ++y) {
            int64_t from = y * filter.stride + ky - ctk::padding(filter);
            if (from < 0 || from >= input.height) continue;
            segments[count++] = {slope_pairs.at(output, y) + first * step_pairs(slopes),
                                 input_pairs.at(input_block, from) +
                                     column / 2 * ctk::block_width(input) +
                                     first * step_pairs(input),
                                 pairs};
        }
        kernels.blocks->add_gradient(
            {segments, count, ctk::is_narrow(slopes), ctk::is_narrow(input), sums, sums_row, adds});
    }

    // Whole squares of one tap already lie as they should.
    bool is_direct(int64_t output, int64_t input_block) const {
        return shares.taps == 1 && shares.parts == 1 &&
               ctk::block_present(slopes.channels, output) == ctk::block_channels &&
               ctk::block_present(input.channels, input_block) == ctk::block_channels;
    }

    // The first weight's gradient of a square of blocks.
    float *first_of(int64_t output, int64_t input_block) const {
        return gradient + (output - first_output) * ctk::block_channels * gradient_row +
               (input_block - first_input) * ctk::block_channels * shares.taps;
    }

    // Makes the operands of all rows, those of the input being given, by all threads.
    void make_all_slopes(ctk_team *team, const float *pairs, float *memory) {
        input_pairs = {input.row / 2 * ctk::block_width(input), input.height,
                       const_cast<float *>(pairs), ctk::block_pairs(input)};
        slope_pairs = all_slope_pairs();
        slope_pairs.elements = memory;
        team->run(shares.outputs * slopes.height, 1, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) {
                make_slopes(i / slopes.height, i % slopes.height);
            }
        });
    }

    // Has the slopes of each channel summed up on the way, if a bias wants them; not of odd
    // batches, whose rows have positions between that belong to no example.
    void sum_slopes(bool is_wanted) {
        if (!is_wanted || slopes.pitch != slopes.batch) return;
        thread_local std::vector<ctk::BlockSums> sums;
        sums.assign(shares.outputs * slopes.height, {});
        row_sums = sums.data();
    }

    // Gives the sums.
    void take_slope_sums(ctk_team *team, float *bias_gradient) const {
        if (row_sums) {
            ctk::add_block_sums(slopes, row_sums, bias_gradient);
        } else if (bias_gradient) {
            ctk::block_channel_sums(team, slopes, bias_gradient);
        }
    }

    // Adds up one part of the rows for a group of squares, in its sums or where they belong.
    void add_part(int64_t group, int64_t part, const ctk::NormalizedPairs *normalized,
                  float *sums) const {
        int64_t first = part * slopes.height / shares.parts;
        int64_t last = (part + 1) * slopes.height / shares.parts;
        for (int64_t top = first; top < last; top += rows_at_once) {
            int64_t bottom = std::min(top + rows_at_once, last);
            if (normalized) make_rows(*normalized, top, bottom);
            shares.for_each_square(group, [&](int64_t output, int64_t block, int64_t square) {
                if (is_direct(output, block)) {
                    return add_rows(output, block, 0, top, bottom, top > first,
                                    first_of(output, block), gradient_row);
                }
                float *to = sums + square * shares.sums();
                for (int64_t tap = 0; tap < shares.taps; ++tap) {
                    add_rows(output, block, tap, top, bottom, top > first, to + tap * square_size,
                             ctk::block_channels);
                }
            });
        }
    }

    // Puts the sums of a group where they belong.
    void store(int64_t group, const float *sums) const {
        shares.for_each_square(group, [&](int64_t output, int64_t block, int64_t square) {
            if (is_direct(output, block)) return;
            const float *from = sums + square * shares.sums();
            int64_t inputs = ctk::block_present(input.channels, block);
            for (int64_t o = 0; o < ctk::block_present(slopes.channels, output); ++o) {
                float *to = first_of(output, block) + o * gradient_row;
                // From [taps][output][input].
                if (shares.taps == 1) {
                    std::copy_n(from, inputs, to);
                } else {
                    kernels.transpose(from, square_size, to, shares.taps, shares.taps, inputs);
                }
                from += ctk::block_channels;
            }
        });
    }
};

}  // namespace

void ctk_normalized_weight_gradient(ctk_team *team, const ctk_filter *filter,
                                    const ctk_normalized *normalized, const ctk_planes *input,
                                    const ctk_planes *output_gradient, float *scratch,
                                    float *gradient, float *bias_gradient) {
    ctk::block_weight_gradient(team, *filter, *input, nullptr, normalized, *output_gradient,
                               scratch, gradient, bias_gradient);
}

bool ctk_keeps_gradient_rows(const ctk_filter *filter, const ctk_planes *input,
                             const ctk_planes *output_gradient) {
    return GradientShape(*filter, *input, *output_gradient).keeps_rows();
}

int64_t ctk::block_gradient_scratch(const ctk_team &team, const ctk_filter &filter,
                                    const ctk_planes &input, const ctk_planes &output_gradient) {
    if (filter.is_winograd) return winograd_gradient_scratch(team, input, output_gradient);
    GradientShape shape(filter, input, output_gradient);
    int64_t some_rows = shape.keeps_rows() ? team.threads * shape.some_rows_size() : 0;
    return shape.shares.kept_sums(team) + std::max(some_rows, shape.all_slopes_size());
}

int64_t ctk_units_descent_scratch(const ctk_team *team, const ctk_filter *filter,
                                  const ctk_planes *input, const ctk_planes *output_gradient) {
    GradientShape shape(*filter, *input, *output_gradient);
    return shape.shares.kept_sums(*team) + shape.all_slopes_size() +
           team->threads * GradientStripes(shape.shares).size();
}

void ctk_units_descent(ctk_team *team, const ctk_filter *filter, const ctk_planes *input,
                       const float *positions, const ctk_planes *output_gradient, float *scratch,
                       const ctk_update *update, float *bias_gradient) {
    BlockGradient whole(team->kernels, {*filter, *input, *output_gradient}, nullptr);
    const GradientShares &shares = whole.shares;
    GradientStripes stripes(shares);
    float *sums = scratch, *slopes = sums + shares.kept_sums(*team);
    float *gradients = slopes + whole.all_slopes_size();
    whole.sum_slopes(bias_gradient != nullptr);
    whole.make_all_slopes(team, positions, slopes);
    team->run_with_members(stripes.count(), 1, [&](int64_t begin, int64_t end, int64_t member) {
        team->kernels.blocks->configure(false);
        BlockGradient own = whole;
        own.gradient = gradients + member * stripes.size();
        own.gradient_row = stripes.row();
        float *own_sums = sums + member * shares.group_sums();
        for (int64_t stripe = begin; stripe < end; ++stripe) {
            own.first_output = stripes.first_output(stripe);
            own.first_input = stripes.first_input(stripe);
            stripes.for_each_group(stripe, [&](int64_t group) {
                own.add_part(group, 0, nullptr, own_sums);
                own.store(group, own_sums);
            });
            int64_t output = own.first_output * ctk::block_channels;
            int64_t first = own.first_input * ctk::block_channels;
            team->kernels.descend(
                {*update, 1, output * input->channels + first, input->channels, own.gradient,
                 own.gradient_row,
                 std::min(output_gradient->channels - output, 2 * ctk::block_channels),
                 std::min(input->channels - first, stripes.columns())});
        }
    });
    whole.take_slope_sums(team, bias_gradient);
}

void ctk::block_weight_gradient(ctk_team *team, const ctk_filter &filter, const ctk_planes &input,
                                const float *pairs, const ctk_normalized *normalized,
                                const ctk_planes &output_gradient, float *scratch, float *gradient,
                                float *bias_gradient) {
    const ctk_planes &slopes = output_gradient;
    if (filter.is_winograd) {
        BlockSource source =
            normalized ? BlockSource{*normalized->input,
                                     block_factors(*normalized->normalization, *normalized->input),
                                     normalized->activation}
                       : BlockSource{input};
        winograd_gradient(team, source, slopes, scratch, gradient);
        if (bias_gradient) block_channel_sums(team, slopes, bias_gradient);
        return;
    }
    BlockGradient whole(team->kernels, {filter, input, slopes}, gradient);
    const GradientShares &shares = whole.shares;
    float *sums = scratch, *rows = scratch + shares.kept_sums(*team);
    whole.sum_slopes(bias_gradient != nullptr);
    std::optional<NormalizedPairs> source;
    thread_local std::vector<int64_t> numbers;
    if (normalized) {
        source.emplace(*team, *normalized, input);
        numbers.assign(team->threads * whole.some_input_pairs().count, -1);
    } else {
        whole.make_all_slopes(team, pairs, rows);
    }
    auto add_parts = [&, numbers = numbers.data()](int64_t begin, int64_t end, int64_t member) {
        team->kernels.blocks->configure(false);
        BlockGradient own = whole;
        if (source) {
            own.slope_pairs = own.some_slope_pairs();
            own.input_pairs = own.some_input_pairs();
            own.slope_pairs.elements = rows + member * own.some_rows_size();
            own.input_pairs.elements =
                own.slope_pairs.elements + shares.outputs * own.slope_pairs.block();
            own.kept = {own.input_pairs.count, numbers + member * own.input_pairs.count};
        }
        for (int64_t i = begin; i < end; ++i) {
            int64_t group = i / shares.parts, part = i % shares.parts;
            float *to = sums + (shares.parts > 1 ? i : member) * shares.group_sums();
            own.add_part(group, part, source ? &*source : nullptr, to);
            if (shares.parts == 1) own.store(group, to);
        }
    };
    // Few steps are handed out several at a time.
    constexpr int64_t usual_steps = 128;
    int64_t group_steps = 4 * shares.taps * whole.steps * slopes.height / shares.parts;
    team->run_with_members(shares.groups() * shares.parts,
                           std::max<int64_t>(usual_steps / group_steps, 1), add_parts);
    whole.take_slope_sums(team, bias_gradient);
    if (shares.parts == 1) return;
    team->run(shares.groups(), 1, [&](int64_t begin, int64_t end) {
        for (int64_t group = begin; group < end; ++group) {
            float *total = sums + group * shares.parts * shares.group_sums();
            for (int64_t part = 1; part < shares.parts; ++part) {
                team->kernels.add(total + part * shares.group_sums(), total, shares.group_sums());
            }
            whole.store(group, total);
        }
    });
}
