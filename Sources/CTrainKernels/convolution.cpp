// Convolutions and layers of units, forward and backward, as tiles of the one product.
//
//   output[o][row]  = Σ over taps, inputs    weights[o][i][tap] · input[i][row of the tap]
//   input[i][row]   = Σ over taps, outputs   weights[o][i][tap] · output[o][row of the tap]
//   weights[o][i]   = Σ over rows            output[o][row]     · positions[row of the tap][i]
//
// A row is all pixels of one row of the image for all examples: neighbours in memory, whatever the
// width and the batch. Taps that fall above or below the image are left out; those beside it read
// the zeros of the border.

#include <algorithm>

#include "blocked_convolution.h"
#include "blocked_layers.h"
#include "planes.h"
#include "runs.h"
#include "team.h"

namespace {

// Output channels, or input channels, that one thread goes through with the same columns.
constexpr int64_t channel_part = 64;

// Computes runs for all channels of the result.
struct RunProduct {
    const ctk::Product &product;
    const float *weights;
    // Between channels of the result, and between channels that are summed up.
    int64_t result_channel_weight, summed_channel_weight;
    const ctk_planes &source, &result;
    const float *bias;
    const ctk_planes *added;

    // Columns begin ..< end of a run, for some channels of the result; so many channels are summed
    // up at a time that what is read of them stays in the first cache.
    void compute(const ctk::Run &run, int64_t begin, int64_t end, int64_t first_channel,
                 int64_t end_channel) const {
        int64_t depth = product.steps / std::max<int64_t>(run.tap_count, 1);
        for (int64_t summed = 0; summed < source.channels; summed += depth) {
            int64_t count = std::min(depth, source.channels - summed);
            for (int64_t column = begin; column < end; column += product.columns) {
                compute_tiles(run, column, std::min(product.columns, end - column), first_channel,
                              end_channel, summed, count);
            }
        }
    }

    // The same for the columns of one tile: adds the sums over `count` channels from `summed` on to
    // those over the channels before.
    void compute_tiles(const ctk::Run &run, int64_t column, int64_t columns, int64_t first_channel,
                       int64_t end_channel, int64_t summed, int64_t count) const {
        ctk::Segment segments[9];
        ctk::Tile tile{};
        tile.segments = segments;
        tile.left_row = result_channel_weight;
        tile.left_step = summed_channel_weight;
        tile.right_step = source.channel;
        tile.result_row = result.channel;
        tile.columns = columns;
        const ctk::Tap *taps[9];
        for (int64_t i = 0; i < run.tap_count; ++i) {
            const ctk::Tap &tap = run.taps[i];
            bool is_beside = tap.end <= column || tap.begin >= column + columns;
            if (!is_beside) taps[tile.segment_count++] = &tap;
        }
        const float *from = source.elements + summed * source.channel + column;
        const ctk_planes *start = summed == 0 ? added : &result;
        for (int64_t channel = first_channel; channel < end_channel; channel += product.rows) {
            const float *factors =
                weights + channel * result_channel_weight + summed * summed_channel_weight;
            for (int64_t i = 0; i < tile.segment_count; ++i) {
                segments[i] = {factors + taps[i]->weight, from + taps[i]->place, count};
            }
            tile.rows = std::min(product.rows, end_channel - channel);
            tile.result = result.elements + channel * result.channel + run.place + column;
            tile.bias = bias == nullptr || summed > 0 ? nullptr : bias + channel;
            if (start != nullptr) {
                tile.start = start->elements + channel * start->channel + run.place + column;
                tile.start_row = start->channel;
            }
            product.multiply(tile);
        }
    }

