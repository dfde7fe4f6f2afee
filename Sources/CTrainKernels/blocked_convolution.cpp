// Convolutions of blocks, and the gradients of their inputs, as products of 32 × 32 numbers.
//
// A row of the left operand is one position of a block: the numbers of 32 or 16 channels. A tap of
// the filter is the same row of the image, begun elsewhere, so that nothing is copied.
//
//              ┌ 32 channels ┐   ┌ 32 channels of the result ┐
//   position 0 │ · · · · · · │   │ · · · · · · · · · · · · · │
//   position 1 │ · · · · · · │ × │ · weights of one tap  · · │  summed over taps and blocks
//   …          └             ┘   └                           ┘

#include "blocked_convolution.h"

#include <algorithm>
#include <vector>

#include "blocked_layers.h"
#include "blocked_results.h"
#include "blocked_weights.h"
#include "blocked_winograd.h"
#include "kept_rows.h"
#include "lines.h"
#include "runs.h"

namespace {

// Pairs of the weights of one tap between two blocks.
constexpr int64_t block_weights = ctk::block_channels * ctk::block_channels / 2;
// Images of so many positions stay in a core's second cache; of larger ones, some rows do.
constexpr int64_t cache_positions = 48 * 1024;
constexpr int64_t rows_at_once = 4;

bool fits_cache(const ctk_planes &planes) {
    return ctk::block_count(planes.channels) * planes.height * planes.row <= cache_positions;
}

// Rows of a convolution's input that are normalised when a thread first reads them.
struct NormalizedRows {
    const ctk_normalized &source;
    const ctk::BlockNormalization *factors;
    // As many rows as are kept.
    ctk_planes planes;
    ctk::KeptRows rows;
    const ctk::BlockKernels &kernels;

    // The same run, which reads these rows; those are made first.
    ctk::Run made(ctk::Run run) const {
        for (int64_t i = 0; i < run.tap_count; ++i) {
            int64_t &place = run.taps[i].place, y = place / planes.row;
            if (rows.takes(y)) make(y);
            place += (y % planes.height - y) * planes.row;
        }
        return run;
    }

    void make(int64_t y) const {
        int64_t border = planes.border * planes.pitch * ctk::block_width(planes);
        int64_t length = ctk::units(planes, ctk::row_length(planes));
        for (int64_t block = 0; block < ctk::block_count(planes.channels); ++block) {
            auto *to = ctk::block_place(planes, block, y % planes.height * planes.row);
            std::fill_n(to, border, 0);
            kernels.normalize(factors[block], source.activation,
                              ctk::block_pixel(*source.input, block, y, 0), to + border, length);
            std::fill_n(to + border + length * ctk::block_channels, border, 0);
        }
    }
};

// Computes runs for all blocks of the result.
struct BlockRuns {
    const float *weights;
    int64_t taps;
    const ctk_planes &source;
    const ctk::BlockResults &results;
    const ctk::Kernels &kernels;

    void compute(const ctk::Run &run, int64_t block) const {
        const ctk_planes &result = results.planes;
        bool changes_nothing = run.tap_count == 0 && results.added != nullptr &&
                               results.added->elements == result.elements;
        if (run.length == 0 || changes_nothing) return;
        int64_t blocks = ctk::block_count(source.channels);
        ctk::BlockSegment segments[9];
        for (int64_t i = 0; i < run.tap_count; ++i) {
            const ctk::Tap &tap = run.taps[i];
            segments[i] = {reinterpret_cast<const float *>(ctk::block_place(source, 0, tap.place)),
                           weights + (block * taps + tap.weight) * blocks * block_weights, blocks,
                           tap.begin, tap.end};
        }
        alignas(64) float biases[ctk::block_channels];
        results.copy_bias(block, biases);
        // A row of units without pixels may end with half a unit.
        bool is_narrow =
            result.is_blocked ? ctk::is_narrow(result) : result.channels <= ctk::block_channels / 2;
        if (is_narrow) {
            std::copy_n(biases, ctk::block_channels / 2, biases + ctk::block_channels / 2);
        }
        // With more blocks, the products leave time enough.
        int64_t newest = blocks <= 2 ? newest_tap(run) : -1;
        ctk::BlockStrip strip{};
        strip.segments = segments;
        strip.segment_count = run.tap_count;
        strip.newest = newest;
        strip.left_row = ctk::block_width(source) / 2;
        strip.left_step = source.channel * strip.left_row;
        strip.bias = biases;
        strip.positions = run.length;
        strip.is_narrow = is_narrow;
        if (!result.is_blocked) return compute_planes(strip, block);
        ctk::BlockSlopes slopes;
        results.ask(strip, slopes, block, run.place / result.row, run.place);
        if (strip.slopes != nullptr) *slopes.sums = {};
        kernels.blocks->convolve(strip);
    }

