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

CTK_INLINE void store(float *target, Lanes lanes, int64_t count) {
    if (count >= lane_count) return store(target, lanes);
#if defined(CTK_MASKED_STORE)
    return CTK_MASKED_STORE(target, lanes, (1 << count) - 1);
#endif
    for (int64_t i = 0; i < count; ++i) target[i] = lanes[i];
}

// The first `count` lanes from memory, and zeros.
CTK_INLINE Lanes load(const float *source, int64_t count) {
    if (count >= lane_count) return load(source);
    Lanes lanes = all(0);
#if defined(CTK_MASKED_LOAD)
    return CTK_MASKED_LOAD(source, lanes, (1 << count) - 1);
#endif
    for (int64_t i = 0; i < count; ++i) lanes[i] = source[i];
    return lanes;
}

// The lanes of `yes` where the truth is −1, those of `no` where it is 0.
CTK_INLINE Lanes choose(Truths truths, Lanes yes, Lanes no) {
    return (Lanes)((truths & (Truths)yes) | (~truths & (Truths)no));
}
