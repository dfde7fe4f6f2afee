// The mix of one pixel's numbers of a whole minibatch, which lie one after the other:
//
//   input   │ x₀ │ x₁ │ x₂ │ …   one of each example
//   order   │ 2  │ 0  │ 1  │ …   the partner of each
//   output  │ λ₀x₀ + (1 − λ₀)x₂ │ λ₁x₁ + (1 − λ₁)x₀ │ …
//
// The interpolation starts from whichever end is nearer, so that both ends are exact, and an
// example that is its own partner stays what it is.

// The numbers at some places of a row.
CTK_INLINE Lanes gathered(const float *row, const int32_t *places, auto present) {
    Lanes lanes = all(0);
#pragma clang loop unroll(full)
    for (int64_t i = 0; i < lane_count; ++i) {
        if (i < present) lanes[i] = row[places[i]];
    }
    return lanes;
}

CTK_INLINE Lanes interpolated(Lanes partner, Lanes own, Lanes weight) {
    Lanes difference = own - partner;
    return choose(weight < 0.5f, partner + difference * weight, own - difference * (1 - weight));
}

// The same with one weight for all.
CTK_INLINE Lanes interpolated(Lanes partner, Lanes own, float weight) {
    Lanes difference = own - partner;
    return weight < 0.5f ? partner + difference * weight : own - difference * (1 - weight);
}

// Of what an activation makes of the numbers.
static void interpolate(const ctk_mix &mix, ctk_activation activation, const float *input,
                        float *output, int64_t count) {
    for_each_register(count, [=, &mix](int64_t i, auto present) {
        Lanes partner = gathered(input, mix.order + i, present), own = load(input + i, present);
        store(output + i,
              interpolated(activated(activation, partner), activated(activation, own),
                           load(mix.weights + i, present)),
              present);
    });
}

// Rows of examples, or the same columns of them; with one weight for all numbers of a row.
static void interpolate_rows(const ctk::MixedRows &mixed) {
    for (int64_t n = 0; n < mixed.count; ++n) {
        const float *partner = mixed.rows + mixed.mix.order[n] * mixed.row;
        const float *own = mixed.rows + n * mixed.row;
        float *output = mixed.output + n * mixed.columns;
        float weight = mixed.mix.weights[n];
        for_each_register(mixed.columns, [=](int64_t i, auto present) {
            store(output + i,
                  interpolated(load(partner + i, present), load(own + i, present), weight),
                  present);
        });
    }
}

// Every example gets its own share, and what the example whose partner it is gives to it; both go
// through the activation before, of which `values` are what it took or what it made.
static void interpolation_gradient(const ctk::MixGradient &mix, const float *values,
                                   const float *gradient, float *output, int64_t count) {
    for_each_register(count, [=, &mix](int64_t i, auto present) {
        Lanes own = load(gradient + i, present) * load(mix.weights + i, present);
        Lanes others = gathered(gradient, mix.inverse + i, present);
        Lanes slope = own + others * load(mix.partner_weights + i, present);
        if (mix.activation != CTK_IDENTITY) {
            slope = slope_before(mix.activation, load(values + i, present), slope);
        }
        store(output + i, slope, present);
    });
}
