// The mix of one pixel's numbers of a whole minibatch, which lie one after the other:
//
//   input   │ x₀ │ x₁ │ x₂ │ …   one of each example
//   order   │ 2  │ 0  │ 1  │ …   the partner of each
//   output  │ λ₀x₀ + (1 − λ₀)x₂ │ λ₁x₁ + (1 − λ₁)x₀ │ …
//
// The interpolation starts from whichever end is nearer, so that both ends are exact, and an
// example that is its own partner stays what it is.

static void interpolate(const float *input, const int32_t *order, const float *weights,
                        float *output, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
        float own = input[i], partner = input[order[i]];
        float difference = own - partner, weight = weights[i];
        output[i] = weight < 0.5f ? partner + weight * difference : own - difference * (1 - weight);
    }
}

CTK_INLINE Lanes interpolated(Lanes partner, Lanes own, float weight) {
    Lanes difference = own - partner;
    return weight < 0.5f ? partner + difference * weight : own - difference * (1 - weight);
}

// Whole rows, such as examples, with one weight for all numbers of a row.
static void interpolate_rows(const float *partner, const float *own, float weight, float *output,
                             int64_t count) {
    for_each_register(count, [=](int64_t i, auto present) {
        store(output + i, interpolated(load(partner + i, present), load(own + i, present), weight),
              present);
    });
}

// Every example gets its own share, and what the example whose partner it is gives to partners.
static void interpolation_gradient(const float *gradient, const int32_t *inverse,
                                   const float *weights, float *output, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
        int32_t other = inverse[i];
        output[i] = weights[i] * gradient[i] + (1 - weights[other]) * gradient[other];
    }
}
