/* MD5 with NEON, 8 messages at a time. */
#include "kpl/simd/md5.h"

#ifdef KPL_HAVE_NEON

#include <arm_neon.h>
#include <string.h>

#define TARGET
#define LANES 8

typedef uint32_t vector __attribute__((vector_size(4 * LANES)));

/* Transposes 4 words of 4 lanes: from registers with one lane each to 4 registers with one word of
 * 4 lanes each. `words` points to the registers of the lower or upper lanes, every second one. */
static inline void
load_words(const uint8_t *const *blocks, size_t offset, uint32x4_t *words)
{
    uint32x4_t lane0 = vreinterpretq_u32_u8(vld1q_u8(blocks[0] + offset));
    uint32x4_t lane1 = vreinterpretq_u32_u8(vld1q_u8(blocks[1] + offset));
    uint32x4_t lane2 = vreinterpretq_u32_u8(vld1q_u8(blocks[2] + offset));
    uint32x4_t lane3 = vreinterpretq_u32_u8(vld1q_u8(blocks[3] + offset));
    /* Words 0 and 1 of two lanes, alternating; words 2 and 3. */
    uint64x2_t low01 = vreinterpretq_u64_u32(vzip1q_u32(lane0, lane1));
    uint64x2_t low23 = vreinterpretq_u64_u32(vzip1q_u32(lane2, lane3));
    uint64x2_t high01 = vreinterpretq_u64_u32(vzip2q_u32(lane0, lane1));
    uint64x2_t high23 = vreinterpretq_u64_u32(vzip2q_u32(lane2, lane3));
    words[0] = vreinterpretq_u32_u64(vzip1q_u64(low01, low23));
    words[2] = vreinterpretq_u32_u64(vzip2q_u64(low01, low23));
    words[4] = vreinterpretq_u32_u64(vzip1q_u64(high01, high23));
    words[6] = vreinterpretq_u32_u64(vzip2q_u64(high01, high23));
}

static inline void
load_block(const uint8_t *const blocks[LANES], size_t offset, vector words[16])
{
    uint32x4_t registers[32];
    for (size_t i = 0; i < 16; i += 4) {
        load_words(blocks, offset + 4 * i, registers + 2 * i);
        load_words(blocks + 4, offset + 4 * i, registers + 2 * i + 1);
    }
    memcpy(words, registers, sizeof registers);
}

#include "kpl/simd/md5_lanes.h"

void
kpl_md5_many_neon(const kpl_bytes *messages, size_t count, uint8_t (*digests)[KPL_DIGEST_SIZE])
{
    md5_many(messages, count, digests);
}

#endif
