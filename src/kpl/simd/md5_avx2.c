/* MD5 with AVX2, 16 messages at a time. */
#include "kpl/simd/md5.h"

#ifdef KPL_HAVE_AVX2

#include <immintrin.h>

#define TARGET __attribute__((target("avx2")))
#define LANES 16

typedef uint32_t vector __attribute__((vector_size(4 * LANES)));

/* The 16 bytes at `offset` in the blocks of `lane` and of `lane` + 4, one in each half. */
TARGET static inline __m256i
load_two_lanes(const uint8_t *const *blocks, size_t lane, size_t offset)
{
    return _mm256_loadu2_m128i((const __m128i *)(blocks[lane + 4] + offset),
                               (const __m128i *)(blocks[lane] + offset));
}

/* Transposes 4 words of 8 lanes: from registers with a lane in each half to 4 registers with one
 * word of 8 lanes each. `words` points to the registers of the lower or upper lanes, every second
 * one. */
TARGET static inline void
load_words(const uint8_t *const *blocks, size_t offset, __m256i *words)
{
    __m256i lane0 = load_two_lanes(blocks, 0, offset);
    __m256i lane1 = load_two_lanes(blocks, 1, offset);
    __m256i lane2 = load_two_lanes(blocks, 2, offset);
    __m256i lane3 = load_two_lanes(blocks, 3, offset);
    /* Words 0 and 1 of two lanes, alternating; words 2 and 3. */
    __m256i low01 = _mm256_unpacklo_epi32(lane0, lane1);
    __m256i low23 = _mm256_unpacklo_epi32(lane2, lane3);
    __m256i high01 = _mm256_unpackhi_epi32(lane0, lane1);
    __m256i high23 = _mm256_unpackhi_epi32(lane2, lane3);
    words[0] = _mm256_unpacklo_epi64(low01, low23);
    words[2] = _mm256_unpackhi_epi64(low01, low23);
    words[4] = _mm256_unpacklo_epi64(high01, high23);
    words[6] = _mm256_unpackhi_epi64(high01, high23);
}

TARGET static inline void
load_block(const uint8_t *const blocks[LANES], size_t offset, vector words[16])
{
    __m256i *registers = (__m256i *)words;
    for (size_t i = 0; i < 16; i += 4) {
        load_words(blocks, offset + 4 * i, registers + 2 * i);
        load_words(blocks + 8, offset + 4 * i, registers + 2 * i + 1);
    }
}

#include "kpl/simd/md5_lanes.h"

TARGET void
kpl_md5_many_avx2(const kpl_bytes *messages, size_t count, uint8_t (*digests)[KPL_DIGEST_SIZE])
{
    md5_many(messages, count, digests);
}

#endif
