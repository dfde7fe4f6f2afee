// Convolutions of 3 × 3 and stride 1 by Winograd's minimal filtering, kernels/winograd.h: a quarter
// (m = 4) or less than half (m = 2) of the products of the plain sum.
//
// Columns are the tiles of m × m pixels of all examples, counted as (tile row, tile column,
// example). For each of the s² places ξ of a square there is one product of matrices:
//
//   products[ξ][o][column] = Σ over inputs    weights[ξ][o][i] · patches[ξ][i][column]
//   weights[ξ][o][i]       = Σ over columns   tiles[ξ][o][column] · patches[ξ][column][i]
//
// Threads take blocks of a few columns, whose patches and products stay in their second cache.

#include <algorithm>

#include "planes.h"
#include "team.h"

namespace {

// The output channels for which a thread computes its patches once.
constexpr int64_t output_part = 128;
// The columns of a block.
constexpr int64_t block_columns = 48;
// What the patches and tiles of the gradient of weights may take at a time, in floats.
constexpr int64_t gradient_memory = 4 << 20;

struct Shape {
    // m, s and s².
    int64_t tile, side, places;
    int64_t tile_rows, tile_columns, batch;

    Shape(int64_t tile, const ctk_planes &planes)
        : tile(tile),
          side(tile + 2),
          places(side * side),
          tile_rows(planes.height / tile),
          tile_columns(planes.width / tile),
          batch(planes.batch) {}

    int64_t columns() const { return tile_rows * tile_columns * batch; }

    // Calls body(top, left, example, column, count) for each run of columns within one tile, with
    // the first pixel of the tile.
    template <typename Body>
    void for_each_run(int64_t begin, int64_t end, const Body &body) const {
        for (int64_t column = begin; column < end;) {
            int64_t number = column / batch, example = column % batch;
            int64_t count = std::min(batch - example, end - column);
            body(number / tile_columns * tile, number % tile_columns * tile, example,
                 column - begin, count);
            column += count;
        }
    }
};

// The `side` rows and columns of pixels from (top, left) on; rows beyond the image are null.
ctk::Square pixels(const ctk_planes &planes, int64_t channel, int64_t top, int64_t left,
                   int64_t side, int64_t example) {
    ctk::Square square{{}, planes.batch};
    for (int64_t row = 0; row < side; ++row) {
        int64_t y = top + row;
        if (y < 0 || y >= planes.height) continue;
        square.rows[row] = ctk::pixel(planes, channel, y, left) + example;
    }
    return square;
}

// The places ξ of a square, `step` apart.
ctk::Square places(float *first, int64_t side, int64_t step) {
    ctk::Square square{{}, step};
    for (int64_t row = 0; row < side; ++row) square.rows[row] = first + row * side * step;
    return square;
}

// Asks for `count` numbers in each place of a square, before they are read or written: they lie in
// pieces, which the CPU does not foresee.
template <bool is_written>
void fetch(const ctk::Square &square, int64_t side, int64_t count) {
    constexpr int64_t line = 16;
    for (int64_t row = 0; row < side; ++row) {
        if (square.rows[row] == nullptr) continue;
        for (int64_t column = 0; column < side; ++column) {
            const float *piece = square.rows[row] + column * square.column_step;
            for (int64_t i = 0; i < count + line - 1; i += line) {
                __builtin_prefetch(piece + i, is_written);
            }
        }
    }
}

// What a thread needs for a block of columns.
struct BlockMemory {
    // Of the places of patches[ξ][inputs][block_columns] and products[ξ][outputs][block_columns].
    int64_t patch_step, product_step;
    // Where the products begin, and the size of all.
    int64_t products, size;

