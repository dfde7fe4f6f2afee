// Kernels that go through blocks in units of 32 numbers in bfloat16: those of the channels of one
// position, which lie side by side, or of 16 channels of two. Sums and everything in between are of
// single precision.

constexpr int64_t block_registers = ctk::block_channels / lane_count;

typedef uint16_t Halves __attribute__((ext_vector_type(CTK_LANES)));
typedef uint16_t UnalignedHalves __attribute__((ext_vector_type(CTK_LANES), aligned(2), may_alias));
typedef uint32_t Bits __attribute__((ext_vector_type(CTK_LANES)));

// The numbers of a unit.
struct Unit {
    Lanes lanes[block_registers];
};

template <typename Function>
CTK_INLINE void for_each_register_of_block(Function function) {
#pragma clang loop unroll(full)
    for (int64_t i = 0; i < block_registers; ++i) function(i);
}

CTK_INLINE Lanes load(const uint16_t *source) {
    Halves halves = *reinterpret_cast<const UnalignedHalves *>(source);
    return (Lanes)(__builtin_convertvector(halves, Bits) << 16);
}

// Number i of this position, and number i of the next one, `width` behind it, as a pair.
CTK_INLINE Lanes pair_of_halves(const uint16_t *source, int64_t width) {
    Halves first = *reinterpret_cast<const UnalignedHalves *>(source);
    Halves second = *reinterpret_cast<const UnalignedHalves *>(source + width);
    return (Lanes)(__builtin_convertvector(first, Bits) | __builtin_convertvector(second, Bits)
                                                              << 16);
}

CTK_INLINE void store(uint16_t *target, Lanes lanes) {
#if defined(CTK_STORE_HALF)
    CTK_STORE_HALF(target, lanes);
#else
    *reinterpret_cast<UnalignedHalves *>(target) =
        __builtin_convertvector(rounded(lanes) >> 16, Halves);
#endif
}

CTK_INLINE void store(uint16_t *target, const Unit &position) {
#if defined(CTK_STORE_HALVES)
    CTK_STORE_HALVES(target, position.lanes[0], position.lanes[1]);
#else
    for_each_register_of_block(
        [&](int64_t i) { store(target + i * lane_count, position.lanes[i]); });
#endif
}

// Makes each unit of the result by function(place, register's number).
template <typename Function>
CTK_INLINE void map_units(uint16_t *result, int64_t count, Function function) {
    for (int64_t n = 0; n < count; ++n) {
        int64_t place = n * ctk::block_channels;
        Unit position;
        for_each_register_of_block(
            [&](int64_t i) { position.lanes[i] = function(place + i * lane_count, i); });
        store(result + place, position);
    }
}

// Calls function(place, register's number) for all registers of all units.
template <typename Function>
CTK_INLINE void for_each_unit(int64_t count, Function function) {
    for (int64_t n = 0; n < count; ++n) {
        for_each_register_of_block(
            [&](int64_t i) { function(n * ctk::block_channels + i * lane_count, i); });
    }
}

// So many positions at a time are summed up in single precision.
constexpr int64_t block_part = 256;

// Takes positions into the mean of each channel and the sum of squared distances from it. Each part
// is gone through twice while it is in the cache: its own mean first, so that nothing cancels.
static void block_moments(const uint16_t *values, int64_t count, ctk::BlockMoments &moments) {
    for (int64_t start = 0; start < count; start += block_part) {
        int64_t size = count - start < block_part ? count - start : block_part;
        const uint16_t *part = values + start * ctk::block_channels;
        Unit sums = {}, squares = {};
        for_each_unit(size, [&](int64_t place, int64_t i) { sums.lanes[i] += load(part + place); });
        float share = 1.0f / (float)size;
        for_each_register_of_block([&](int64_t i) { sums.lanes[i] *= share; });
        for_each_unit(size, [&](int64_t place, int64_t i) {
            Lanes distance = load(part + place) - sums.lanes[i];
            squares.lanes[i] += distance * distance;
        });
        ctk::BlockMoments found;
        found.count = size;
        for (int64_t i = 0; i < ctk::block_channels; ++i) {
            found.means[i] = sums.lanes[i / lane_count][i % lane_count];
            found.squares[i] = squares.lanes[i / lane_count][i % lane_count];
        }
        moments.add(found);
    }
}

