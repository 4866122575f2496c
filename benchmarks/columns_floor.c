/* The floor under unpack_arrow(): copies the payloads to fresh memory, in blocks like those of its
 * batches, and hashes their messages side by side with the package's own kernels. */
#include "kpl/simd/kernels.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK ((size_t)4 << 20)
#define LANES 32
#define MAGIC_SIZE 4

#define MAX_BLOCKS 1024

/* Copies payloads to blocks. Returns the number of blocks, or -1 without memory. */
static int
copy(const uint8_t *const *payloads, const size_t *sizes, size_t count, uint8_t **blocks)
{
    int block_count = 0;
    size_t used = BLOCK;
    for (size_t i = 0; i < count; i++) {
        if (block_count == 0 || used + sizes[i] > BLOCK) {
            uint8_t *block = malloc(sizes[i] > BLOCK ? sizes[i] : BLOCK);
            if (block == NULL || block_count == MAX_BLOCKS) {
                free(block);
                return -1;
            }
            blocks[block_count++] = block;
            used = 0;
        }
        memcpy(blocks[block_count - 1] + used, payloads[i], sizes[i]);
        used += sizes[i];
    }
    return block_count;
}

/* Returns the sum of some bytes of the digests. */
static int
hash(const uint8_t *const *payloads, const size_t *sizes, size_t count)
{
    int sum = 0;
    for (size_t i = 0; i < count; i += LANES) {
        kpl_bytes messages[LANES];
        uint8_t digests[LANES][KPL_DIGEST_SIZE];
        size_t group = count - i < LANES ? count - i : LANES;
        for (size_t j = 0; j < group; j++) {
            messages[j] = (kpl_bytes){payloads[i + j] + MAGIC_SIZE,
                                      sizes[i + j] - MAGIC_SIZE - KPL_DIGEST_SIZE};
        }
        kpl_kernels_best()->md5_many(messages, group, digests);
        sum += digests[0][0];
    }
    return sum;
}

/* Copies and hashes. Returns a number of no meaning, or -1 without memory. */
int
copy_and_hash(const uint8_t *const *payloads, const size_t *sizes, size_t count)
{
    uint8_t *blocks[MAX_BLOCKS] = {NULL};
    int copied = copy(payloads, sizes, count, blocks);
    int sum = copied < 0 ? -1 : hash(payloads, sizes, count);
    for (size_t i = 0; i < MAX_BLOCKS; i++) {
        free(blocks[i]);
    }
    return sum;
}
