// Winograd's minimal filtering F(m × m, 3 × 3): the maps between small squares of numbers.
//
// A tile of m × m outputs of a 3 × 3 convolution depends on a patch of s × s inputs, s = m + 2. The
// maps below take patch and filter into s × s products, one for each of the s² places ξ, and those
// back into the tile: s² products instead of 9 m².
//
//   output          tile = Aᵀ [ (G filter Gᵀ) ⊙ (Bᵀ patch B) ] A
//   its gradients   the same in reverse, with A and Gᵀ
//
// Filters and patches are polynomials, known from their values at the points 0, ±a, ±b and ∞, whose
// product is the convolution (Lavin and Gray, 2016). For m = 2 there are 0, ±1 and ∞. For m = 4,
// a = 3/4 and b = 3/2 keep the rounding error lowest among simple fractions, about double that of
// the plain sum; the usual 1 and 2 have ten times that.
//
// Every lane is a square of its own.

// Maps of one column or row; a square's map applies it to the columns and then to the rows.
template <int64_t m>
struct Winograd;

template <>
struct Winograd<2> {
    // Bᵀ
    struct Patch {
        static constexpr int64_t from = 4, to = 4;
        CTK_INLINE void apply(const Lanes *d, Lanes *v) {
            v[0] = d[0] - d[2];
            v[1] = d[1] + d[2];
            v[2] = d[2] - d[1];
            v[3] = d[1] - d[3];
        }
    };
    // G
    struct Filter {
        static constexpr int64_t from = 3, to = 4;
        CTK_INLINE void apply(const Lanes *g, Lanes *u) {
            Lanes even = 0.5f * (g[0] + g[2]), odd = 0.5f * g[1];
            u[0] = g[0];
            u[1] = even + odd;
            u[2] = even - odd;
            u[3] = g[2];
        }
    };
    // Aᵀ
    struct Tile {
        static constexpr int64_t from = 4, to = 2;
        CTK_INLINE void apply(const Lanes *p, Lanes *y) {
            y[0] = p[0] + p[1] + p[2];
            y[1] = p[1] - p[2] - p[3];
        }
    };
    // A
    struct TileGradient {
        static constexpr int64_t from = 2, to = 4;
        CTK_INLINE void apply(const Lanes *y, Lanes *p) {
            p[0] = y[0];
            p[1] = y[0] + y[1];
            p[2] = y[0] - y[1];
            p[3] = -y[1];
        }
    };
    // Gᵀ
    struct FilterGradient {
        static constexpr int64_t from = 4, to = 3;
        CTK_INLINE void apply(const Lanes *u, Lanes *g) {
            Lanes even = 0.5f * (u[1] + u[2]);
            g[0] = u[0] + even;
            g[1] = 0.5f * (u[1] - u[2]);
            g[2] = even + u[3];
        }
    };
};

template <>
struct Winograd<4> {
    static constexpr float a = 0.75f, b = 1.5f, a2 = a * a, b2 = b * b;
    // What G divides by, for 0, ±a and ±b.
    static constexpr float at_0 = 1 / (a2 * b2), at_a = 1 / (2 * a2 * (a2 - b2)),
                           at_b = 1 / (2 * b2 * (b2 - a2));

    struct Patch {
        static constexpr int64_t from = 6, to = 6;
        CTK_INLINE void apply(const Lanes *d, Lanes *v) {
#pragma clang fp contract(fast)
            Lanes even_a = d[4] - b2 * d[2], odd_a = d[3] - b2 * d[1];
            Lanes even_b = d[4] - a2 * d[2], odd_b = d[3] - a2 * d[1];
            v[0] = even_a - a2 * (d[2] - b2 * d[0]);
            v[1] = even_a + a * odd_a;
            v[2] = even_a - a * odd_a;
            v[3] = even_b + b * odd_b;
            v[4] = even_b - b * odd_b;
            v[5] = d[5] - b2 * d[3] - a2 * odd_a;
        }
    };
    struct Filter {
        static constexpr int64_t from = 3, to = 6;
        CTK_INLINE void apply(const Lanes *g, Lanes *u) {
            Lanes even_a = at_a * g[0] + (at_a * a2) * g[2], odd_a = (at_a * a) * g[1];
            Lanes even_b = at_b * g[0] + (at_b * b2) * g[2], odd_b = (at_b * b) * g[1];
            u[0] = at_0 * g[0];
            u[1] = even_a + odd_a;
            u[2] = even_a - odd_a;
            u[3] = even_b + odd_b;
            u[4] = even_b - odd_b;
            u[5] = g[2];
        }
    };
    struct Tile {
        static constexpr int64_t from = 6, to = 4;
        CTK_INLINE void apply(const Lanes *p, Lanes *y) {
#pragma clang fp contract(fast)
            Lanes even_a = p[1] + p[2], odd_a = p[1] - p[2];
            Lanes even_b = p[3] + p[4], odd_b = p[3] - p[4];
            y[0] = p[0] + even_a + even_b;
            y[1] = a * odd_a + b * odd_b;
            y[2] = a2 * even_a + b2 * even_b;
            y[3] = (a * a2) * odd_a + (b * b2) * odd_b + p[5];
        }
    };
    struct TileGradient {
        static constexpr int64_t from = 4, to = 6;
        CTK_INLINE void apply(const Lanes *y, Lanes *p) {
#pragma clang fp contract(fast)
            Lanes even_a = y[0] + a2 * y[2], odd_a = y[1] + a2 * y[3];
            Lanes even_b = y[0] + b2 * y[2], odd_b = y[1] + b2 * y[3];
            p[0] = y[0];
            p[1] = even_a + a * odd_a;
            p[2] = even_a - a * odd_a;
            p[3] = even_b + b * odd_b;
            p[4] = even_b - b * odd_b;
            p[5] = y[3];
        }
    };
    struct FilterGradient {
        static constexpr int64_t from = 6, to = 3;
        CTK_INLINE void apply(const Lanes *u, Lanes *g) {
            Lanes even_a = at_a * (u[1] + u[2]), odd_a = at_a * (u[1] - u[2]);
            Lanes even_b = at_b * (u[3] + u[4]), odd_b = at_b * (u[3] - u[4]);
            g[0] = at_0 * u[0] + even_a + even_b;
            g[1] = a * odd_a + b * odd_b;
            g[2] = a2 * even_a + b2 * even_b + u[5];
        }
    };
};

