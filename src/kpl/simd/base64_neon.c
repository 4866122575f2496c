/* base64 with NEON, 48 bytes or 64 characters at a time.
 *
 * NEON has tables of 64 bytes, and loads and stores that deal every third or fourth byte to a
 * register of its own. So groups need no shuffling: a register holds the first byte, or character,
 * of 16 groups, the next register the second, and so on. */
#include "kpl/simd/base64.h"

#ifdef KPL_HAVE_NEON

#include <arm_neon.h>

#define TARGET
#define GROUPS 16

static inline void
encode_block(const uint8_t bytes[3 * GROUPS], char text[4 * GROUPS])
{
    const uint8x16x4_t characters = vld1q_u8_x4((const uint8_t *)kpl_base64_characters);
    const uint8x16_t six_bits = vdupq_n_u8(63);
    uint8x16x3_t in = vld3q_u8(bytes);
    uint8x16_t first = vshrq_n_u8(in.val[0], 2);
    uint8x16_t second = vsliq_n_u8(vshrq_n_u8(in.val[1], 4), in.val[0], 4);
    uint8x16_t third = vsliq_n_u8(vshrq_n_u8(in.val[2], 6), in.val[1], 2);
    uint8x16x4_t out = {{
        vqtbl4q_u8(characters, first),
        vqtbl4q_u8(characters, vandq_u8(second, six_bits)),
        vqtbl4q_u8(characters, vandq_u8(third, six_bits)),
        vqtbl4q_u8(characters, vandq_u8(in.val[2], six_bits)),
    }};
    vst4q_u8((uint8_t *)text, out);
}

/* All values so far, ORed: a value above 63 marks a character outside the alphabet. */
typedef uint8x16_t validity;
#define ALL_VALID vdupq_n_u8(0)

static inline bool
is_valid(validity seen)
{
    return vmaxvq_u8(seen) <= 63;
}

/* The values of 16 characters, from the two halves of the table. A look-up outside its half keeps
 * the previous value; a byte above 127 is outside both and keeps 0xff. */
static inline uint8x16_t
look_up(uint8x16_t text)
{
    const uint8x16x4_t low = vld1q_u8_x4(kpl_base64_values);
    const uint8x16x4_t high = vld1q_u8_x4(kpl_base64_values + 64);
    uint8x16_t values = vqtbx4q_u8(vdupq_n_u8(0xff), low, text);
    return vqtbx4q_u8(values, high, vsubq_u8(text, vdupq_n_u8(64)));
}

static inline void
decode_block(const uint8_t text[4 * GROUPS], uint8_t bytes[3 * GROUPS], validity *seen)
{
    uint8x16x4_t in = vld4q_u8(text);
    uint8x16_t first = look_up(in.val[0]);
    uint8x16_t second = look_up(in.val[1]);
    uint8x16_t third = look_up(in.val[2]);
    uint8x16_t fourth = look_up(in.val[3]);
    *seen = vorrq_u8(*seen, vorrq_u8(vorrq_u8(first, second), vorrq_u8(third, fourth)));
    uint8x16x3_t out = {{
        vorrq_u8(vshlq_n_u8(first, 2), vshrq_n_u8(second, 4)),
        vorrq_u8(vshlq_n_u8(second, 4), vshrq_n_u8(third, 2)),
        vorrq_u8(vshlq_n_u8(third, 6), fourth),
    }};
    vst3q_u8(bytes, out);
}

#include "kpl/simd/base64_blocks.h"

void
kpl_base64_encode_neon(kpl_bytes bytes, char *text)
{
    encode_blocks(bytes, text);
}

bool
kpl_base64_decode_neon(kpl_bytes text, uint8_t *bytes, size_t *size)
{
    return decode_blocks(text, bytes, size);
}

#endif
