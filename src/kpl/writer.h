/* Writes aggregates: first their sizes, then their bytes.
 *
 * Tables come before the user records and fields in the order of their numbers, as the KPL writes
 * them. Each kpl_write function writes exactly as many bytes as the size function beside it
 * returns, and returns where they end. */
#ifndef KPL_WRITER_H
#define KPL_WRITER_H

#include "kpl/bytes.h"

/* The bytes of a payload besides its message. */
#define KPL_FRAME_SIZE 20

/* The index of an explicit hash key that is not there. */
#define KPL_NO_INDEX SIZE_MAX

/* A user record to write. Its keys have these indexes in the tables. */
typedef struct {
    size_t partition_key_index;
    size_t explicit_hash_key_index; /* or KPL_NO_INDEX */
    kpl_bytes data;
    kpl_bytes tags; /* written by kpl_write_tag */
} kpl_written_record;

uint8_t *
kpl_write_magic(uint8_t *to);

size_t
kpl_partition_key_size(kpl_bytes key);
uint8_t *
kpl_write_partition_key(uint8_t *to, kpl_bytes key);

size_t
kpl_explicit_hash_key_size(kpl_bytes key);
uint8_t *
kpl_write_explicit_hash_key(uint8_t *to, kpl_bytes key);

/* A tag without a value has NULL as `value`. */
size_t
kpl_tag_size(kpl_bytes key, const kpl_bytes *value);
uint8_t *
kpl_write_tag(uint8_t *to, kpl_bytes key, const kpl_bytes *value);

size_t
kpl_record_size(const kpl_written_record *record);
uint8_t *
kpl_write_record(uint8_t *to, const kpl_written_record *record);

/* Writes the digest of `message`, which ends at `to`. */
uint8_t *
kpl_write_digest(uint8_t *to, kpl_bytes message);

#endif
