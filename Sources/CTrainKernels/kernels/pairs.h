// Floats as bfloat16, two in the place of a float, rounded to the nearest and to even.

// In the upper halves; the lower ones are garbage.
CTK_INLINE Truths rounded(Lanes lanes) {
    Truths bits = (Truths)lanes;
    Truths nearest = bits + 0x7FFF + ((bits >> 16) & 1);
    // What is not a number would become infinite or a number.
    Truths quiet = bits | 0x400000;
    Truths is_number = lanes == lanes;
    return (is_number & nearest) | (~is_number & quiet);
}

CTK_INLINE Lanes paired(Lanes first, Lanes second) {
#if defined(CTK_PAIR_UP)
    return CTK_PAIR_UP(first, second);
#endif
    Truths upper = (Truths)0 - 0x10000;
    return (Lanes)(((rounded(first) >> 16) & 0xFFFF) | (rounded(second) & upper));
}

// Number i of `first`, and number i of `second` or 0 without it, for each i.
static void pair_up(const float *first, const float *second, float *pairs, int64_t count) {
    for_each_register(count, [=](int64_t i, auto present) {
        Lanes high = second ? load(second + i, present) : all(0);
        store(pairs + i, paired(load(first + i, present), high), present);
    });
}

// Rows 2i and 2i + 1 of a matrix, each of `count` numbers, as one row of pairs: number k of the one
// with number k of the other, or with 0 behind the last.
static void pair_up_rows(const float *rows, int64_t row_count, float *pairs, int64_t count) {
    for (int64_t row = 0; row < row_count; row += 2) {
        const float *first = rows + row * count;
        pair_up(first, row + 1 < row_count ? first + count : nullptr, pairs + row / 2 * count,
                count);
    }
}

// Numbers 2i and 2i + 1 of a row, or 0 behind its end.
static void pair_neighbours(const float *row, float *pairs, int64_t count) {
    typedef uint16_t Halves __attribute__((ext_vector_type(CTK_LANES)));
    typedef uint16_t UnalignedHalves
        __attribute__((ext_vector_type(CTK_LANES), aligned(2), may_alias));
#if defined(CTK_STORE_HALVES)
    for (; count >= 2 * lane_count; count -= 2 * lane_count) {
        CTK_STORE_HALVES(pairs, load(row), load(row + lane_count));
        row += 2 * lane_count;
        pairs += lane_count;
    }
#endif
    auto *halves = reinterpret_cast<char *>(pairs);
    for_each_register(count, [=](int64_t i, auto present) {
        Halves values = __builtin_convertvector(rounded(load(row + i, present)) >> 16, Halves);
        if (present == lane_count) {
            *reinterpret_cast<UnalignedHalves *>(halves + 2 * i) = values;
            return;
        }
        for (int64_t k = 0; k < present; ++k) {
            uint16_t half = values[k];
            __builtin_memcpy(halves + 2 * (i + k), &half, 2);
        }
    });
    if (count % 2 != 0) __builtin_memset(halves + 2 * count, 0, 2);
}
