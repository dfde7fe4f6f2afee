#include "blocked_pairs.h"

#include <algorithm>

#include "blocked_layers.h"

namespace {

// Calls body(block, y, where the pairs of the row go) for all rows of all blocks.
template <typename Body>
void for_each_row_of_pairs(ctk_team *team, const ctk_planes &planes, float *pairs,
                           const Body &body) {
    int64_t size = ctk::block_pairs(planes), row = planes.row / 2 * ctk::block_width(planes);
    int64_t count = ctk::block_count(planes.channels) * planes.height;
    team->run(count, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            int64_t block = i / planes.height, y = i % planes.height;
            float *to = pairs + block * size + y * row;
            body(block, y, to);
            // What lies behind the last row is multiplied with zeros, and must be a number.
            if (y + 1 == planes.height) std::fill(to + row, pairs + (block + 1) * size, 0.0f);
        }
    });
}

}  // namespace

ctk::NormalizedPairs::NormalizedPairs(const ctk_team &team, const ctk_normalized &source,
                                      const ctk_planes &planes)
    : source(source),
      factors(block_factors(*source.normalization, *source.input)),
      planes(planes),
      kernels(*team.kernels.blocks) {}

void ctk::NormalizedPairs::make(int64_t block, int64_t y, float *to) const {
    int64_t width = block_width(planes);
    auto fill_border = [&](int64_t column) {
        std::fill_n(to + column_place(planes, column) / 2 * width, planes.pitch / 2 * width, 0.0f);
    };
    for (int64_t i = 0; i < planes.border; ++i) {
        fill_border(i);
        fill_border(planes.width + planes.border + i);
    }
    const uint16_t *first = block_place(planes, block, y * planes.row);
    for_each_block_run(*source.input, planes, block, y,
                       [&](const uint16_t *values, const uint16_t *place, int64_t units) {
                           kernels.pair_normalized(factors[block], source.activation, values,
                                                   units * block_channels / width, width,
                                                   to + (place - first) / 2);
                       });
}

void ctk::pair_block_positions(ctk_team *team, const ctk_planes &planes, float *pairs) {
    for_each_row_of_pairs(team, planes, pairs, [&](int64_t block, int64_t y, float *to) {
        team->kernels.blocks->pair_positions(block_place(planes, block, y * planes.row), planes.row,
                                             block_width(planes), to);
    });
}

void ctk_transpose_normalized(ctk_team *team, const ctk_normalized *normalized,
                              const ctk_planes *planes, float *positions) {
    ctk::NormalizedPairs source(*team, *normalized, *planes);
    for_each_row_of_pairs(team, *planes, positions,
                          [&](int64_t block, int64_t y, float *to) { source.make(block, y, to); });
}
