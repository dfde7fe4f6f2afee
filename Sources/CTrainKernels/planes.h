// Places within planes.

#pragma once

#include <cstring>

#include "ctrainkernels.h"
#include "kernels/kernels.h"

namespace ctk {

// Of so many channels, those that a block has.
inline int64_t block_present(int64_t channels, int64_t block) {
    int64_t rest = channels - block * block_channels;
    return rest < block_channels ? rest : block_channels;
}

// Whether blocks have 16 channels, which are enough. Then 32 numbers are those of two examples,
// whose number must be even for that.
inline bool is_narrow(const ctk_planes &planes) {
    return planes.channels <= block_channels / 2 && planes.batch % 2 == 0;
}

// The numbers of one position of a block.
inline int64_t block_width(const ctk_planes &planes) {
    return is_narrow(planes) ? block_channels / 2 : block_channels;
}

// How often 32 numbers the positions of a block are.
inline int64_t units(const ctk_planes &planes, int64_t positions) {
    return positions * block_width(planes) / block_channels;
}

// The number of blocks that so many channels fill.
inline int64_t block_count(int64_t channels) {
    return (channels + block_channels - 1) / block_channels;
}

// The place of a column, counted with the border, within its row.
inline int64_t column_place(const ctk_planes &planes, int64_t column) {
    if (!planes.is_split) return column * planes.pitch;
    int64_t even_columns = (planes.width + 2 * planes.border + 1) / 2;
    return (column % 2 * even_columns + column / 2) * planes.pitch;
}

// The first example of a pixel.
inline float *pixel(const ctk_planes &planes, int64_t channel, int64_t y, int64_t x) {
    return planes.elements + channel * planes.channel + y * planes.row +
           column_place(planes, x + planes.border);
}

// The first pixel of a row that is not split; the row's pixels follow without a gap.
inline float *row(const ctk_planes &planes, int64_t channel, int64_t y) {
    return planes.elements + channel * planes.channel + y * planes.row +
           planes.border * planes.pitch;
}

// The number of elements from the first to the last pixel of a row.
inline int64_t row_length(const ctk_planes &planes) { return planes.width * planes.pitch; }

inline int64_t rounded_up(int64_t count, int64_t unit) { return (count + unit - 1) / unit * unit; }

// A length that is an odd number of cache lines: rows that lie so far apart and are read in columns
// do not push each other out of a cache.
inline int64_t odd_lines(int64_t count) { return ((count + 15) / 16 | 1) * 16; }

// The length of rows of so many channels: whole cache lines, an odd number of them where rows are
// so long that it pays.
inline int64_t channels_pitch(int64_t channels) {
    return channels <= 112 ? rounded_up(channels, 16) : odd_lines(channels);
}

// From one position to the next in what ctk_transpose_planes makes.
inline int64_t positions_pitch(const ctk_planes &planes) { return channels_pitch(planes.channels); }

// ---- Blocks ----

// The first channel of a block, at a position counted from the block's first.
inline uint16_t *block_place(const ctk_planes &planes, int64_t block, int64_t position) {
    return reinterpret_cast<uint16_t *>(planes.elements) +
           (block * planes.channel + position) * block_width(planes);
}

// The first example of a pixel.
inline uint16_t *block_pixel(const ctk_planes &planes, int64_t block, int64_t y, int64_t x) {
    return block_place(planes, block, y * planes.row + column_place(planes, x + planes.border));
}

inline float float_of_half(uint16_t half) {
    uint32_t bits = static_cast<uint32_t>(half) << 16;
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

inline BlockMoments *row_moments(const ctk_planes &planes, int64_t block, int64_t y) {
    return reinterpret_cast<BlockMoments *>(planes.moments) + block * planes.height + y;
}

inline BlockSlopeSums *row_slope_sums(const ctk_slope_sums &sums, int64_t block, int64_t y) {
    return reinterpret_cast<BlockSlopeSums *>(sums.sums) + block * sums.input->height + y;
}

// Calls body(positions of the first planes, of the second, units) for all runs of row y of a block
// that lie without a gap in both: the row, or single pixels.
template <typename Body>
void for_each_block_run(const ctk_planes &first, const ctk_planes &second, int64_t block, int64_t y,
                        const Body &body) {
    bool is_whole = !first.is_split && !second.is_split && first.pitch == first.batch;
    int64_t runs = is_whole ? 1 : first.width;
    for (int64_t x = 0; x < runs; ++x) {
        body(block_pixel(first, block, y, x), block_pixel(second, block, y, x),
             units(first, is_whole ? row_length(first) : first.batch));
    }
}

}  // namespace ctk
