// Registers of CTK_LANES floats, in the compiler's own vector type.
//
// A file that includes this has chosen CTK_LANES and a namespace CTK_SET of its own.

typedef float Lanes __attribute__((ext_vector_type(CTK_LANES)));
typedef int32_t Truths __attribute__((ext_vector_type(CTK_LANES)));
// The same in memory, where it may begin at any float.
typedef float UnalignedLanes __attribute__((ext_vector_type(CTK_LANES), aligned(4), may_alias));

constexpr int64_t lane_count = CTK_LANES;

#define CTK_INLINE static inline __attribute__((always_inline))

CTK_INLINE Lanes load(const float *source) {
    return *reinterpret_cast<const UnalignedLanes *>(source);
}

CTK_INLINE void store(float *target, Lanes lanes) {
    *reinterpret_cast<UnalignedLanes *>(target) = lanes;
}

CTK_INLINE Lanes all(float value) { return Lanes(value); }

// How many lanes a full register has, as a number that the compiler knows where it is used.
using AllLanes = std::integral_constant<int64_t, lane_count>;

// −1 in the first `count` lanes, and 0.
CTK_INLINE Truths first_lanes(int64_t count) {
    Truths numbers;
#pragma clang loop unroll(full)
    for (int32_t i = 0; i < lane_count; ++i) numbers[i] = i;
    return numbers < Truths((int32_t)count);
}

CTK_INLINE void store(float *target, Lanes lanes, int64_t count) {
    if (count >= lane_count) return store(target, lanes);
#if defined(CTK_STORE_FIRST)
    return CTK_STORE_FIRST(target, lanes, count);
#endif
    // A half, a quarter and so on, as the bits of the count say.
#pragma clang loop unroll(full)
    for (int64_t part = lane_count / 2; part > 0; part /= 2) {
        if ((count & part) == 0) continue;
        __builtin_memcpy(target, &lanes, part * sizeof(float));
        target += part;
        Lanes others = lanes;
#pragma clang loop unroll(full)
        for (int64_t i = 0; i + part < lane_count; ++i) lanes[i] = others[i + part];
    }
}

// The first `count` lanes from memory, and zeros.
CTK_INLINE Lanes load(const float *source, int64_t count) {
    if (count >= lane_count) return load(source);
#if defined(CTK_LOAD_FIRST)
    return CTK_LOAD_FIRST(source, count);
#endif
    Lanes lanes = all(0);
    for (int64_t i = 0; i < count; ++i) lanes[i] = source[i];
    return lanes;
}

// The lanes of `yes` where the truth is −1, those of `no` where it is 0.
CTK_INLINE Lanes choose(Truths truths, Lanes yes, Lanes no) {
    return (Lanes)((truths & (Truths)yes) | (~truths & (Truths)no));
}