static void block_sums(const uint16_t *values, int64_t count, double *sums) {
    for (int64_t start = 0; start < count; start += block_part) {
        int64_t size = count - start < block_part ? count - start : block_part;
        const uint16_t *part = values + start * ctk::block_channels;
        Unit found = {};
        for_each_unit(size,
                      [&](int64_t place, int64_t i) { found.lanes[i] += load(part + place); });
        for (int64_t i = 0; i < ctk::block_channels; ++i) {
            sums[i] += found.lanes[i / lane_count][i % lane_count];
        }
    }
}

// What is normalised before its activation; with one rounding wherever it is made, so that it is
// the same in both passes.
CTK_INLINE Lanes normalized(const ctk::BlockNormalization &factors, Lanes input, int64_t i) {
    return __builtin_elementwise_fma(input, load(factors.scale + i * lane_count),
                                     load(factors.shift + i * lane_count));
}

// A number that the compiler knows.
template <auto number>
struct Known {
    static constexpr auto value = number;
};

// Calls function(Known), whose code is then compiled for each of the activations.
template <typename Function>
CTK_INLINE void for_activation(ctk_activation activation, Function function) {
    switch (activation) {
        case CTK_RELU: return function(Known<CTK_RELU>());
        case CTK_LEAKY_RELU: return function(Known<CTK_LEAKY_RELU>());
        default: return function(Known<CTK_IDENTITY>());
    }
}

// The same for positions of 32 and of 16 channels.
template <typename Function>
CTK_INLINE void for_width(int64_t width, Function function) {
    if (width == ctk::block_channels) return function(Known<ctk::block_channels>());
    function(Known<ctk::block_channels / 2>());
}

template <ctk_activation activation>
CTK_INLINE void normalize_block_as(const ctk::BlockNormalization &factors, const uint16_t *input,
                                   uint16_t *output, int64_t count) {
    map_units(output, count, [&](int64_t place, int64_t i) {
        return activated(activation, normalized(factors, load(input + place), i));
    });
}

// Scale, shift and activation.
static void normalize_block(const ctk::BlockNormalization &factors, ctk_activation activation,
                            const uint16_t *input, uint16_t *output, int64_t count) {
    for_activation(activation, [&](auto known) {
        normalize_block_as<known.value>(factors, input, output, count);
    });
}

// Adds what the slopes at one position give to Σ slope, and to Σ slope · (input − mean), both
// before the activation.
CTK_INLINE void add_slopes(const ctk::BlockSlopes &of, const Unit &gradient, const uint16_t *input,
                           Unit &slopes, Unit &products) {
#pragma clang fp contract(fast)
    for_each_register_of_block([&](int64_t i) {
        Lanes value = load(input + i * lane_count);
        Lanes slope =
            slope_before(of.activation, normalized(*of.factors, value, i), gradient.lanes[i]);
        slopes.lanes[i] += slope;
        products.lanes[i] += slope * (value - load(of.factors->mean + i * lane_count));
    });
}

CTK_INLINE void take_slopes(const Unit &slopes, const Unit &products, ctk::BlockSlopeSums &sums) {
    for (int64_t i = 0; i < ctk::block_channels; ++i) {
        sums.slopes[i] += slopes.lanes[i / lane_count][i % lane_count];
        sums.products[i] += products.lanes[i / lane_count][i % lane_count];
    }
}

static void block_slope_sums(const ctk::BlockSlopes &of, const uint16_t *gradient, int64_t count) {
    for (int64_t start = 0; start < count; start += block_part) {
        int64_t end = start + block_part < count ? start + block_part : count;
        Unit slopes = {}, products = {};
        for (int64_t n = start; n < end; ++n) {
            int64_t place = n * ctk::block_channels;
            Unit slope;
            for_each_register_of_block(
                [&](int64_t i) { slope.lanes[i] = load(gradient + place + i * lane_count); });
            add_slopes(of, slope, of.input + place, slopes, products);
        }
        take_slopes(slopes, products, *of.sums);
    }
}

