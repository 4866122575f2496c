/* MD5 in plain C, one message at a time: the kernel that runs everywhere, and the reference for
 * the others. */
#include "kpl/simd/md5.h"

#include "kpl/simd/md5_state.h"

#include <string.h>

/* clang reorders the additions so that every step waits longer, which is a fifth slower. An empty
 * asm that claims to change `a` prevents that. gcc keeps the order by itself. */
#ifdef __clang__
#define KPL_MD5_KEEP(a) keep(&(a))
static inline void
keep(uint32_t *word)
{
    __asm__("" : "+r"(*word));
}
#else
#define KPL_MD5_KEEP(a) (void)0
#endif
#include "kpl/simd/md5_rounds.h"

const kpl_md5_state kpl_md5_start = {0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u};

/* These two compile to one move each on little-endian machines. */
static uint32_t
load_word(const uint8_t bytes[4])
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static void
store_word(uint32_t word, uint8_t bytes[4])
{
    bytes[0] = (uint8_t)word;
    bytes[1] = (uint8_t)(word >> 8);
    bytes[2] = (uint8_t)(word >> 16);
    bytes[3] = (uint8_t)(word >> 24);
}

void
kpl_md5_blocks(kpl_md5_state *state, const uint8_t *blocks, size_t count)
{
    uint32_t a = state->a, b = state->b, c = state->c, d = state->d;
    for (; count > 0; count--, blocks += KPL_MD5_BLOCK_SIZE) {
        uint32_t words[16];
        for (size_t i = 0; i < 16; i++) {
            words[i] = load_word(blocks + 4 * i);
        }
        uint32_t a0 = a, b0 = b, c0 = c, d0 = d;
        KPL_MD5_ROUNDS(a, b, c, d, words);
        a += a0, b += b0, c += c0, d += d0;
    }
    *state = (kpl_md5_state){a, b, c, d};
}

size_t
kpl_md5_pad(kpl_bytes message, uint8_t blocks[2 * KPL_MD5_BLOCK_SIZE])
{
    size_t rest = message.size % KPL_MD5_BLOCK_SIZE;
    /* The byte 0x80 and the 8 bytes of the length must fit after the rest. */
    size_t count = rest < KPL_MD5_BLOCK_SIZE - 8 ? 1 : 2;
    memset(blocks, 0, count * KPL_MD5_BLOCK_SIZE);
    if (rest > 0) {
        memcpy(blocks, message.data + message.size - rest, rest);
    }
    blocks[rest] = 0x80;
    uint64_t bits = (uint64_t)message.size * 8;
    uint8_t *length = blocks + count * KPL_MD5_BLOCK_SIZE - 8;
    store_word((uint32_t)bits, length);
    store_word((uint32_t)(bits >> 32), length + 4);
    return count;
}

void
kpl_md5_write_digest(const kpl_md5_state *state, uint8_t digest[KPL_DIGEST_SIZE])
{
    store_word(state->a, digest);
    store_word(state->b, digest + 4);
    store_word(state->c, digest + 8);
    store_word(state->d, digest + 12);
}

void
kpl_md5(kpl_bytes message, uint8_t digest[KPL_DIGEST_SIZE])
{
    uint8_t padded[2 * KPL_MD5_BLOCK_SIZE];
    kpl_md5_state state = kpl_md5_start;
    kpl_md5_blocks(&state, message.data, message.size / KPL_MD5_BLOCK_SIZE);
    kpl_md5_blocks(&state, padded, kpl_md5_pad(message, padded));
    kpl_md5_write_digest(&state, digest);
}

void
kpl_md5_many_plain(const kpl_bytes *messages, size_t count, uint8_t (*digests)[KPL_DIGEST_SIZE])
{
    for (size_t i = 0; i < count; i++) {
        kpl_md5(messages[i], digests[i]);
    }
}
