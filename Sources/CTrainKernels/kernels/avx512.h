// What AVX-512 adds to the compiler's vectors, for the files that compile all.h with it.

#define CTK_LANES 16
#define CTK_TILE_ROWS 8
#define CTK_TILE_COLUMNS 48
#define CTK_MASKED_LOAD(source, others, mask) __builtin_ia32_loadups512_mask(source, others, mask)
#define CTK_MASKED_STORE(target, lanes, mask) __builtin_ia32_storeups512_mask(target, lanes, mask)
