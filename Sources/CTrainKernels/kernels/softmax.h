// Softmax in double precision, with the exponential function of numbers that are at most 0.
//
//   eˣ = 2ᵏ · eʳ,   x = k · ln 2 + r,   |r| ≤ ½ ln 2
//
// eʳ is its power series up to r¹³, whose rest is less than 1e-17.

typedef double Doubles __attribute__((ext_vector_type(CTK_LANES / 2)));
typedef int64_t LongTruths __attribute__((ext_vector_type(CTK_LANES / 2)));

CTK_INLINE Doubles exponential(Doubles x) {
    // Added to this, a number of moderate size is rounded, and its integer is in the lowest bits.
    constexpr double rounding = 6755399441055744;
    Doubles shifted = x * 1.4426950408889634 + rounding;
    Doubles k = shifted - rounding;
    // ln 2 in two parts; the first has so few bits that its product with k is exact.
    Doubles r = x - k * 6.93147180369123816490e-01;
    r = r - k * 1.90821492927058770002e-10;
    // 1 / 13!, 1 / 12! and so on.
    constexpr double factors[] = {1.0 / 6227020800,
                                  1.0 / 479001600,
                                  1.0 / 39916800,
                                  1.0 / 3628800,
                                  1.0 / 362880,
                                  1.0 / 40320,
                                  1.0 / 5040,
                                  1.0 / 720,
                                  1.0 / 120,
                                  1.0 / 24,
                                  1.0 / 6,
                                  0.5,
                                  1,
                                  1};
    Doubles power = Doubles(0);
#pragma clang loop unroll(full)
    for (double factor : factors) power = power * r + factor;
    Doubles scale = (Doubles)(((LongTruths)shifted << 52) + (LongTruths)Doubles(1));
    // What would be less than the smallest normal number is 0.
    LongTruths is_small = x < -708;
    return (Doubles)(~is_small & (LongTruths)(power * scale));
}

// The softmax of some examples side by side, a register of them at a time.
static void softmax(const ctk::Softmax &of) {
    constexpr int64_t lanes = CTK_LANES / 2;
    typedef float Floats __attribute__((ext_vector_type(CTK_LANES / 2)));
    for (int64_t n = 0; n < of.count; n += lanes) {
        size_t present = (of.count - n < lanes ? of.count - n : lanes) * sizeof(float);
        auto logits = [&](int64_t c) {
            Floats floats = Floats(0);
            // Of a whole register, so many bytes as the compiler knows.
            __builtin_memcpy(&floats, of.logits + c * of.row + n,
                             present == sizeof floats ? sizeof floats : present);
            return __builtin_convertvector(floats, Doubles);
        };
        auto probabilities = [&](int64_t c) -> Doubles & {
            return *reinterpret_cast<Doubles *>(of.probabilities + c * ctk::Softmax::most + n);
        };
        Doubles largest = logits(0), sum = Doubles(0);
        for (int64_t c = 1; c < of.classes; ++c) {
            largest = __builtin_elementwise_max(largest, logits(c));
        }
        for (int64_t c = 0; c < of.classes; ++c) {
            probabilities(c) = exponential(logits(c) - largest);
            sum += probabilities(c);
        }
        Doubles share = 1 / sum;
        for (int64_t c = 0; c < of.classes; ++c) probabilities(c) *= share;
        for (int64_t i = 0; i < lanes; ++i) {
            of.largest[n + i] = largest[i];
            of.sums[n + i] = sum[i];
        }
    }
}