    BlockMemory(const Shape &shape, int64_t inputs, int64_t outputs)
        : patch_step(ctk::odd_lines(inputs * block_columns)),
          product_step(ctk::odd_lines(std::min(outputs, output_part) * block_columns)),
          products(shape.places * patch_step),
          size(products + shape.places * product_step) {}
};

// The columns whose patches and tiles are held at a time.
int64_t chunk_columns(const Shape &shape, int64_t inputs, int64_t outputs) {
    int64_t column = shape.places * (ctk::rounded_up(inputs, 16) + outputs);
    int64_t columns = std::clamp<int64_t>(gradient_memory / column, 64, 512);
    return std::min(shape.columns(), columns);
}

// Where the gradient of weights keeps what.
struct GradientScratch {
    int64_t columns, pitch;
    // Of the places of patches[ξ][columns][pitch], tiles[ξ][outputs][columns] and
    // sums[ξ][outputs][inputs].
    int64_t patch_step, tile_step, sum_step;
    // Where tiles and sums begin, and the size of all.
    int64_t tiles, sums, size;

    GradientScratch(const Shape &shape, int64_t inputs, int64_t outputs)
        : columns(chunk_columns(shape, inputs, outputs)),
          pitch(ctk::channels_pitch(inputs)),
          patch_step(ctk::odd_lines(columns * pitch)),
          tile_step(ctk::odd_lines(outputs * columns)),
          sum_step(ctk::odd_lines(outputs * inputs)),
          tiles(shape.places * patch_step),
          sums(tiles + shape.places * tile_step),
          size(sums + shape.places * sum_step) {}
};

}  // namespace

int64_t ctk_winograd_weights_size(int64_t tile, int64_t rows, int64_t depth) {
    return (tile + 2) * (tile + 2) * rows * depth;
}

void ctk_winograd_weights(ctk_team *team, int64_t tile, const float *weights, int64_t outputs,
                          int64_t inputs, bool for_input_gradient, float *arranged) {
    constexpr int64_t part = 16, taps = 9;
    int64_t side = tile + 2, place_count = side * side;
    int64_t rows = for_input_gradient ? inputs : outputs;
    int64_t depth = for_input_gradient ? outputs : inputs;
    const auto &kernels = team->kernels;
    const auto &maps = kernels.winograd(tile);
    int64_t output_parts = (outputs + part - 1) / part;
    int64_t input_parts = (inputs + part - 1) / part;
    team->run(output_parts * input_parts, 4, [&](int64_t begin, int64_t end) {
        float filters[taps][part], squares[36][part][part], turned[part][part];
        for (int64_t i = begin; i < end; ++i) {
            int64_t output = i / input_parts * part, input = i % input_parts * part;
            int64_t output_count = std::min(part, outputs - output);
            int64_t input_count = std::min(part, inputs - input);
            for (int64_t o = 0; o < output_count; ++o) {
                kernels.transpose(weights + ((output + o) * inputs + input) * taps, taps,
                                  filters[0], part, input_count, taps);
                // The gradient's filter is turned by half a circle.
                ctk::Square filter = for_input_gradient
                                         ? ctk::Square{{filters[8], filters[5], filters[2]}, -part}
                                         : ctk::Square{{filters[0], filters[3], filters[6]}, part};
                maps.filter(filter, places(squares[0][o], side, part * part), input_count);
            }
            for (int64_t place = 0; place < place_count; ++place) {
                float (*block)[part] = squares[place];
                int64_t row = output, row_count = output_count;
                int64_t column = input, column_count = input_count;
                if (for_input_gradient) {
                    kernels.transpose(block[0], part, turned[0], part, output_count, input_count);
                    block = turned;
                    std::swap(row, column);
                    std::swap(row_count, column_count);
                }
                float *target = arranged + (place * rows + row) * depth + column;
                for (int64_t k = 0; k < row_count; ++k) {
                    std::copy_n(block[k], column_count, target + k * depth);
                }
            }
        }
    });
}

int64_t ctk_winograd_scratch(const ctk_team *team, int64_t tile, const ctk_planes *input,
                             int64_t outputs) {
    return team->threads * BlockMemory(Shape(tile, *input), input->channels, outputs).size;
}