    // Shares out parts of columns, and of channels; `make_run` gives run number i. Of a layer of
    // units, whose weights are most of it, a thread has the same channels every time.
    template <typename MakeRun>
    void share(ctk_team *team, int64_t run_count, int64_t longest, const MakeRun &make_run) const {
        int64_t tiles = (longest + product.columns - 1) / product.columns;
        int64_t parts = (result.channels + channel_part - 1) / channel_part;
        // Small work is shared out tile by tile.
        bool is_small = run_count * parts * tiles < 8 * product.tiles * team->threads;
        int64_t columns = is_small ? product.columns : product.tiles * product.columns;
        int64_t column_parts = (longest + columns - 1) / columns;
        team->run(run_count * column_parts * parts, std::max<int64_t>(1, column_parts * parts / 8),
                  [&](int64_t begin, int64_t end) {
                      for (int64_t i = begin; i < end; ++i) {
                          bool has_units = run_count == 1;
                          ctk::Run run = make_run(i / (column_parts * parts));
                          int64_t column = (has_units ? i : i / parts) % column_parts * columns;
                          int64_t channel =
                              (has_units ? i / column_parts : i % parts) * channel_part;
                          if (column >= run.length) continue;
                          compute(run, column, std::min(column + columns, run.length), channel,
                                  std::min(channel + channel_part, result.channels));
                      }
                  });
    }
};

}  // namespace

void ctk_arrange_weights(ctk_team *team, const float *weights, int64_t outputs, int64_t inputs,
                         int64_t taps, bool for_input_gradient, float *arranged) {
    const auto &kernels = team->kernels;
    int64_t length = inputs * taps;
    if (!for_input_gradient) {
        // [inputs][taps] to [taps][inputs] for each output.
        team->run(outputs, 4, [&](int64_t begin, int64_t end) {
            for (int64_t output = begin; output < end; ++output) {
                kernels.transpose(weights + output * length, taps, arranged + output * length,
                                  inputs, inputs, taps);
            }
        });
        return;
    }
    // [outputs][inputs · taps] to [inputs · taps][outputs].
    constexpr int64_t part = 64;
    team->run((length + part - 1) / part, 1, [&](int64_t begin, int64_t end) {
        int64_t first = begin * part, count = std::min(end * part, length) - first;
        kernels.transpose(weights + first, length, arranged + first * outputs, outputs, outputs,
                          count);
    });
}

void ctk_convolve(ctk_team *team, const ctk_filter *filter, const float *bias,
                  const ctk_planes *input, const ctk_planes *added, const ctk_planes *output) {
    if (input->is_blocked) {
        return ctk::convolve_blocks(team, *filter, bias, *input, added, *output);
    }
    RunProduct product{team->kernels.product,
                       filter->weights,
                       filter->output,
                       filter->input,
                       *input,
                       *output,
                       bias,
                       added};
    product.share(team, output->height, ctk::row_length(*output),
                  [&](int64_t y) { return ctk::output_run(*filter, *input, *output, y); });
}

void ctk_convolution_input_gradient(ctk_team *team, const ctk_filter *filter,
                                    const ctk_planes *output_gradient,
                                    const ctk_planes *input_gradient, bool accumulates,
                                    const ctk_slope_sums *sums) {
    if (output_gradient->is_blocked) {
        return ctk::block_input_gradient(team, *filter, *output_gradient, *input_gradient,
                                         accumulates, sums);
    }
    RunProduct product{team->kernels.product,
                       filter->weights,
                       filter->input,
                       filter->output,
                       *output_gradient,
                       *input_gradient,
                       nullptr,
                       accumulates ? input_gradient : nullptr};
    int64_t stride = filter->stride;
    product.share(team, input_gradient->height * stride, ctk::row_length(*input_gradient),
                  [&](int64_t number) {
                      return ctk::input_run(*filter, *output_gradient, *input_gradient,
                                            number / stride, number % stride);
                  });
}

int64_t ctk_weight_gradient_scratch(const ctk_team *team, const ctk_filter *filter,
                                    const ctk_planes *input, const ctk_planes *output_gradient) {
    if (input->is_blocked) {
        return ctk::block_gradient_scratch(*team, *filter, *input, *output_gradient);
    }
    int64_t taps = ctk::taps(*filter);
    return taps == 1 ? 0 : taps * output_gradient->channels * input->channels;
}

