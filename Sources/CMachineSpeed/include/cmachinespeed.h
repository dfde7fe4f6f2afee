// What this machine can do at best: arithmetic from registers, and memory; and what two of its
// cores have in common.

#ifndef CMACHINESPEED_H
#define CMACHINESPEED_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum cms_unit {
    CMS_PORTABLE_FLOAT32 = 0,
    CMS_AVX2_FLOAT32 = 1,
    CMS_AVX512_FLOAT32 = 2,
    CMS_AVX512_BFLOAT16 = 3,
    CMS_AMX_BFLOAT16 = 4,
} cms_unit;

// Multiplications and additions a second, each counted as one, by so many threads at once; 0 where
// the CPU does not have the unit, or the threads cannot be started.
double cms_arithmetic(cms_unit unit, int32_t threads);

// Bytes a second that so many threads read from memory, and that they read and write while they
// copy; each goes through `bytes` bytes of its own. 0 if there is no memory.
double cms_read_bandwidth(int32_t threads, int64_t bytes);
double cms_copy_bandwidth(int32_t threads, int64_t bytes);

// Seconds in which a cache line gets from one thread to another and back, the median of several
// times: some tens of nanoseconds between cores that share a cache, hundreds between others. 0
// where there is one core, or no second thread.
double cms_round_trip(void);

#ifdef __cplusplus
}
#endif

#endif
