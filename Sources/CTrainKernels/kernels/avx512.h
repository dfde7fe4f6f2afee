// What AVX-512 adds to the compiler's vectors, for the files that compile all.h with it.

#define CTK_LANES 16
#define CTK_REGISTERS 32
#define CTK_LOAD_FIRST(source, count) \
    __builtin_ia32_loadups512_mask(source, all(0), (1 << (count)) - 1)
#define CTK_STORE_FIRST(target, lanes, count) \
    __builtin_ia32_storeups512_mask(target, lanes, (1 << (count)) - 1)
// Word p of 64 in two registers, for six bits p of each word.
#define CTK_PICK_WORDS(first, places, second)                                                 \
    (Words) __builtin_ia32_vpermi2varhi512((WordsOfBuiltin)(first), (WordsOfBuiltin)(places), \
                                           (WordsOfBuiltin)(second))
#define CTK_LOAD_FIRST_BYTES(source, count)                                                      \
    (Bytes) __builtin_ia32_loaddquqi256_mask((const BytesOfBuiltin *)(source), BytesOfBuiltin{}, \
                                             (1u << (count)) - 1)

typedef short WordsOfBuiltin __attribute__((vector_size(64)));
typedef char BytesOfBuiltin __attribute__((vector_size(32)));
