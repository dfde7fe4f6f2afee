// What becomes of the sums of products that make a strip of a convolution's output: they are
// finished, rounded and stored, unit by unit, and give what is wanted of them on the way.

// Sums of the distances of each channel from its first number, which is so near to the mean that
// nothing cancels.
struct StripMoments {
    Unit first, distances = {}, squares = {};

    void add(const Unit &position, bool is_first) {
        if (is_first) first = position;
        for_each_register_of_block([&](int64_t i) {
            Lanes distance = position.lanes[i] - first.lanes[i];
            distances.lanes[i] += distance;
            squares.lanes[i] += distance * distance;
        });
    }

    ctk::BlockMoments of(int64_t count) const {
        ctk::BlockMoments moments;
        moments.count = count;
        for (int64_t i = 0; i < ctk::block_channels; ++i) {
            int64_t number = i / lane_count, lane = i % lane_count;
            double distance = distances.lanes[number][lane];
            moments.means[i] = first.lanes[number][lane] + distance / count;
            moments.squares[i] = squares.lanes[number][lane] - distance * distance / count;
        }
        return moments;
    }
};

// So far ahead, positions and units are fetched into the second cache.
constexpr int64_t fetched_units = 128;

template <bool has_moments, bool has_slopes, bool is_normalized>
struct StripResults {
    const ctk::BlockStrip &strip;
    StripMoments moments;
    Unit slopes = {}, products = {};
    // The number of the unit that is finished first.
    int64_t first_unit;

    explicit StripResults(const ctk::BlockStrip &strip, int64_t first_unit = 0)
        : strip(strip), first_unit(first_unit) {}

    // Finishes `count` units of the strip from number `first` on, whose sums are [units][32].
    void finish(int64_t first, int64_t count, const float *sums) {
        // In registers, while it lasts.
        StripMoments own_moments = moments;
        Unit own_slopes = slopes, own_products = products;
        for (int64_t unit = 0; unit < count; ++unit) {
            int64_t place = (first + unit) * ctk::block_channels;
            const float *sum = sums + unit * ctk::block_channels;
            if (strip.result) {
                __builtin_prefetch(strip.result + place + fetched_units * ctk::block_channels, 1,
                                   2);
            }
            Unit result;
            for_each_register_of_block([&](int64_t i) {
                Lanes value = load(strip.bias + i * lane_count) + load(sum + i * lane_count);
                if (strip.added) value += load(strip.added + place + i * lane_count);
                result.lanes[i] = value;
            });
            if (strip.numbers) {
                for_each_register_of_block([&](int64_t i) {
                    store(strip.numbers + place + i * lane_count, result.lanes[i]);
                });
            }
            if (strip.result) store(strip.result + place, result);
            if constexpr (is_normalized) {
                for_each_register_of_block([&](int64_t i) {
                    result.lanes[i] =
                        activated(strip.activation, normalized(*strip.factors, result.lanes[i], i));
                });
                store(strip.normalized + place, result);
            }
            if constexpr (has_moments) own_moments.add(result, first + unit == first_unit);
            if constexpr (has_slopes) {
                add_slopes(*strip.slopes, result, strip.slopes->input + place, own_slopes,
                           own_products);
            }
        }
        moments = own_moments;
        slopes = own_slopes;
        products = own_products;
    }

    // Leaves the sums of `count` units, all of the strip.
    void take_sums(int64_t count) const {
        if constexpr (has_moments) *strip.moments = moments.of(count);
        if constexpr (has_slopes) take_slopes(slopes, products, *strip.slopes->sums);
    }
};

template <typename Of>
struct Named {
    using Type = Of;
};

// Calls function(Named<StripResults>) with those that make what a strip wants.
template <typename Function>
CTK_INLINE void for_results(const ctk::BlockStrip &strip, Function function) {
    if (strip.moments) return function(Named<StripResults<true, false, false>>());
    if (strip.slopes) return function(Named<StripResults<false, true, false>>());
    if (strip.normalized) return function(Named<StripResults<false, false, true>>());
    function(Named<StripResults<false, false, false>>());
}
