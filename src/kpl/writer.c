/* Sizes and bytes of an aggregate's fields: see writer.h.
 *
 * Source: https://protobuf.dev/programming-guides/encoding/ */
#include "kpl/writer.h"

#include "kpl/frame.h"
#include "kpl/simd/md5.h"

#include <string.h>

/* A field's number and wire type, as the byte before its value. */
#define VARINT_FIELD(number) (uint8_t)((number) << 3)
#define BYTES_FIELD(number) (uint8_t)((number) << 3 | 2)

static size_t
varint_size(size_t number)
{
    size_t size = 1;
    while (number >= 0x80) {
        number >>= 7;
        size++;
    }
    return size;
}

static uint8_t *
write_varint(uint8_t *to, size_t number)
{
    while (number >= 0x80) {
        *to++ = (uint8_t)(number | 0x80);
        number >>= 7;
    }
    *to++ = (uint8_t)number;
    return to;
}

/* The size of a field with `size` bytes, its key and its length included. */
static size_t
bytes_field_size(size_t size)
{
    return 1 + varint_size(size) + size;
}

/* Writes what comes before the bytes of a field. */
static uint8_t *
write_bytes_header(uint8_t *to, uint8_t field, size_t size)
{
    *to++ = field;
    return write_varint(to, size);
}

static uint8_t *
write_bytes(uint8_t *to, kpl_bytes bytes)
{
    if (bytes.size != 0) {
        memcpy(to, bytes.data, bytes.size);
    }
    return to + bytes.size;
}

static uint8_t *
write_bytes_field(uint8_t *to, uint8_t field, kpl_bytes bytes)
{
    return write_bytes(write_bytes_header(to, field, bytes.size), bytes);
}

static uint8_t *
write_varint_field(uint8_t *to, uint8_t field, size_t number)
{
    *to++ = field;
    return write_varint(to, number);
}

uint8_t *
kpl_write_magic(uint8_t *to)
{
    return write_bytes(to, kpl_frame_magic());
}

size_t
kpl_partition_key_size(kpl_bytes key)
{
    return bytes_field_size(key.size);
}

uint8_t *
kpl_write_partition_key(uint8_t *to, kpl_bytes key)
{
    return write_bytes_field(to, BYTES_FIELD(1), key);
}

size_t
kpl_explicit_hash_key_size(kpl_bytes key)
{
    return bytes_field_size(key.size);
}

uint8_t *
kpl_write_explicit_hash_key(uint8_t *to, kpl_bytes key)
{
    return write_bytes_field(to, BYTES_FIELD(2), key);
}

/* The size of a Tag message. */
static size_t
tag_message_size(kpl_bytes key, const kpl_bytes *value)
{
    return bytes_field_size(key.size) + (value == NULL ? 0 : bytes_field_size(value->size));
}

size_t
kpl_tag_size(kpl_bytes key, const kpl_bytes *value)
{
    return bytes_field_size(tag_message_size(key, value));
}

uint8_t *
kpl_write_tag(uint8_t *to, kpl_bytes key, const kpl_bytes *value)
{
    to = write_bytes_header(to, BYTES_FIELD(4), tag_message_size(key, value));
    to = write_bytes_field(to, BYTES_FIELD(1), key);
    return value == NULL ? to : write_bytes_field(to, BYTES_FIELD(2), *value);
}

/* The size of a Record message. */
static size_t
record_message_size(const kpl_written_record *record)
{
    size_t size = 1 + varint_size(record->partition_key_index);
    if (record->explicit_hash_key_index != KPL_NO_INDEX) {
        size += 1 + varint_size(record->explicit_hash_key_index);
    }
    return size + bytes_field_size(record->data.size) + record->tags.size;
}

size_t
kpl_record_size(const kpl_written_record *record)
{
    return bytes_field_size(record_message_size(record));
}

uint8_t *
kpl_write_record(uint8_t *to, const kpl_written_record *record)
{
    to = write_bytes_header(to, BYTES_FIELD(3), record_message_size(record));
    to = write_varint_field(to, VARINT_FIELD(1), record->partition_key_index);
    if (record->explicit_hash_key_index != KPL_NO_INDEX) {
        to = write_varint_field(to, VARINT_FIELD(2), record->explicit_hash_key_index);
    }
    return write_bytes(write_bytes_field(to, BYTES_FIELD(3), record->data), record->tags);
}

uint8_t *
kpl_write_digest(uint8_t *to, kpl_bytes message)
{
    kpl_md5(message, to);
    return to + KPL_DIGEST_SIZE;
}
