// The tiles of 2 × 2 pixels of blocks, and the pixels that they are made of, for Winograd's
// filtering.
//
// Tiles are counted as (row of tiles, column of tiles, example).

#pragma once

#include <algorithm>

#include "blocked_winograd.h"

namespace ctk {

// The pairs of a unit.
constexpr int64_t unit_pairs = block_channels / 2;

// The tiles of a row of an image's tiles, in blocks.
struct TileRow {
    const ctk_planes &planes;

    int64_t count() const { return planes.width / 2 * planes.pitch; }

    // Calls body(column of tiles, example, number of the tile from `begin` on, count) for the runs
    // of tiles begin ..< end in one column of tiles.
    template <typename Body>
    void for_each_run(int64_t begin, int64_t end, const Body &body) const {
        for (int64_t tile = begin; tile < end;) {
            int64_t example = tile % planes.pitch;
            int64_t count = std::min(planes.pitch - example, end - tile);
            body(tile / planes.pitch, example, tile - begin, count);
            tile += count;
        }
    }
};

// The positions of a square of `side` × `side` pixels from (top, left) on, beginning at an example;
// null outside of the image.
inline void take_positions(const ctk_planes &planes, int64_t block, int64_t top, int64_t left,
                           int64_t side, int64_t example, BlockSquares &squares) {
    for (int64_t k = 0; k < side * side; ++k) {
        int64_t y = top + k / side, x = left + k % side;
        bool is_inside = y >= 0 && y < planes.height && x >= 0 && x < planes.width;
        squares.positions[k] =
            is_inside ? block_pixel(planes, block, y, x) + example * block_channels : nullptr;
    }
}

inline BlockSquares patches_of(const BlockSource &source, int64_t block, int64_t tile_row,
                               int64_t tile_column, int64_t example) {
    BlockSquares squares{};
    if (source.factors != nullptr) squares.factors = source.factors + block;
    squares.activation = source.activation;
    take_positions(source.planes, block, 2 * tile_row - 1, 2 * tile_column - 1, 4, example,
                   squares);
    return squares;
}

}  // namespace ctk