template <ctk_activation activation>
CTK_INLINE void block_normalization_gradient_as(const ctk::BlockNormalization &factors,
                                                const uint16_t *input, const uint16_t *gradient,
                                                const uint16_t *added, uint16_t *result,
                                                int64_t count) {
#pragma clang fp contract(fast)
    map_units(result, count, [&](int64_t place, int64_t i) {
        Lanes value = load(input + place);
        Lanes slope =
            slope_before(activation, normalized(factors, value, i), load(gradient + place));
        Lanes sum = value * load(factors.input_factor + i * lane_count) +
                    (slope * load(factors.scale + i * lane_count) +
                     load(factors.gradient_shift + i * lane_count));
        return added ? sum + load(added + place) : sum;
    });
}

// input_factor · input + scale · slope before the activation + gradient_shift, and what is added.
static void block_normalization_gradient(const ctk::BlockNormalization &factors,
                                         ctk_activation activation, const uint16_t *input,
                                         const uint16_t *gradient, const uint16_t *added,
                                         uint16_t *result, int64_t count) {
    for_activation(activation, [&](auto known) {
        block_normalization_gradient_as<known.value>(factors, input, gradient, added, result,
                                                     count);
    });
}

// Makes each number of one pixel of a whole minibatch by
// function(its place, its example, the place of the same number of example 0).
template <int64_t width, typename Function>
CTK_INLINE void map_examples(uint16_t *output, int64_t count, Function function) {
    map_units(output, count * width / ctk::block_channels, [&](int64_t place, int64_t) {
        return function(place, place / width, place % width);
    });
}

// Examples as rows, which become positions; mixed with their partners first, or not.
static void round_rows(const float *rows, int64_t row, const ctk_mix *mix, uint16_t *positions,
                       int64_t count) {
    constexpr int64_t width = ctk::block_channels;
    if (mix == nullptr) {
        return map_examples<width>(positions, count, [&](int64_t, int64_t n, int64_t first) {
            return load(rows + n * row + first);
        });
    }
    map_examples<width>(positions, count, [&](int64_t, int64_t n, int64_t first) {
        return interpolated(load(rows + mix->order[n] * row + first), load(rows + n * row + first),
                            mix->weights[n]);
    });
}

static void round_blocks(const float *values, uint16_t *positions, int64_t count) {
    round_rows(values, ctk::block_channels, nullptr, positions, count);
}

// sums += scale · values.
static void accumulate_blocks(const uint16_t *values, float scale, float *sums, int64_t count) {
    for_each_unit(count, [&](int64_t place, int64_t) {
        store(sums + place, load(sums + place) + load(values + place) * scale);
    });
}

static void add_blocks(const uint16_t *input, uint16_t *sum, int64_t count) {
    map_units(sum, count,
              [&](int64_t place, int64_t) { return load(sum + place) + load(input + place); });
}

// factors · scale · input.
static void multiply_blocks(const uint16_t *factors, float scale, const uint16_t *input,
                            uint16_t *product, int64_t count) {
    map_units(product, count, [&](int64_t place, int64_t) {
        return load(factors + place) * scale * load(input + place);
    });
}

static void activate_blocks(ctk_activation activation, uint16_t *values, int64_t count) {
    if (activation == CTK_TANH) {
        map_units(values, count, [&](int64_t place, int64_t) {
            Lanes value = load(values + place);
            for (int64_t k = 0; k < lane_count; ++k) value[k] = std::tanh(value[k]);
            return value;
        });
        return;
    }
    map_units(values, count,
              [&](int64_t place, int64_t) { return activated(activation, load(values + place)); });
}

static void block_activation_gradient(ctk_activation activation, const uint16_t *values,
                                      uint16_t *gradient, int64_t count) {
    map_units(gradient, count, [&](int64_t place, int64_t) {
        return slope_before(activation, load(values + place), load(gradient + place));
    });
}

