#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "cmachinespeed.h"
#include "together.h"

namespace {

// Enough sums that no instruction waits for the one before it, and few enough for 16 registers.
constexpr int sums = 12;
constexpr int64_t repetitions = 1 << 18;

// Results go here, so that they are computed.
thread_local volatile float sink;

typedef float Four __attribute__((vector_size(16)));

void portable() {
    Four total[sums] = {}, factor = Four{} + sink, other = Four{} + sink;
    for (int64_t i = 0; i < repetitions; ++i) {
        for (int j = 0; j < sums; ++j) total[j] += factor * other;
    }
    for (int j = 0; j < sums; ++j) sink = sink + total[j][0];
}

#if defined(__x86_64__)

__attribute__((target("avx2,fma"))) void avx2() {
    __m256 total[sums], factor = _mm256_set1_ps(sink), other = _mm256_set1_ps(sink);
    for (auto &sum : total) sum = _mm256_setzero_ps();
    for (int64_t i = 0; i < repetitions; ++i) {
        for (auto &sum : total) sum = _mm256_fmadd_ps(factor, other, sum);
    }
    for (auto &sum : total) sink = sink + _mm256_cvtss_f32(sum);
}

__attribute__((target("avx512f"))) void avx512() {
    __m512 total[sums], factor = _mm512_set1_ps(sink), other = _mm512_set1_ps(sink);
    for (auto &sum : total) sum = _mm512_setzero_ps();
    for (int64_t i = 0; i < repetitions; ++i) {
        for (auto &sum : total) sum = _mm512_fmadd_ps(factor, other, sum);
    }
    for (auto &sum : total) sink = sink + _mm512_cvtss_f32(sum);
}

__attribute__((target("avx512f,avx512bf16"))) void avx512_bfloat16() {
    __m512 total[sums];
    auto factor = (__m512bh)_mm512_set1_ps(sink), other = (__m512bh)_mm512_set1_ps(sink);
    for (auto &sum : total) sum = _mm512_setzero_ps();
    for (int64_t i = 0; i < repetitions; ++i) {
        for (auto &sum : total) sum = _mm512_dpbf16_ps(sum, factor, other);
    }
    for (auto &sum : total) sink = sink + _mm512_cvtss_f32(sum);
}

constexpr int64_t tile_repetitions = repetitions / 8;

// Four tiles of sums from two tiles each of factors and of others; every tile has 16 rows of 64
// bytes.
__attribute__((target("amx-tile,amx-bf16"))) void amx_bfloat16() {
    alignas(64) uint8_t configuration[64] = {1};
    for (int tile = 0; tile < 8; ++tile) {
        configuration[16 + 2 * tile] = 64;
        configuration[48 + tile] = 16;
    }
    _tile_loadconfig(configuration);
    _tile_zero(0), _tile_zero(1), _tile_zero(2), _tile_zero(3);
    _tile_zero(4), _tile_zero(5), _tile_zero(6), _tile_zero(7);
    for (int64_t i = 0; i < tile_repetitions; ++i) {
        _tile_dpbf16ps(0, 4, 6), _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6), _tile_dpbf16ps(3, 5, 7);
    }
    _tile_release();
}

bool has_amx() {
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
    constexpr unsigned bfloat16 = 1 << 22, tile = 1 << 24;
    if ((d & bfloat16) == 0 || (d & tile) == 0) return false;
    // Linux lets a process use tiles when it has asked for their room (18).
    constexpr long request_permission = 0x1023, tile_data = 18;
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

#endif

struct Unit {
    void (*run)();
    // In one run.
    double operations;
};

Unit find(cms_unit unit) {
    constexpr double lanes = 2.0 * sums * repetitions;
    switch (unit) {
        case CMS_PORTABLE_FLOAT32: return {portable, 4 * lanes};
#if defined(__x86_64__)
        case CMS_AVX2_FLOAT32:
            if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) break;
            return {avx2, 8 * lanes};
        case CMS_AVX512_FLOAT32:
            if (!__builtin_cpu_supports("avx512f")) break;
            return {avx512, 16 * lanes};
        case CMS_AVX512_BFLOAT16:
            if (!__builtin_cpu_supports("avx512bf16")) break;
            return {avx512_bfloat16, 32 * lanes};
        case CMS_AMX_BFLOAT16:
            if (!has_amx()) break;
            return {amx_bfloat16, 4.0 * 2 * 16 * 16 * 32 * tile_repetitions};
#endif
        default: break;
    }
    return {nullptr, 0};
}

}  // namespace

double cms_arithmetic(cms_unit unit, int32_t threads) {
    auto found = find(unit);
    if (found.run == nullptr) return 0;
    return together(threads, found.operations, [&](int32_t) { found.run(); });
}
