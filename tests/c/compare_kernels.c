/* Compares every kernel set that runs here with "plain", where there is no Python to do it, as
 * under emulation. Prints the names of the sets it compared; exits with 1 at the first difference.
 *
 * Inputs and outputs end where a page begins that may not be touched. */
#define _DEFAULT_SOURCE

#include "base64.h"
#include "kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MEMORY_SIZE 65536 /* a multiple of every page size */
#define LONGEST 300
#define MOST_MESSAGES 40

static const kpl_kernels *PLAIN;

/* Memory whose end, which is returned, may not be touched. */
static uint8_t *
guarded_memory(void)
{
    uint8_t *memory =
        mmap(NULL, 2 * MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory + MEMORY_SIZE, MEMORY_SIZE, PROT_NONE) != 0) {
        perror("guarded memory");
        exit(2);
    }
    return memory + MEMORY_SIZE;
}

static void
expect(bool same, const kpl_kernels *kernels, const char *operation, size_t size)
{
    if (!same) {
        fprintf(stderr, "%s: %s of %zu\n", kernels->name, operation, size);
        exit(1);
    }
}

static uint8_t *
random_bytes(uint8_t *end, size_t size)
{
    for (size_t i = 1; i <= size; i++) {
        end[-(ptrdiff_t)i] = (uint8_t)(rand() >> 4);
    }
    return end - size;
}

/* Decodes with both and compares the bytes, if there are any. */
static void
compare_decoding(const kpl_kernels *kernels, kpl_bytes text, uint8_t *end)
{
    static uint8_t expected[LONGEST * 2];
    size_t size = 0, expected_size = 0;
    uint8_t *bytes = end - text.size / 4 * 3;
    bool expected_valid = PLAIN->base64_decode(text, expected, &expected_size);
    bool valid = kernels->base64_decode(text, bytes, &size);
    expect(valid == expected_valid && size == expected_size && memcmp(bytes, expected, size) == 0,
           kernels, "decoding", text.size);
}

static void
compare_base64(const kpl_kernels *kernels, uint8_t *data_end, uint8_t *text_end)
{
    static char expected[LONGEST * 2];
    for (size_t size = 0; size <= LONGEST; size++) {
        kpl_bytes data = {random_bytes(data_end, size), size};
        size_t text_size = kpl_base64_encoded_size(size);
        uint8_t *text = text_end - text_size;
        PLAIN->base64_encode(data, expected);
        kernels->base64_encode(data, (char *)text);
        expect(memcmp(text, expected, text_size) == 0, kernels, "encoding", size);
        compare_decoding(kernels, (kpl_bytes){text, text_size}, data_end);
        if (size != 2 && size != LONGEST / 2) {
            continue;
        }
        for (size_t place = 0; place < text_size; place++) {
            uint8_t character = text[place];
            for (int value = 0; value < 256; value++) {
                text[place] = (uint8_t)value;
                compare_decoding(kernels, (kpl_bytes){text, text_size}, data_end);
            }
            text[place] = character;
        }
    }
}

static void
compare_md5(const kpl_kernels *kernels, uint8_t *ends[MOST_MESSAGES], uint8_t *digests_end)
{
    static const size_t SIZES[] = {0,   1,   54,  55,  56,  57,   62,  63,  64,  65,
                                   118, 119, 120, 121, 127, 1000, 128, 129, 300, 5000};
    static uint8_t expected[MOST_MESSAGES][KPL_DIGEST_SIZE];
    for (size_t count = 0; count <= MOST_MESSAGES; count++) {
        for (int round = 0; round < 10; round++) {
            kpl_bytes messages[MOST_MESSAGES];
            for (size_t i = 0; i < count; i++) {
                size_t size = SIZES[(size_t)rand() % (sizeof SIZES / sizeof *SIZES)];
                messages[i] = (kpl_bytes){random_bytes(ends[i], size), size};
            }
            uint8_t *digests = digests_end - count * KPL_DIGEST_SIZE;
            PLAIN->md5_many(messages, count, expected);
            kernels->md5_many(messages, count, (uint8_t (*)[KPL_DIGEST_SIZE])digests);
            expect(memcmp(digests, expected, count * KPL_DIGEST_SIZE) == 0, kernels, "MD5", count);
        }
    }
}

int
main(void)
{
    uint8_t *ends[MOST_MESSAGES];
    for (size_t i = 0; i < MOST_MESSAGES; i++) {
        ends[i] = guarded_memory();
    }
    uint8_t *output_end = guarded_memory();
    PLAIN = kpl_kernel_sets[0];
    for (size_t i = 1; kpl_kernel_sets[i] != NULL; i++) {
        if (kpl_kernel_sets[i]->runs_here()) {
            compare_base64(kpl_kernel_sets[i], ends[0], output_end);
            compare_md5(kpl_kernel_sets[i], ends, output_end);
            puts(kpl_kernel_sets[i]->name);
        }
    }
    return 0;
}