    // Of one pixel.
    void compute_planes(ctk::BlockStrip &strip, int64_t block) const {
        thread_local ctk::Lines<float> numbers;
        int64_t width = ctk::block_channels / (strip.is_narrow ? 2 : 1);
        numbers.resize((strip.positions + 1) * width);
        strip.numbers = numbers.data();
        kernels.blocks->convolve(strip);
        const ctk_planes &result = results.planes;
        kernels.transpose(numbers.data(), width, ctk::row(result, block * ctk::block_channels, 0),
                          result.channel, strip.positions,
                          ctk::block_present(result.channels, block));
    }

    static int64_t newest_tap(const ctk::Run &run) {
        auto is_before = [](const ctk::Tap &first, const ctk::Tap &second) {
            return first.place < second.place;
        };
        return std::max_element(run.taps, run.taps + run.tap_count, is_before) - run.taps;
    }

    // Shares out runs and blocks; `make_run` gives run number i. What stays in the cache has the
    // weights of one block after the other applied to it.
    template <typename MakeRun>
    void share(ctk_team *team, int64_t run_count, const MakeRun &make_run) const {
        int64_t blocks = ctk::block_count(results.planes.channels);
        bool is_small = run_count == 1 || fits_cache(source);
        team->run(run_count * blocks, is_small ? 1 : rows_at_once * blocks,
                  [&](int64_t begin, int64_t end) {
                      kernels.blocks->configure(ctk::is_narrow(source));
                      for (int64_t i = begin; i < end; ++i) {
                          int64_t run = is_small ? i % run_count : i / blocks;
                          int64_t block = is_small ? i / run_count : i % blocks;
                          compute(make_run(run), block);
                      }
                  });
    }

    // Shares out the blocks of units, whose weights are arranged by who takes them, each in its own
    // part of some memory.
    void share_units(ctk_team *team, const ctk::Run &run, float *memory) const {
        int64_t size = ctk::block_count(source.channels) * block_weights;
        int64_t outputs = results.planes.channels;
        team->run_with_members(ctk::block_count(outputs), 1,
                               [&](int64_t begin, int64_t end, int64_t member) {
                                   kernels.blocks->configure(ctk::is_narrow(source));
                                   BlockRuns own = *this;
                                   for (int64_t block = begin; block < end; ++block) {
                                       float *arranged = memory + member * size;
                                       ctk::arrange_unit_weights(kernels, weights, outputs,
                                                                 source.channels, block, arranged);
                                       own.weights = arranged - block * size;
                                       own.compute(run, block);
                                   }
                               });
    }
};

}  // namespace

void ctk::convolve_blocks(ctk_team *team, const ctk_filter &filter, const float *bias,
                          const ctk_planes &input, const ctk_planes *added,
                          const ctk_planes &output) {
    BlockResults results{output, bias, added};
    if (filter.is_winograd) return convolve_by_winograd(team, filter, {input}, results);
    BlockRuns runs{filter.weights, ctk::taps(filter), input, results, team->kernels};
    if (filter.own_weights) {
        return runs.share_units(team, output_run(filter, input, output, 0), filter.own_weights);
    }
    runs.share(team, output.height,
               [&](int64_t y) { return output_run(filter, input, output, y); });
}

