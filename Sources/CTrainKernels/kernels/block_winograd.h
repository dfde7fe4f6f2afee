// Winograd's F(2 × 2, 3 × 3), winograd.h, of blocks: the lanes are channels of one tile.
//
//   a tile's patch, 4 × 4 positions       places ξ             its 2 × 2 positions of the result
//   ┌ 32 channels ┐                    ┌ 32 channels ┐
//   │ · · · · · · │ 16 positions  →    │ · · · · · · │ × weights[ξ], summed over blocks  →  4 units
//   └             ┘                    └             ┘
//
// What is multiplied is rounded to bfloat16 after the map, and so are weights.

using BlockMaps = Winograd<2>;

// map × map of 4 × 4 or 2 × 2 numbers that lie row by row, to `to` × `to`.
template <typename Map>
CTK_INLINE void map_block_square(const Lanes *from, Lanes *mapped) {
    Lanes halfway[Map::to][Map::from];
#pragma clang loop unroll(full)
    for (int64_t column = 0; column < Map::from; ++column) {
        Lanes taken[Map::from], given[Map::to];
#pragma clang loop unroll(full)
        for (int64_t row = 0; row < Map::from; ++row) taken[row] = from[row * Map::from + column];
        Map::apply(taken, given);
#pragma clang loop unroll(full)
        for (int64_t row = 0; row < Map::to; ++row) halfway[row][column] = given[row];
    }
#pragma clang loop unroll(full)
    for (int64_t row = 0; row < Map::to; ++row) Map::apply(halfway[row], mapped + row * Map::to);
}

// Maps register `i` of one tile's square, whose positions lie `tile` behind the first one's.
template <typename Map, bool has_edges, bool is_normalized, ctk_activation activation>
CTK_INLINE void take_square(const ctk::BlockSquares &squares, int64_t tile, int64_t i,
                            Lanes *mapped) {
    constexpr int64_t count = Map::from * Map::from;
    Lanes numbers[count];
#pragma clang loop unroll(full)
    for (int64_t k = 0; k < count; ++k) {
        const uint16_t *position = squares.positions[k];
        if (has_edges && position == nullptr) {
            numbers[k] = all(0);
            continue;
        }
        numbers[k] = load(position + tile * ctk::block_channels + i * lane_count);
        if constexpr (is_normalized) {
            numbers[k] = activated(activation, normalized(*squares.factors, numbers[k], i));
        }
    }
    map_block_square<Map>(numbers, mapped);
}

template <typename Map, bool is_paired, bool has_edges, bool is_normalized,
          ctk_activation activation>
static void map_tiles(const ctk::BlockSquares &squares) {
    auto take = [&](int64_t tile, int64_t i, Lanes *mapped) {
        take_square<Map, has_edges, is_normalized, activation>(squares, tile, i, mapped);
    };
    for (int64_t tile = 0; tile < squares.count; tile += is_paired ? 2 : 1) {
        for (int64_t i = 0; i < block_registers; ++i) {
            Lanes first[ctk::tile_places];
            take(tile, i, first);
            if constexpr (is_paired) {
                Lanes second[ctk::tile_places];
                take(tile + 1, i, second);
                float *to = squares.to + tile / 2 * ctk::block_channels + i * lane_count;
#pragma clang loop unroll(full)
                for (int64_t place = 0; place < ctk::tile_places; ++place) {
                    store(to + place * squares.place_step, paired(first[place], second[place]));
                }
            } else {
                auto *to = reinterpret_cast<uint16_t *>(squares.to) + tile * ctk::block_channels +
                           i * lane_count;
#pragma clang loop unroll(full)
                for (int64_t place = 0; place < ctk::tile_places; ++place) {
                    store(to + 2 * place * squares.place_step, first[place]);
                }
            }
        }
    }
}