// Calls give(row, numbers) for each row of the mapped square. Rows of a square that are null are
// zeros.
//
// Between its two applications a square stays in registers where there are 32: a large one is then
// mapped in two halves. Otherwise it goes through memory.
template <typename Map, typename Give>
CTK_INLINE void map_square(const Square &square, int64_t index, auto present, const Give &give) {
    constexpr bool stays = has_32_registers;
    constexpr int64_t part = stays && Map::from * Map::to > 24 ? Map::to / 2 : Map::to;
    constexpr int64_t columns_at_once = stays ? Map::from : 1, rows_at_once = stays ? part : 1;
#pragma clang loop unroll(full)
    for (int64_t first = 0; first < Map::to; first += part) {
        Lanes halfway[part][Map::from];
#pragma clang loop unroll_count(columns_at_once)
        for (int64_t column = 0; column < Map::from; ++column) {
            Lanes taken[Map::from], given[Map::to];
#pragma clang loop unroll(full)
            for (int64_t row = 0; row < Map::from; ++row) {
                const float *place = square.rows[row];
                taken[row] =
                    place ? load(place + column * square.column_step + index, present) : all(0);
            }
            Map::apply(taken, given);
#pragma clang loop unroll(full)
            for (int64_t row = 0; row < part; ++row) halfway[row][column] = given[first + row];
        }
#pragma clang loop unroll_count(rows_at_once)
        for (int64_t row = 0; row < part; ++row) {
            Lanes mapped[Map::to];
            Map::apply(halfway[row], mapped);
            give(first + row, mapped);
        }
    }
}

template <typename Map>
static void map_squares(const Square &from, const Square &to, int64_t count) {
    for_each_register(count, [&](int64_t index, auto present) {
        map_square<Map>(from, index, present, [&](int64_t row, const Lanes *mapped) {
            float *place = to.rows[row] + index;
#pragma clang loop unroll(full)
            for (int64_t column = 0; column < Map::to; ++column) {
                store(place + column * to.column_step, mapped[column], present);
            }
        });
    });
}

// The map's square + bias + added; `added` may be null, or what is written.
template <typename Map>
static void add_squares(const Square &from, float bias, const Square *added, const Square &to,
                        int64_t count) {
    for_each_register(count, [&](int64_t index, auto present) {
        map_square<Map>(from, index, present, [&](int64_t row, const Lanes *mapped) {
            float *place = to.rows[row] + index;
            const float *other = added ? added->rows[row] + index : nullptr;
#pragma clang loop unroll(full)
            for (int64_t column = 0; column < Map::to; ++column) {
                Lanes sum = mapped[column] + bias;
                if (other) sum += load(other + column * added->column_step, present);
                store(place + column * to.column_step, sum, present);
            }
        });
    });
}

#define CTK_WINOGRAD(m)                                                         \
    {.patch = CTK_SET::map_squares<CTK_SET::Winograd<m>::Patch>,                \
     .filter = CTK_SET::map_squares<CTK_SET::Winograd<m>::Filter>,              \
     .tile = CTK_SET::add_squares<CTK_SET::Winograd<m>::Tile>,                  \
     .tile_gradient = CTK_SET::map_squares<CTK_SET::Winograd<m>::TileGradient>, \
     .filter_gradient = CTK_SET::map_squares<CTK_SET::Winograd<m>::FilterGradient>}