// The mix of one pixel of a whole minibatch and its gradient, see mixing.h.
static void interpolate_blocks(const ctk_mix &mix, ctk_activation activation, const uint16_t *input,
                               uint16_t *output, int64_t count, int64_t width) {
    for_width(width, [&](auto width) {
        for_activation(activation, [&](auto function) {
            map_examples<width.value>(output, count, [&](int64_t place, int64_t n, int64_t first) {
                Lanes partner = load(input + mix.order[n] * width.value + first);
                return interpolated(activated(function.value, partner),
                                    activated(function.value, load(input + place)), mix.weights[n]);
            });
        });
    });
}

template <int64_t width, ctk_activation activation>
CTK_INLINE void block_mix_gradient(const ctk::MixGradient &mix, const uint16_t *values,
                                   const uint16_t *gradient, uint16_t *output, int64_t count) {
    map_examples<width>(output, count, [&](int64_t place, int64_t n, int64_t first) {
        Lanes slope = load(gradient + place) * mix.weights[n] +
                      load(gradient + mix.inverse[n] * width + first) * mix.partner_weights[n];
        if (activation == CTK_IDENTITY) return slope;
        return slope_before(activation, load(values + place), slope);
    });
}

static void block_interpolation_gradient(const ctk::MixGradient &mix, const uint16_t *values,
                                         const uint16_t *gradient, uint16_t *output, int64_t count,
                                         int64_t width) {
    for_width(width, [&](auto width) {
        for_activation(mix.activation, [&](auto function) {
            block_mix_gradient<width.value, function.value>(mix, values, gradient, output, count);
        });
    });
}

// Two positions as pairs, side by side for each channel: [count / 2][width] of pairs.
static void pair_positions(const uint16_t *positions, int64_t count, int64_t width, float *pairs) {
    for (int64_t n = 0; n + 1 < count; n += 2) {
        const uint16_t *position = positions + n * width;
        for (int64_t i = 0; i < width; i += lane_count) {
            store(pairs + n / 2 * width + i, pair_of_halves(position + i, width));
        }
    }
}

template <int64_t width, ctk_activation activation>
CTK_INLINE void pair_normalized_as(const ctk::BlockNormalization &factors,
                                   const uint16_t *positions, int64_t count, float *pairs) {
    for (int64_t n = 0; n < count; n += 2) {
        const uint16_t *position = positions + n * width;
#pragma clang loop unroll(full)
        for (int64_t i = 0; i < width / lane_count; ++i) {
            auto value = [&](int64_t place) {
                return activated(activation, normalized(factors, load(position + place), i));
            };
            Lanes second = n + 1 < count ? value(width + i * lane_count) : all(0);
            store(pairs + n / 2 * width + i * lane_count, paired(value(i * lane_count), second));
        }
    }
}

// The same of what normalisation and activation make of the positions; behind the last comes 0.
static void pair_normalized(const ctk::BlockNormalization &factors, ctk_activation activation,
                            const uint16_t *positions, int64_t count, int64_t width, float *pairs) {
    for_width(width, [&](auto channels) {
        for_activation(activation, [&](auto function) {
            pair_normalized_as<channels.value, function.value>(factors, positions, count, pairs);
        });
    });
}

// 32 × 32 weights [outputs][inputs] as two tiles of pairs of inputs, [half][16 pairs][16 outputs].
static void pair_inputs(const float *weights, int64_t row, float *tiles) {
    constexpr int64_t side = ctk::block_channels / 2;
    for (int64_t half = 0; half < 2; ++half) {
        alignas(64) float pairs[side][side];
        for (int64_t o = 0; o < side; ++o) {
            pair_neighbours(weights + (half * side + o) * row, pairs[o], ctk::block_channels);
        }
        transpose(pairs[0], side, tiles + half * side * side, side, side, side);
    }
}

// The same as two tiles of pairs of outputs, [half][16 pairs][16 inputs].
static void pair_outputs(const float *weights, int64_t row, float *tiles) {
    constexpr int64_t side = ctk::block_channels / 2;
    for (int64_t pair = 0; pair < side; ++pair) {
        const float *first = weights + 2 * pair * row;
        pair_up(first, first + row, tiles + pair * side, side);
        pair_up(first + side, first + row + side, tiles + (side + pair) * side, side);
    }
}