void ctk_convolve_and_normalize(ctk_team *team, const ctk_filter *filter, const float *bias,
                                const ctk_planes *input, const ctk_planes *added,
                                const ctk_planes *output, const ctk_normalization *normalization,
                                ctk_activation activation, const ctk_planes *normalized) {
    const ctk_planes &result = output != nullptr ? *output : *normalized;
    ctk::BlockResults results{result, bias, added};
    results.is_stored = output != nullptr;
    results.factors = ctk::block_factors_as_trained(*normalization, result);
    results.normalized = normalized;
    results.activation = activation;
    if (filter->is_winograd) return ctk::convolve_by_winograd(team, *filter, {*input}, results);
    BlockRuns runs{filter->weights, ctk::taps(*filter), *input, results, team->kernels};
    runs.share(team, result.height,
               [&](int64_t y) { return ctk::output_run(*filter, *input, result, y); });
}

static ctk_planes kept_planes(const ctk_filter &filter, const ctk_planes &input) {
    return ctk_planes_of(input.channels, filter.kernel_size, input.width, input.border, input.batch,
                         false, true);
}

int64_t ctk_kept_rows_size(const ctk_team *team, const ctk_filter *filter,
                           const ctk_planes *input) {
    ctk_planes planes = kept_planes(*filter, *input);
    return ctk_planes_size(&planes) * std::max(team->threads, 1);
}

bool ctk_keeps_rows(const ctk_planes *input) { return !fits_cache(*input); }

void ctk_normalize_and_convolve(ctk_team *team, const ctk_normalized *input,
                                const ctk_filter *filter, const float *bias,
                                const ctk_planes *added, const ctk_planes *output, float *scratch) {
    const ctk_planes &values = *input->input;
    const auto *factors = ctk::take_block_statistics(team, *input->normalization, values);
    ctk::BlockResults results{*output, bias, added};
    if (filter->is_winograd) {
        return ctk::convolve_by_winograd(team, *filter, {values, factors, input->activation},
                                         results);
    }
    ctk_planes planes = kept_planes(*filter, values);
    int64_t size = ctk_planes_size(&planes), count = planes.height;
    thread_local std::vector<int64_t> kept;
    kept.assign(team->threads * count, -1);
    auto compute = [&, numbers = kept.data()](int64_t begin, int64_t end, int64_t member) {
        const auto &kernels = *team->kernels.blocks;
        ctk_planes own = planes;
        own.elements = scratch + member * size;
        NormalizedRows source{*input, factors, own, {count, numbers + member * count}, kernels};
        BlockRuns runs{filter->weights, ctk::taps(*filter), own, results, team->kernels};
        kernels.configure(ctk::is_narrow(values));
        for (int64_t y = begin; y < end; ++y) {
            auto run = source.made(ctk::output_run(*filter, values, *output, y));
            for (int64_t block = 0; block < ctk::block_count(output->channels); ++block) {
                runs.compute(run, block);
            }
        }
    };
    team->run_with_members(output->height, rows_at_once, compute);
}

void ctk::block_input_gradient(ctk_team *team, const ctk_filter &filter,
                               const ctk_planes &output_gradient, const ctk_planes &input_gradient,
                               bool accumulates, const ctk_slope_sums *sums) {
    BlockResults results{input_gradient, nullptr, accumulates ? &input_gradient : nullptr};
    if (sums != nullptr) {
        results.sums = sums;
        results.factors = block_factors(*sums->normalization, *sums->input);
    }
    if (filter.is_winograd) return convolve_by_winograd(team, filter, {output_gradient}, results);
    BlockRuns runs{filter.weights, ctk::taps(filter), output_gradient, results, team->kernels};
    int64_t stride = filter.stride;
    runs.share(team, input_gradient.height * stride, [&](int64_t number) {
        return input_run(filter, output_gradient, input_gradient, number / stride, number % stride);
    });
}
