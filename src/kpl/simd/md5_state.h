/* The steps of MD5 that the kernels share: state, blocks, padding. */
#ifndef KPL_MD5_STATE_H
#define KPL_MD5_STATE_H

#include "kpl/simd/md5.h"

#define KPL_MD5_BLOCK_SIZE 64

typedef struct {
    uint32_t a, b, c, d;
} kpl_md5_state;

/* The state before the first block. */
extern const kpl_md5_state kpl_md5_start;

/* Updates `state` with `count` blocks. */
void
kpl_md5_blocks(kpl_md5_state *state, const uint8_t *blocks, size_t count);

/* Writes the end of `message` to `blocks`: the bytes after its last whole block, the padding and
 * the length in bits. Returns the number of blocks, 1 or 2. */
size_t
kpl_md5_pad(kpl_bytes message, uint8_t blocks[2 * KPL_MD5_BLOCK_SIZE]);

/* Writes `state` as a digest. */
void
kpl_md5_write_digest(const kpl_md5_state *state, uint8_t digest[KPL_DIGEST_SIZE]);

#endif
