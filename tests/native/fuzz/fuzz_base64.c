/* base64 both ways, in every kernel set that runs here. The input is used twice: as text to
 * decode, and as bytes to encode. The encoded text is then damaged and cut as the first four bytes
 * say. */
#include "fuzz.h"

#include "kpl/simd/base64.h"
#include "kpl/frame.h"

static const uint8_t MAGIC[] = {0xF3, 0x89, 0x9A, 0xC2};

typedef struct {
    bool valid;
    uint8_t *bytes; /* owned */
    size_t size;
} decoding;

static decoding
decode(const kpl_kernels *kernels, kpl_bytes text)
{
    decoding result = {.bytes = exact_memory(text.size / 4 * 3), .size = SIZE_MAX};
    result.valid = kernels->base64_decode(text, result.bytes, &result.size);
    expect(result.valid ? result.size <= text.size / 4 * 3 : result.size == SIZE_MAX, "the size");
    return result;
}

/* frame.c looks for the magic in text. Its answer must hold for the decoded bytes as well. */
static void
check_magic(kpl_bytes text, const decoding *decoded)
{
    bool starts = kpl_frame_text_starts_with_magic(text);
    expect(!starts || kpl_frame_text_may_hold_magic(text), "starts with it, so may hold it");
    if (decoded->valid) {
        bool expected =
            decoded->size >= sizeof MAGIC && memcmp(decoded->bytes, MAGIC, sizeof MAGIC) == 0;
        expect(starts == expected, "the magic, in text and in bytes");
    }
}

static void
check_decoding(kpl_bytes text)
{
    decoding expected = decode(kpl_kernel_sets[0], text);
    check_magic(text, &expected);
    for (size_t i = 1; kpl_kernel_sets[i] != NULL; i++) {
        if (kpl_kernel_sets[i]->runs_here()) {
            decoding decoded = decode(kpl_kernel_sets[i], text);
            expect(decoded.valid == expected.valid, "valid in one set, valid in all");
            expect(decoded.size == expected.size, "decoded sizes");
            expect(!decoded.valid || same_bytes(decoded.bytes, expected.bytes, decoded.size),
                   "decoded bytes");
            free(decoded.bytes);
        }
    }
    free(expected.bytes);
}

static void
check_damaged(kpl_bytes bytes, uint8_t *text, size_t size)
{
    if (bytes.size < 4) {
        return;
    }
    size_t place = (size_t)bytes.data[0] << 8 | bytes.data[1];
    text[place % size] = bytes.data[2];
    kpl_bytes cut = exact_copy(text, size - bytes.data[3] % 5);
    check_decoding(cut);
    free((void *)cut.data);
}

/* Encodes with one set and decodes the result with all. */
static void
check_encoding(const kpl_kernels *kernels, kpl_bytes bytes, const uint8_t *expected)
{
    size_t size = kpl_base64_encoded_size(bytes.size);
    uint8_t *text = exact_memory(size);
    kernels->base64_encode(bytes, (char *)text);
    expect(same_bytes(text, expected, size), "the same text in all sets");
    decoding back = decode(kernels, (kpl_bytes){text, size});
    expect(back.valid && back.size == bytes.size, "the size after the round trip");
    expect(same_bytes(back.bytes, bytes.data, bytes.size), "the bytes after the round trip");
    free(back.bytes);
    check_damaged(bytes, text, size);
    free(text);
}

static void
check_round_trips(kpl_bytes bytes)
{
    size_t size = kpl_base64_encoded_size(bytes.size);
    uint8_t *expected = exact_memory(size);
    kpl_kernel_sets[0]->base64_encode(bytes, (char *)expected);
    for (size_t i = 0; kpl_kernel_sets[i] != NULL; i++) {
        if (kpl_kernel_sets[i]->runs_here()) {
            check_encoding(kpl_kernel_sets[i], bytes, expected);
        }
    }
    free(expected);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kpl_bytes input = exact_copy(data, size);
    check_decoding(input);
    check_round_trips(input);
    free((void *)input.data);
    return 0;
}
