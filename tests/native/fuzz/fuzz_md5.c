/* MD5 of several messages, one after another and in lanes, in every kernel set that runs here. The
 * input is the number of messages, the size of each, and then their bytes. fuzz_python.py compares
 * with hashlib. */
#include "fuzz.h"

#include "kpl/simd/md5.h"

#define MOST_MESSAGES 64

/* Cuts the input into messages, which the caller frees. Returns their number. */
static size_t
cut(const uint8_t *data, size_t size, kpl_bytes messages[MOST_MESSAGES])
{
    size_t count = size == 0 ? 0 : data[0] % (MOST_MESSAGES + 1);
    if (count > (size - (size > 0)) / 2) {
        count = (size - (size > 0)) / 2;
    }
    const uint8_t *sizes = data + 1, *rest = sizes + 2 * count;
    for (size_t i = 0; i < count; i++) {
        size_t left = (size_t)(data + size - rest);
        size_t taken = (size_t)(sizes[2 * i] | sizes[2 * i + 1] << 8) % (left + 1);
        messages[i] = exact_copy(rest, taken);
        rest += taken;
    }
    return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kpl_bytes messages[MOST_MESSAGES];
    uint8_t expected[MOST_MESSAGES][KPL_DIGEST_SIZE];
    size_t count = cut(data, size, messages);
    for (size_t i = 0; i < count; i++) {
        kpl_md5(messages[i], expected[i]);
    }
    kpl_bytes *list = (kpl_bytes *)exact_memory(count * sizeof *list);
    copy_bytes((uint8_t *)list, (const uint8_t *)messages, count * sizeof *list);
    for (size_t i = 0; kpl_kernel_sets[i] != NULL; i++) {
        if (kpl_kernel_sets[i]->runs_here()) {
            uint8_t *digests = exact_memory(count * KPL_DIGEST_SIZE);
            kpl_kernel_sets[i]->md5_many(list, count, (uint8_t (*)[KPL_DIGEST_SIZE])digests);
            expect(same_bytes(digests, expected[0], count * KPL_DIGEST_SIZE), "the same digests");
            free(digests);
        }
    }
    free(list);
    for (size_t i = 0; i < count; i++) {
        free((void *)messages[i].data);
    }
    return 0;
}
