/* column_builder.c, columns.c and utf8.c. The input's first byte is the number of payloads, and
 * the next say how long each is and whether it gets a frame: magic and digest. */
#include "fuzz.h"

#define REQUIRE(condition, what) expect(condition, what)

#include "counting_allocator.h"
#include "row_checks.h"

static const uint8_t MAGIC[] = {0xF3, 0x89, 0x9A, 0xC2};

#define MAX_PAYLOADS 40

/* What a payload's first byte asks for. */
enum { NOTHING, PLAIN, FRAME, WRONG_FRAME, KINDS };

/* Takes up to `size` bytes from the input. */
static kpl_bytes
take(kpl_bytes *input, size_t size)
{
    size = size < input->size ? size : input->size;
    kpl_bytes taken = {input->data, size};
    *input = (kpl_bytes){size == 0 ? input->data : input->data + size, input->size - size};
    return taken;
}

static uint8_t
take_byte(kpl_bytes *input)
{
    kpl_bytes taken = take(input, 1);
    return taken.size == 0 ? 0 : taken.data[0];
}

/* `message` with the magic and a digest. The caller frees it. */
static kpl_bytes
framed(kpl_bytes message, bool wrong)
{
    size_t size = sizeof MAGIC + message.size + KPL_DIGEST_SIZE;
    uint8_t *payload = exact_memory(size);
    memcpy(payload, MAGIC, sizeof MAGIC);
    copy_bytes(payload + sizeof MAGIC, message.data, message.size);
    kpl_md5(message, payload + sizeof MAGIC + message.size);
    payload[size - 1] ^= wrong;
    return (kpl_bytes){payload, size};
}

/* The next payload. The caller frees it. */
static kpl_bytes
next_payload(kpl_bytes *input, bool last)
{
    uint8_t kind = take_byte(input) % KINDS;
    size_t size = take_byte(input);
    kpl_bytes content = take(input, last ? input->size : size);
    if (kind == NOTHING) {
        return (kpl_bytes){NULL, 0};
    }
    if (kind == PLAIN) {
        /* A payload without bytes is not null. */
        uint8_t *copy = exact_memory(content.size + 1);
        copy_bytes(copy, content.data, content.size);
        return (kpl_bytes){copy, content.size};
    }
    return framed(content, kind == WRONG_FRAME);
}

static void
check_payloads(const kpl_bytes *payloads, size_t count, bool verify)
{
    counts memory = {.left = SIZE_MAX};
    kpl_allocator allocator = counting_allocator(&memory);
    kpl_column_builder builder = kpl_column_builder_new(allocator, kpl_kernels_best(), verify);
    expect(kpl_column_builder_append(&builder, payloads, count) == KPL_OK, "rows are appended");
    kpl_batches batches = kpl_column_builder_finish(&builder);
    check_rows(&batches, payloads, count, verify, allocator);
    kpl_batches_release(&batches, &allocator);
    expect(memory.in_use == 0, "all memory is returned");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kpl_bytes input = {data, size};
    kpl_bytes payloads[MAX_PAYLOADS];
    size_t count = take_byte(&input) % MAX_PAYLOADS + 1;
    for (size_t i = 0; i < count; i++) {
        payloads[i] = next_payload(&input, i + 1 == count);
    }
    check_payloads(payloads, count, true);
    check_payloads(payloads, count, false);
    for (size_t i = 0; i < count; i++) {
        free((void *)payloads[i].data);
    }
    return 0;
}
