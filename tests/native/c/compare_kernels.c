/* Compares every kernel set that runs here, in guarded memory, with "plain" in ordinary memory.
 * Does not need Python, so that it runs under emulation. Prints the names of the sets; exits with
 * 1 at the first difference. */
#include "guarded.h"

#include "kpl/simd/base64.h"
#include "kpl/simd/kernels.h"

#include <string.h>

#define LONGEST 300
#define MOST_MESSAGES 40

static const kpl_kernels *PLAIN;

static uint8_t *
guarded_random(void)
{
    uint8_t *memory = guarded_new();
    for (size_t i = 0; i < GUARDED_SIZE; i++) {
        memory[i] = (uint8_t)(rand() >> 4);
    }
    return memory;
}

/* Decodes with both and compares the results. */
static void
compare_decoding(const kpl_kernels *kernels, kpl_bytes text, uint8_t *output, place where)
{
    static uint8_t expected[LONGEST];
    size_t size = 0, expected_size = 0;
    uint8_t *bytes = guarded_at(output, text.size / 4 * 3, where);
    bool expected_valid = PLAIN->base64_decode(text, expected, &expected_size);
    bool valid = kernels->base64_decode(text, bytes, &size);
    CHECK(valid == expected_valid && size == expected_size && memcmp(bytes, expected, size) == 0,
          "%s: decoding %zu characters", kernels->name, text.size);
}

static void
compare_encoding(const kpl_kernels *kernels, kpl_bytes data, uint8_t *output, place where)
{
    static char expected[2 * LONGEST];
    size_t size = kpl_base64_encoded_size(data.size);
    char *text = (char *)guarded_at(output, size, where);
    PLAIN->base64_encode(data, expected);
    kernels->base64_encode(data, text);
    CHECK(memcmp(text, expected, size) == 0, "%s: encoding %zu bytes", kernels->name, data.size);
}

/* Text of every length, clean except for one character at every position: a few wrong ones, or all
 * of them for lengths that exercise every step of a kernel. */
static void
compare_base64(const kpl_kernels *kernels, uint8_t *input, uint8_t *output, place where)
{
    static const uint8_t wrong[] = {'=', '!', '-', 0, 0xff};
    for (size_t size = 0; size <= LONGEST; size++) {
        uint8_t *text = guarded_at(input, size, where);
        for (size_t i = 0; i < size; i++) {
            text[i] = (uint8_t)kpl_base64_characters[rand() >> 4 & 63];
        }
        compare_encoding(kernels, (kpl_bytes){text, size}, output, where);
        compare_decoding(kernels, (kpl_bytes){text, size}, output, where);
        size_t values = size == 4 || size == 196 ? 256 : sizeof wrong;
        for (size_t position = 0; position < size; position++) {
            uint8_t character = text[position];
            for (size_t i = 0; i < values; i++) {
                text[position] = values == 256 ? (uint8_t)i : wrong[i];
                compare_decoding(kernels, (kpl_bytes){text, size}, output, where);
            }
            text[position] = character;
        }
    }
}

static void
compare_digests(const kpl_kernels *kernels, const kpl_bytes *messages, size_t count,
                uint8_t *output, place where)
{
    static uint8_t expected[MOST_MESSAGES][KPL_DIGEST_SIZE];
    uint8_t *digests = guarded_at(output, count * KPL_DIGEST_SIZE, where);
    PLAIN->md5_many(messages, count, expected);
    kernels->md5_many(messages, count, (uint8_t (*)[KPL_DIGEST_SIZE])digests);
    CHECK(memcmp(digests, expected, count * KPL_DIGEST_SIZE) == 0, "%s: %zu digests",
          kernels->name, count);
}

static void
compare_md5(const kpl_kernels *kernels, uint8_t *inputs[MOST_MESSAGES], uint8_t *output,
            place where)
{
    kpl_bytes messages[MOST_MESSAGES];
    for (size_t count = 0; count <= MOST_MESSAGES; count++) {
        for (size_t size = 0; size <= LONGEST; size++) {
            for (size_t i = 0; i < count; i++) {
                messages[i] = (kpl_bytes){guarded_at(inputs[i], size, where), size};
            }
            compare_digests(kernels, messages, count, output, where);
        }
        for (int round = 0; round < 10; round++) {
            for (size_t i = 0; i < count; i++) {
                size_t size = (size_t)rand() % (rand() % 8 == 0 ? 5000 : 200);
                messages[i] = (kpl_bytes){guarded_at(inputs[i], size, where), size};
            }
            compare_digests(kernels, messages, count, output, where);
        }
    }
}

int
main(void)
{
    uint8_t *messages[MOST_MESSAGES];
    for (size_t i = 0; i < MOST_MESSAGES; i++) {
        messages[i] = guarded_random();
    }
    uint8_t *text = guarded_new(), *output = guarded_new();
    PLAIN = kpl_kernel_sets[0];
    for (size_t i = 0; kpl_kernel_sets[i] != NULL; i++) {
        const kpl_kernels *kernels = kpl_kernel_sets[i];
        if (!kernels->runs_here()) {
            continue;
        }
        for (place where = AT_START; where <= AT_END; where++) {
            compare_base64(kernels, text, output, where);
            compare_md5(kernels, messages, output, where);
        }
        puts(kernels->name);
    }
    return 0;
}