void ctk_winograd_convolve(ctk_team *team, int64_t tile, const float *arranged, const float *bias,
                           const ctk_planes *input, const ctk_planes *added,
                           const ctk_planes *output, float *scratch) {
    Shape shape(tile, *input);
    const auto &kernels = team->kernels;
    const auto &maps = kernels.winograd(tile);
    int64_t inputs = input->channels, outputs = output->channels;
    const auto &product = kernels.product;
    BlockMemory memory(shape, inputs, outputs);
    int64_t blocks = (shape.columns() + block_columns - 1) / block_columns;
    int64_t parts = (outputs + output_part - 1) / output_part;

    auto take_patches = [&](int64_t begin, int64_t end, float *patches) {
        shape.for_each_run(
            begin, end,
            [&](int64_t top, int64_t left, int64_t example, int64_t column, int64_t count) {
                auto patch = [&](int64_t channel) {
                    return pixels(*input, channel, top - 1, left - 1, shape.side, example);
                };
                for (int64_t i = 0; i < inputs; ++i) {
                    if (i + 1 < inputs) fetch<false>(patch(i + 1), shape.side, count);
                    ctk::Square to =
                        places(patches + i * block_columns + column, shape.side, memory.patch_step);
                    maps.patch(patch(i), to, count);
                }
            });
    };
    auto multiply = [&](int64_t columns, int64_t first, int64_t end, const float *patches,
                        float *products) {
        for (int64_t place = 0; place < shape.places; ++place) {
            for (int64_t o = first; o < end; o += product.rows) {
                ctk::Segment segment{arranged + (place * outputs + o) * inputs,
                                     patches + place * memory.patch_step, inputs};
                ctk::Tile tile{};
                tile.segments = &segment;
                tile.segment_count = 1;
                tile.left_row = inputs;
                tile.left_step = 1;
                tile.right_step = block_columns;
                tile.result_row = block_columns;
                tile.rows = std::min(product.rows, end - o);
                for (int64_t column = 0; column < columns; column += product.columns) {
                    segment.right = patches + place * memory.patch_step + column;
                    tile.result = products + place * memory.product_step +
                                  (o - first) * block_columns + column;
                    tile.columns = std::min(product.columns, columns - column);
                    product.multiply(tile);
                }
            }
        }
    };
    auto give_tiles = [&](int64_t begin, int64_t end, int64_t first, int64_t end_output,
                          float *products) {
        shape.for_each_run(
            begin, end,
            [&](int64_t top, int64_t left, int64_t example, int64_t column, int64_t count) {
                for (int64_t o = first; o < end_output; ++o) {
                    if (o + 1 < end_output) {
                        fetch<true>(pixels(*output, o + 1, top, left, tile, example), tile, count);
                    }
                    ctk::Square from = places(products + (o - first) * block_columns + column,
                                              shape.side, memory.product_step);
                    ctk::Square sum{};
                    if (added != nullptr) sum = pixels(*added, o, top, left, tile, example);
                    maps.tile(from, bias == nullptr ? 0 : bias[o],
                              added == nullptr ? nullptr : &sum,
                              pixels(*output, o, top, left, tile, example), count);
                }
            });
    };
    team->run_with_members(
        blocks * parts, std::clamp<int64_t>(blocks * parts / 16, 1, 8),
        [&](int64_t begin, int64_t end, int64_t member) {
            float *patches = scratch + member * memory.size;
            float *products = patches + memory.products;
            for (int64_t i = begin; i < end; ++i) {
                int64_t column = i / parts * block_columns;
                int64_t end_column = std::min(column + block_columns, shape.columns());
                int64_t output_begin = i % parts * output_part;
                int64_t output_end = std::min(output_begin + output_part, outputs);
                take_patches(column, end_column, patches);
                multiply(end_column - column, output_begin, output_end, patches, products);
                give_tiles(column, end_column, output_begin, output_end, products);
            }
        });
}

int64_t ctk_winograd_gradient_scratch(int64_t tile, const ctk_planes *input, int64_t outputs) {
    GradientScratch memory(Shape(tile, *input), input->channels, outputs);
    return memory.size;
}

