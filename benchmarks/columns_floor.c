/* The floor under unpack_arrow(): copies the payloads to fresh memory, in blocks like those of its
 * batches, and hashes their messages side by side with the package's own kernels. */
#include "kpl/simd/kernels.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK ((size_t)4 << 20)
#define LANES 32
#define MAGIC_SIZE 4

/* Copies and hashes. Returns the sum of some bytes of the digests, or -1 without memory. */
int
copy_and_hash(const uint8_t *const *payloads, const size_t *sizes, size_t count)
{
    uint8_t *blocks[1024];
    size_t block_count = 0;
    size_t used = BLOCK;
    int sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (used + sizes[i] > BLOCK) {
            size_t size = sizes[i] > BLOCK ? sizes[i] : BLOCK;
            blocks[block_count] = block_count < 1024 ? malloc(size) : NULL;
            if (blocks[block_count] == NULL) {
                return -1;
            }
            block_count++;
            used = 0;
        }
        memcpy(blocks[block_count - 1] + used, payloads[i], sizes[i]);
        used += sizes[i];
    }
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
    for (size_t i = 0; i < block_count; i++) {
        free(blocks[i]);
    }
    return sum;
}
