/* base64 with AVX2, 24 bytes or 32 characters at a time.
 *
 * The method, arithmetic on whole registers and shuffles as look-ups in tables of 16, is from
 * Wojciech Mula and Daniel Lemire, "Faster Base64 Encoding and Decoding using AVX2 Instructions",
 * ACM Transactions on the Web 12(3), 2018, https://arxiv.org/abs/1704.00605. */
#include "kpl/simd/base64.h"

#ifdef KPL_HAVE_AVX2

#include <immintrin.h>

#define TARGET __attribute__((target("avx2")))
#define GROUPS 8

/* The same values in both halves of a register, since a shuffle works within each half. */
#define BOTH_HALVES(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)

/* Splits 24 bytes into 32 numbers of 6 bits, a byte each. */
TARGET static inline __m256i
split_bits(const uint8_t bytes[3 * GROUPS])
{
    /* Loads bytes 0 to 15 and 8 to 23 and uses the first 12 and the last 12: nothing past the
     * block is read. */
    __m256i in = _mm256_loadu2_m128i((const __m128i *)(bytes + 8), (const __m128i *)bytes);
    /* A group of bytes A B C becomes the words AB and BC. The first number is the top 6 bits of
     * AB, the second the 6 below; the third is the middle 6 of BC, the fourth its lowest 6. */
    const __m256i words = _mm256_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10, 5, 4,
                                           6, 5, 8, 7, 9, 8, 11, 10, 12, 11, 14, 13, 15, 14);
    in = _mm256_shuffle_epi8(in, words);
    /* First and third belong in the low bytes of their words: 10 and 6 bits to the right, as the
     * upper half of a product with 2^6 and 2^10. Second and fourth belong in the high bytes: 4 and
     * 8 to the left. */
    __m256i low_bytes = _mm256_mulhi_epu16(_mm256_and_si256(in, _mm256_set1_epi32(0x0fc0fc00)),
                                           _mm256_set1_epi32(0x04000040));
    __m256i high_bytes = _mm256_mullo_epi16(_mm256_and_si256(in, _mm256_set1_epi32(0x003f03f0)),
                                            _mm256_set1_epi32(0x01000010));
    return _mm256_or_si256(low_bytes, high_bytes);
}

TARGET static inline void
encode_block(const uint8_t bytes[3 * GROUPS], char text[4 * GROUPS])
{
    __m256i numbers = split_bits(bytes);
    /* The range of each number: 0 for A to Z, 1 for a to z, 2 to 11 for one digit each, 12 for +,
     * 13 for /. Numbers up to 51 saturate to 0; the comparison adds one above 25. */
    __m256i ranges = _mm256_sub_epi8(_mm256_subs_epu8(numbers, _mm256_set1_epi8(51)),
                                     _mm256_cmpgt_epi8(numbers, _mm256_set1_epi8(25)));
    /* The difference between a number in that range and its character. */
    const __m256i distances =
        BOTH_HALVES('A', 'a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                    '0' - 52, '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 0, 0);
    __m256i characters = _mm256_add_epi8(numbers, _mm256_shuffle_epi8(distances, ranges));
    _mm256_storeu_si256((__m256i *)text, characters);
}

/* A byte becomes 0 once a character in its position is outside the alphabet. */
typedef __m256i validity;
#define ALL_VALID _mm256_set1_epi8(-1)

TARGET static inline bool
is_valid(validity valid)
{
    return _mm256_movemask_epi8(_mm256_cmpeq_epi8(valid, _mm256_setzero_si256())) == 0;
}

/* Sets of low halves (the second hexadecimal digit) of characters. */
#define SIGNS 1  /* after 2: B and F, for + and / */
#define DIGITS 2 /* after 3: 0 to 9 */
#define FROM_A 4 /* after 4 and 6: 1 to F, for A to O */
#define FROM_P 8 /* after 5 and 7: 0 to A, for P to Z */
#define LETTERS (FROM_A | FROM_P)
#define ALL (LETTERS | DIGITS)

/* A character is in the alphabet if its low half is in the set that its high half requires: then
 * the entries of the two tables share a bit. For a byte above 127 a shuffle yields 0. */
TARGET static inline __m256i
find_valid(__m256i text, __m256i high_halves)
{
    const __m256i by_high =
        BOTH_HALVES(0, 0, SIGNS, DIGITS, FROM_A, FROM_P, FROM_A, FROM_P, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i by_low =
        BOTH_HALVES(DIGITS | FROM_P, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, LETTERS,
                    FROM_A | SIGNS, FROM_A, FROM_A, FROM_A, FROM_A | SIGNS);
    return _mm256_and_si256(_mm256_shuffle_epi8(by_high, high_halves),
                            _mm256_shuffle_epi8(by_low, text));
}

/* Joins 32 numbers of 6 bits into 24 bytes. */
TARGET static inline void
join_bits(__m256i numbers, uint8_t bytes[3 * GROUPS])
{
    /* Two numbers to 12 bits, two of those to the 24 bits of a group. */
    __m256i pairs = _mm256_maddubs_epi16(numbers, _mm256_set1_epi16(0x0140));
    __m256i groups = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
    /* Each group now holds its 3 bytes in reverse order and a 0. Reorders them, moves the 12 bytes
     * to the front of each half and joins the halves. */
    const __m256i order = BOTH_HALVES(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 3, 7, 11, 15);
    groups = _mm256_shuffle_epi8(groups, order);
    groups = _mm256_permutevar8x32_epi32(groups, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
    /* Stores 16 bytes and 8: nothing past the block is written. */
    _mm_storeu_si128((__m128i *)bytes, _mm256_castsi256_si128(groups));
    _mm_storel_epi64((__m128i *)(bytes + 16), _mm256_extracti128_si256(groups, 1));
}

TARGET static inline void
decode_block(const uint8_t text[4 * GROUPS], uint8_t bytes[3 * GROUPS], validity *valid)
{
    __m256i in = _mm256_loadu_si256((const __m256i *)text);
    __m256i high_halves = _mm256_and_si256(_mm256_srli_epi16(in, 4), _mm256_set1_epi8(15));
    *valid = _mm256_min_epu8(*valid, find_valid(in, high_halves));
    /* The difference between a character and its number depends on the high half alone, except
     * that + and / share one: the comparison's -1 moves / to entry 1. */
    const __m256i distances = BOTH_HALVES(0, 63 - '/', 62 - '+', 52 - '0', -'A', -'A', 26 - 'a',
                                          26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0);
    __m256i ranges = _mm256_add_epi8(high_halves, _mm256_cmpeq_epi8(in, _mm256_set1_epi8('/')));
    join_bits(_mm256_add_epi8(in, _mm256_shuffle_epi8(distances, ranges)), bytes);
}

#include "kpl/simd/base64_blocks.h"

TARGET void
kpl_base64_encode_avx2(kpl_bytes bytes, char *text)
{
    encode_blocks(bytes, text);
}

TARGET bool
kpl_base64_decode_avx2(kpl_bytes text, uint8_t *bytes, size_t *size)
{
    return decode_blocks(text, bytes, size);
}

#endif
