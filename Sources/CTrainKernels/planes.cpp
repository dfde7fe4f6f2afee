// Planes: their memory, their order, and the way from examples to planes and back.

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "blocked_layers.h"
#include "blocked_pairs.h"
#include "examples.h"
#include "planes.h"
#include "team.h"

float *ctk_allocate(int64_t count) {
    if (count < 0 || count > (int64_t{1} << 58)) return nullptr;
    constexpr size_t page = 4096, huge_page = size_t{2} << 20;
    size_t bytes = static_cast<size_t>(ctk::rounded_up(std::max<int64_t>(count, 1) * 4, page));
    bool is_large = bytes >= 2 * huge_page;
    void *memory = std::aligned_alloc(is_large ? huge_page : 64,
                                      is_large ? ctk::rounded_up(bytes, huge_page) : bytes);
    if (memory == nullptr) return nullptr;
    // Planes are gone through in strides of whole channels, a page of its own for each.
    if (is_large) madvise(memory, bytes, MADV_HUGEPAGE);
    std::memset(memory, 0, bytes);
    return static_cast<float *>(memory);
}

void ctk_release(float *elements) { std::free(elements); }

ctk_planes ctk_planes_of(int64_t channels, int64_t height, int64_t width, int64_t border,
                         int64_t batch, bool is_split, bool is_blocked) {
    // Pairs of a block's positions never reach into the next pixel.
    int64_t pitch = is_blocked ? ctk::rounded_up(batch, 2) : batch;
    int64_t row = (width + 2 * border) * pitch;
    return {nullptr,  channels,   height,
            width,    border,     batch,
            pitch,    row,        ctk::odd_lines(height * row),
            is_split, is_blocked, nullptr};
}

int64_t ctk_planes_size(const ctk_planes *planes) {
    // A tile may read as many columns, or positions, as its registers hold.
    if (!planes->is_blocked) return planes->channels * planes->channel + 64;
    return (ctk::block_count(planes->channels) * planes->channel + 64) * ctk::block_channels / 2;
}

int64_t ctk_moments_size(const ctk_planes *planes) {
    return ctk::block_count(planes->channels) * planes->height *
           static_cast<int64_t>(sizeof(ctk::BlockMoments) / sizeof(float));
}

int64_t ctk_slope_sums_size(const ctk_planes *input) {
    return ctk::block_count(input->channels) * input->height *
           static_cast<int64_t>(sizeof(ctk::BlockSlopeSums) / sizeof(float));
}

void ctk_planes_from_examples(ctk_team *team, const ctk_examples *given, const ctk_mix *mix,
                              const ctk_planes *planes) {
    int64_t pixels = planes->height * planes->width;
    int64_t size = planes->channels * pixels;
    ctk::Examples examples(*team, *given, mix, planes->batch, size);
    if (planes->is_blocked) return ctk::blocks_from_examples(team, examples, *planes);
    if (pixels == 1 && planes->border == 0) {
        // One large matrix; small ones for each channel would be a number wide.
        constexpr int64_t part = 64;
        team->run((size + part - 1) / part, 1, [&](int64_t begin, int64_t end) {
            int64_t first = begin * part, count = std::min(end * part, size) - first;
            auto from = examples.columns(first, count);
            team->kernels.transpose(from.elements, from.row,
                                    planes->elements + first * planes->channel, planes->channel,
                                    planes->batch, count);
        });
        return;
    }
    team->run(planes->channels * planes->height, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            int64_t channel = i / planes->height, y = i % planes->height;
            auto from = examples.columns(channel * pixels + y * planes->width, planes->width);
            team->kernels.transpose(from.elements, from.row, ctk::row(*planes, channel, y),
                                    planes->batch, planes->batch, planes->width);
        }
    });
}

void ctk_examples_from_planes(ctk_team *team, const ctk_planes *planes, float *examples) {
    if (planes->is_blocked) return ctk::examples_from_blocks(team, *planes, examples);
    int64_t pixels = planes->height * planes->width;
    int64_t size = planes->channels * pixels;
    team->run(planes->channels * planes->height, 16, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            int64_t channel = i / planes->height, y = i % planes->height;
            team->kernels.transpose(ctk::row(*planes, channel, y), planes->batch,
                                    examples + channel * pixels + y * planes->width, size,
                                    planes->width, planes->batch);
        }
    });
}

int64_t ctk_positions_size(const ctk_planes *planes) {
    if (planes->is_blocked) return ctk::block_pairs_size(*planes);
    return planes->height * planes->row * ctk::positions_pitch(*planes) + 64;
}

void ctk_transpose_planes(ctk_team *team, const ctk_planes *planes, float *positions) {
    if (planes->is_blocked) return ctk::pair_block_positions(team, *planes, positions);
    constexpr int64_t part = 256;
    int64_t count = planes->height * planes->row, pitch = ctk::positions_pitch(*planes);
    team->run((count + part - 1) / part, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            int64_t first = i * part;
            team->kernels.transpose(planes->elements + first, planes->channel,
                                    positions + first * pitch, pitch, planes->channels,
                                    std::min(part, count - first));
        }
    });
}

void ctk_reorder_columns(ctk_team *team, const ctk_planes *input, const ctk_planes *output) {
    if (input->is_blocked) {
        return ctk::for_each_block_row(team, *input, [&](int64_t block, int64_t y) {
            ctk::for_each_block_run(
                *input, *output, block, y, [](const uint16_t *from, uint16_t *to, int64_t count) {
                    std::memcpy(to, from, count * ctk::block_channels * sizeof *to);
                });
        });
    }
    team->run(input->channels * input->height, 4, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            int64_t channel = i / input->height, y = i % input->height;
            for (int64_t x = 0; x < input->width; ++x) {
                std::memcpy(ctk::pixel(*output, channel, y, x), ctk::pixel(*input, channel, y, x),
                            input->batch * sizeof(float));
            }
        }
    });
}