void ctk_convolution_weight_gradient(ctk_team *team, const ctk_filter *filter,
                                     const ctk_planes *input, const float *positions,
                                     const ctk_planes *output_gradient, float *scratch,
                                     float *gradient, float *bias_gradient) {
    if (input->is_blocked) {
        return ctk::block_weight_gradient(team, *filter, *input, positions, nullptr,
                                          *output_gradient, scratch, gradient, bias_gradient);
    }
    const auto &kernels = team->kernels;
    const auto &product = kernels.product;
    const ctk_planes &source = *output_gradient;
    int64_t inputs = input->channels, outputs = source.channels;
    int64_t taps = ctk::taps(*filter);
    int64_t pitch = ctk::positions_pitch(*input);
    // With one tap the sums already lie as they should.
    float *sums = taps == 1 ? gradient : scratch;
    // Columns: parts of equal size, of whole cache lines.
    int64_t column_parts = (inputs + product.columns - 1) / product.columns;
    int64_t part_columns =
        std::min(product.columns, ctk::rounded_up((inputs + column_parts - 1) / column_parts, 16));
    column_parts = (inputs + part_columns - 1) / part_columns;
    int64_t row_parts = (outputs + channel_part - 1) / channel_part;
    // So many rows of the image at a time that their positions stay in the second cache.
    constexpr int64_t most_segments = 64, positions_at_once = 2048;
    int64_t rows_at_once =
        std::clamp<int64_t>(positions_at_once / ctk::row_length(source), 1, most_segments);

    // The rows top ..< bottom of output channel o, and what the tap reads for them.
    auto make_segments = [&](ctk::Segment *segments, int64_t tap, int64_t column, int64_t o,
                             int64_t top, int64_t bottom) {
        int64_t ky = tap / filter->kernel_size, kx = tap % filter->kernel_size;
        ctk::Columns columns(*filter, *input, source, kx);
        int64_t skipped = columns.begin * source.batch;
        int64_t place =
            ctk::column_place(*input, kx - ctk::padding(*filter) + input->border) + skipped;
        int64_t count = 0;
        for (int64_t y = top; y < bottom; ++y) {
            int64_t from = y * filter->stride + ky - ctk::padding(*filter);
            if (from < 0 || from >= input->height) continue;
            segments[count++] = {ctk::row(source, o, y) + skipped,
                                 positions + (from * input->row + place) * pitch + column,
                                 (columns.end - columns.begin) * source.batch};
        }
        return count;
    };
    team->run(column_parts * row_parts, 1, [&](int64_t begin, int64_t end) {
        ctk::Segment segments[most_segments];
        ctk::Tile tile{};
        tile.segments = segments;
        tile.left_row = source.channel;
        tile.left_step = 1;
        tile.right_step = pitch;
        tile.result_row = tile.start_row = inputs;
        for (int64_t i = begin; i < end; ++i) {
            int64_t column = i % column_parts * part_columns;
            int64_t first_output = i / column_parts * channel_part;
            int64_t end_output = std::min(first_output + channel_part, outputs);
            tile.columns = std::min(part_columns, inputs - column);
            for (int64_t top = 0; top < source.height; top += rows_at_once) {
                int64_t bottom = std::min(top + rows_at_once, source.height);
                for (int64_t tap = 0; tap < taps; ++tap) {
                    for (int64_t o = first_output; o < end_output; o += product.rows) {
                        tile.segment_count = make_segments(segments, tap, column, o, top, bottom);
                        tile.rows = std::min(product.rows, end_output - o);
                        tile.result = sums + (tap * outputs + o) * inputs + column;
                        tile.start = top == 0 ? nullptr : tile.result;
                        product.multiply(tile);
                    }
                }
            }
        }
    });
    if (taps == 1) return;
    // [taps][outputs · inputs] to [outputs · inputs][taps].
    constexpr int64_t part = 1024;
    int64_t count = outputs * inputs;
    team->run((count + part - 1) / part, 1, [&](int64_t begin, int64_t end) {
        int64_t first = begin * part;
        kernels.transpose(scratch + first, count, gradient + first * taps, taps, taps,
                          std::min(end * part, count) - first);
    });
}

void ctk_channel_sums(ctk_team *team, const ctk_planes *planes, float *sums) {
    if (planes->is_blocked) return ctk::block_channel_sums(team, *planes, sums);
    team->run(planes->channels, 8, [&](int64_t begin, int64_t end) {
        for (int64_t channel = begin; channel < end; ++channel) {
            double total = 0;
            for (int64_t y = 0; y < planes->height; ++y) {
                total += team->kernels.sum(ctk::row(*planes, channel, y), ctk::row_length(*planes));
            }
            sums[channel] = static_cast<float>(total);
        }
    });
}