template <typename Map, bool is_paired>
static void map_block_tiles(const ctk::BlockSquares &squares) {
    bool has_edges = false;
    for (int64_t k = 0; k < Map::from * Map::from; ++k) {
        has_edges = has_edges || squares.positions[k] == nullptr;
    }
    auto map = [&](auto edges, auto is_normalized, auto activation) {
        map_tiles<Map, is_paired, edges.value, is_normalized.value, activation.value>(squares);
    };
    auto map_normalized = [&](auto edges) {
        if (squares.factors == nullptr) return map(edges, Known<false>(), Known<CTK_IDENTITY>());
        for_activation(squares.activation,
                       [&](auto activation) { map(edges, Known<true>(), activation); });
    };
    if (has_edges) return map_normalized(Known<true>());
    map_normalized(Known<false>());
}

// Patches, a row of 16 pairs of channels for each tile.
static void block_patches(const ctk::BlockSquares &squares) {
    map_block_tiles<BlockMaps::Patch, false>(squares);
}
// Two tiles of an even number side by side for each channel, [places][count / 2][32 pairs]: of
// patches, and of the slopes of the result.
static void block_slope_pairs(const ctk::BlockSquares &squares) {
    map_block_tiles<BlockMaps::TileGradient, true>(squares);
}
static void block_patch_pairs(const ctk::BlockSquares &squares) {
    map_block_tiles<BlockMaps::Patch, true>(squares);
}

#if !defined(CTK_TILES)
// The products of some tiles with the weights of one block of the result, and what they become:
// two rows of the image.
template <typename Results>
static void finish_tiles(const ctk::BlockTiles &tiles) {
    const auto &rows = tiles.rows;
    auto first_unit = [&](int64_t tile) {
        return tile / tiles.pitch * 2 * tiles.pitch + tile % tiles.pitch;
    };
    Results results[2] = {Results(rows[0], first_unit(tiles.first)),
                          Results(rows[1], first_unit(tiles.first))};
    alignas(64) float products[ctk::tile_places][strip_units][ctk::block_channels];
    alignas(64) float sums[2][2][strip_units][ctk::block_channels];
    for (int64_t start = 0; start < tiles.count; start += strip_units) {
        for (int64_t place = 0; place < ctk::tile_places; ++place) {
            RowSums<strip_units, ctk::block_channels> row_sums = {};
            const float *left = tiles.patches + place * tiles.place_step + start * side;
            const float *right = tiles.weights + place * tiles.blocks * block_step;
            for (int64_t block = 0; block < tiles.blocks; ++block) {
                row_sums.template add<true>(left, side, 1, right, side, side);
                left += tiles.block_step;
                right += block_step;
            }
            row_sums.store_at(products[place][0], ctk::block_channels);
        }
        int64_t count = tiles.count - start < strip_units ? tiles.count - start : strip_units;
        for (int64_t unit = 0; unit < count; ++unit) {
            for (int64_t i = 0; i < block_registers; ++i) {
                Lanes numbers[ctk::tile_places], mapped[4];
#pragma clang loop unroll(full)
                for (int64_t place = 0; place < ctk::tile_places; ++place) {
                    numbers[place] = load(products[place][unit] + i * lane_count);
                }
                map_block_square<BlockMaps::Tile>(numbers, mapped);
#pragma clang loop unroll(full)
                for (int64_t k = 0; k < 4; ++k) {
                    store(sums[k / 2][k % 2][unit] + i * lane_count, mapped[k]);
                }
            }
        }
        // Columns of tiles end where they do.
        for (int64_t unit = 0; unit < count;) {
            int64_t tile = tiles.first + start + unit;
            int64_t rest = tiles.pitch - tile % tiles.pitch;
            int64_t run = count - unit < rest ? count - unit : rest;
            for (int64_t row = 0; row < 2; ++row) {
                for (int64_t column = 0; column < 2; ++column) {
                    results[row].finish(first_unit(tile) + column * tiles.pitch, run,
                                        sums[row][column][unit]);
                }
            }
            unit += run;
        }
    }
    for (const Results &result : results) result.take_sums(2 * tiles.count);
}

static void block_tiles(const ctk::BlockTiles &tiles) {
    for_results(tiles.rows[0],
                [&](auto type) { finish_tiles<typename decltype(type)::Type>(tiles); });
}
#endif
