// What AVX-512 adds to the compiler's vectors, for the files that compile all.h with it.

#define CTK_LANES 16
#define CTK_REGISTERS 32
#define CTK_LOAD_FIRST(source, count) \
    __builtin_ia32_loadups512_mask(source, all(0), (1 << (count)) - 1)
#define CTK_STORE_FIRST(target, lanes, count) \
    __builtin_ia32_storeups512_mask(target, lanes, (1 << (count)) - 1)
