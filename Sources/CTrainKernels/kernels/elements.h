// Kernels that go through runs of numbers that lie one after the other, element by element.

// Calls function(index, present) for each register, `present` lanes of which there are.
template <typename Function>
CTK_INLINE void for_each_register(int64_t count, Function function) {
    int64_t index = 0;
    for (; index + lane_count <= count; index += lane_count) function(index, AllLanes{});
    if (index < count) function(index, count - index);
}

// The slope of leaky ReLU below 0, as PyTorch has it.
constexpr float leak = 0.01f;

CTK_INLINE Lanes activated(ctk_activation activation, Lanes value) {
    switch (activation) {
        case CTK_RELU: return choose(value > 0, value, all(0));
        case CTK_LEAKY_RELU: return choose(value > 0, value, value * leak);
        default: return value;
    }
}

static void activate(ctk_activation activation, float *values, int64_t count) {
    if (activation == CTK_TANH) {
        for (int64_t i = 0; i < count; ++i) values[i] = std::tanh(values[i]);
        return;
    }
    for_each_register(count, [=](int64_t i, auto present) {
        store(values + i, activated(activation, load(values + i, present)), present);
    });
}

// The slope before an activation, from that behind it and from the activated value: each of these
// functions allows that, and those without tanh the value before as well.
CTK_INLINE Lanes slope_before(ctk_activation activation, Lanes value, Lanes slope) {
    switch (activation) {
        case CTK_RELU: return choose(value > 0, slope, all(0));
        case CTK_LEAKY_RELU: return choose(value > 0, slope, slope * leak);
        case CTK_TANH: return slope * (1 - value * value);
        default: return slope;
    }
}

static void activation_gradient(ctk_activation activation, const float *values, float *gradient,
                                int64_t count) {
    for_each_register(count, [=](int64_t i, auto present) {
        Lanes value = load(values + i, present), slope = load(gradient + i, present);
        store(gradient + i, slope_before(activation, value, slope), present);
    });
}

static void add(const float *input, float *sum, int64_t count) {
    for_each_register(count, [=](int64_t i, auto present) {
        store(sum + i, load(sum + i, present) + load(input + i, present), present);
    });
}

// factors · scale · values.
static void multiply_elements(const float *factors, float scale, const float *values,
                              float *products, int64_t count) {
    for_each_register(count, [=](int64_t i, auto present) {
        store(products + i, load(factors + i, present) * scale * load(values + i, present),
              present);
    });
}

// Sums are of single precision within a block of 2,048 numbers, each lane by itself, and of double
// precision across blocks.
template <typename Function>
CTK_INLINE double blockwise_sum(int64_t count, Function function) {
    constexpr int64_t block = 2048;
    double total = 0;
    for (int64_t start = 0; start < count; start += block) {
        int64_t size = count - start < block ? count - start : block;
        Lanes sums = all(0);
        for_each_register(size,
                          [&](int64_t i, auto present) { sums += function(start + i, present); });
        for (int64_t i = 0; i < lane_count; ++i) total += sums[i];
    }
    return total;
}

static double sum(const float *values, int64_t count) {
    return blockwise_sum(count, [=](int64_t i, auto present) { return load(values + i, present); });
}

// Lanes behind the last number are centred too, and must not count.
CTK_INLINE Lanes load_centred(const float *values, float centre, int64_t present) {
    return choose(first_lanes(present), load(values, present) - centre, all(0));
}

// Σ (value − centre)².
static double sum_of_squares(const float *values, double centre, int64_t count) {
    return blockwise_sum(count, [=](int64_t i, auto present) {
        Lanes distance = load_centred(values + i, (float)centre, present);
        return distance * distance;
    });
}

// Σ (value − centre) · other.
static double sum_of_products(const float *values, const float *others, double centre,
                              int64_t count) {
    return blockwise_sum(count, [=](int64_t i, auto present) {
        return load_centred(values + i, (float)centre, present) * load(others + i, present);
    });
}

static void scale_and_shift(const float *input, float scale, float shift, ctk_activation activation,
                            float *output, int64_t count) {
#pragma clang fp contract(fast)
    for_each_register(count, [=](int64_t i, auto present) {
        Lanes value = load(input + i, present) * scale + shift;
        store(output + i, activated(activation, value), present);
    });
}

// input_factor · input + gradient_factor · gradient + shift; may be in the place of the gradient.
static void normalization_gradient(const float *input, const float *gradient, float input_factor,
                                   float gradient_factor, float shift, float *output,
                                   int64_t count) {
#pragma clang fp contract(fast)
    for_each_register(count, [=](int64_t i, auto present) {
        Lanes value = load(input + i, present) * input_factor +
                      (load(gradient + i, present) * gradient_factor + shift);
        store(output + i, value, present);
    });
}
