// The numbers that a table has for bytes.
//
// With registers of 32 words a table of 256 numbers lies in 16 of them, lower and upper halves
// apart. An instruction picks from two, by six bits of each byte; the other two choose among four
// such picks:
//
//   byte   │ 7 │ 6 │ 5 4 3 2 1 0 │
//            └─┬─┘   └────┬────┘
//        which of four    which of the 64 words of two registers

static void look_up_each(const ctk::ByteRows &bytes) {
    for (int64_t n = 0; n < bytes.count; ++n) {
        const uint8_t *from = bytes.row(n);
        float *to = bytes.output + n * bytes.output_row;
        for (int64_t i = 0; i < bytes.columns; ++i) to[i] = bytes.table[from[i]];
    }
}

#if defined(CTK_PICK_WORDS)

// For fewer, a table is not worth taking apart.
constexpr int64_t few_columns = 8;

typedef uint16_t Words __attribute__((ext_vector_type(32)));
typedef uint16_t UnalignedWords __attribute__((ext_vector_type(32), aligned(4), may_alias));
typedef uint8_t Bytes __attribute__((ext_vector_type(32)));
typedef uint8_t UnalignedBytes __attribute__((ext_vector_type(32), aligned(1), may_alias));

// Words 0, 2, 4, … of two registers, or 1, 3, 5, ….
template <int offset>
CTK_INLINE Words every_second(Words first, Words second) {
    return [&]<int... i>(std::integer_sequence<int, i...>) {
        return __builtin_shufflevector(first, second, (2 * i + offset)...);
    }(std::make_integer_sequence<int, 32>());
}

// Floats from their halves: the first sixteen, or the second.
template <int start>
CTK_INLINE Lanes joined(Words lower, Words upper) {
    return [&]<int... i>(std::integer_sequence<int, i...>) {
        return (Lanes)__builtin_shufflevector(lower, upper, (start + i / 2 + i % 2 * 32)...);
    }(std::make_integer_sequence<int, 32>());
}

// Halves of the numbers of a table, for bytes.
CTK_INLINE Words picked(const Words *table, Words bytes) {
    auto of_two = [&](int i) { return CTK_PICK_WORDS(table[i], bytes, table[i + 1]); };
    auto is_second = (bytes & 64) != 0, is_upper = (bytes & 128) != 0;
    return is_upper ? (is_second ? of_two(6) : of_two(4)) : (is_second ? of_two(2) : of_two(0));
}

static void look_up(const ctk::ByteRows &bytes) {
    if (bytes.columns < few_columns) return look_up_each(bytes);
    Words lower[8], upper[8];
#pragma clang loop unroll(full)
    for (int64_t i = 0; i < 8; ++i) {
        auto *pairs = reinterpret_cast<const UnalignedWords *>(bytes.table + 32 * i);
        lower[i] = every_second<0>(pairs[0], pairs[1]);
        upper[i] = every_second<1>(pairs[0], pairs[1]);
    }
    for (int64_t n = 0; n < bytes.count; ++n) {
        const uint8_t *from = bytes.row(n);
        float *to = bytes.output + n * bytes.output_row;
        for (int64_t i = 0; i < bytes.columns; i += 32) {
            int64_t present = bytes.columns - i;
            Bytes found = present >= 32 ? *reinterpret_cast<const UnalignedBytes *>(from + i)
                                        : CTK_LOAD_FIRST_BYTES(from + i, present);
            Words words = __builtin_convertvector(found, Words);
            Words low = picked(lower, words), high = picked(upper, words);
            store(to + i, joined<0>(low, high), present);
            if (present > 16) store(to + i + 16, joined<16>(low, high), present - 16);
        }
    }
}

#else

static void look_up(const ctk::ByteRows &bytes) { look_up_each(bytes); }

#endif
