// Products of blocks, as the strips of a convolution or of the gradient of its weights say.

static void convolve_strip(const ctk::BlockStrip &strip) {
    for_results(strip, [&](auto type) {
        using Results = typename decltype(type)::Type;
        if (strip.is_narrow) return convolve_strip_with<true, Results>(strip);
        convolve_strip_with<false, Results>(strip);
    });
}

static void add_gradient(const ctk::GradientStrip &strip) {
    if (strip.is_left_narrow && strip.is_right_narrow) return add_gradient_as<true, true>(strip);
    if (strip.is_left_narrow) return add_gradient_as<true, false>(strip);
    if (strip.is_right_narrow) return add_gradient_as<false, true>(strip);
    add_gradient_as<false, false>(strip);
}