void ctk_winograd_weight_gradient(ctk_team *team, int64_t tile, const ctk_planes *input,
                                  const float *positions, const ctk_planes *output_gradient,
                                  float *scratch, float *gradient) {
    constexpr int64_t taps = 9, output_step = 64;
    Shape shape(tile, *input);
    const auto &kernels = team->kernels;
    const auto &maps = kernels.winograd(tile);
    int64_t inputs = input->channels, outputs = output_gradient->channels;
    GradientScratch memory(shape, inputs, outputs);
    float *patches = scratch;
    float *tiles = patches + memory.tiles;
    float *sums = patches + memory.sums;
    int64_t pitch = memory.pitch;

    // The patch of one column, with the inputs innermost.
    auto patch = [&](int64_t column) {
        int64_t number = column / shape.batch, example = column % shape.batch;
        int64_t top = number / shape.tile_columns * tile - 1;
        int64_t left = number % shape.tile_columns * tile - 1;
        ctk::Square square{{}, shape.batch * pitch};
        for (int64_t row = 0; row < shape.side; ++row) {
            int64_t y = top + row;
            if (y < 0 || y >= input->height) continue;
            int64_t place =
                y * input->row + ctk::column_place(*input, left + input->border) + example;
            square.rows[row] = const_cast<float *>(positions) + place * pitch;
        }
        return square;
    };
    auto take_patches = [&](int64_t begin, int64_t end) {
        team->run(end - begin, 8, [&](int64_t first, int64_t last) {
            for (int64_t i = first; i < last; ++i) {
                ctk::Square to = places(patches + i * pitch, shape.side, memory.patch_step);
                maps.patch(patch(begin + i), to, inputs);
            }
        });
    };
    auto take_tiles = [&](int64_t begin, int64_t end) {
        team->run(outputs, 1, [&](int64_t first, int64_t last) {
            for (int64_t o = first; o < last; ++o) {
                float *row = tiles + o * memory.columns;
                shape.for_each_run(
                    begin, end,
                    [&](int64_t top, int64_t left, int64_t example, int64_t column, int64_t count) {
                        maps.tile_gradient(pixels(*output_gradient, o, top, left, tile, example),
                                           places(row + column, shape.side, memory.tile_step),
                                           count);
                    });
            }
        });
    };
    const auto &product = kernels.product;
    int64_t input_parts = (inputs + product.columns - 1) / product.columns;
    int64_t input_step =
        std::min(product.columns, ctk::rounded_up((inputs + input_parts - 1) / input_parts, 16));
    input_parts = (inputs + input_step - 1) / input_step;
    int64_t output_parts = (outputs + output_step - 1) / output_step;
    auto multiply = [&](int64_t columns, bool is_first) {
        team->run(shape.places * output_parts * input_parts, 1, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) {
                int64_t place = i / (output_parts * input_parts);
                int64_t first = i / input_parts % output_parts * output_step;
                int64_t last = std::min(first + output_step, outputs);
                int64_t input_begin = i % input_parts * input_step;
                for (int64_t o = first; o < last; o += product.rows) {
                    ctk::Segment segment{tiles + place * memory.tile_step + o * memory.columns,
                                         patches + place * memory.patch_step + input_begin,
                                         columns};
                    ctk::Tile tile{};
                    tile.segments = &segment;
                    tile.segment_count = 1;
                    tile.left_row = memory.columns;
                    tile.left_step = 1;
                    tile.right_step = pitch;
                    tile.result = sums + place * memory.sum_step + o * inputs + input_begin;
                    tile.start = is_first ? nullptr : tile.result;
                    tile.result_row = tile.start_row = inputs;
                    tile.rows = std::min(product.rows, last - o);
                    tile.columns = std::min(input_step, inputs - input_begin);
                    product.multiply(tile);
                }
            }
        });
    };
    for (int64_t begin = 0; begin < shape.columns(); begin += memory.columns) {
        int64_t end = std::min(begin + memory.columns, shape.columns());
        take_patches(begin, end);
        take_tiles(begin, end);
        multiply(end - begin, begin == 0);
    }
    team->run(outputs, 4, [&](int64_t begin, int64_t end) {
        constexpr int64_t part = 64;
        float filters[taps][part];
        for (int64_t o = begin; o < end; ++o) {
            for (int64_t input = 0; input < inputs; input += part) {
                int64_t count = std::min(part, inputs - input);
                maps.filter_gradient(places(sums + o * inputs + input, shape.side, memory.sum_step),
                                     {{filters[0], filters[3], filters[6]}, part}, count);
                kernels.transpose(filters[0], part, gradient + (o * inputs + input) * taps, taps,
                                  taps, count);
            }
        }
    });
}
