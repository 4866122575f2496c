/* The protobuf message inside an aggregate, unpacked by protobuf-c into an arena.
 *
 * protobuf-c stays behind this header: the rest of the extension reads an aggregate only through
 * the functions below. They are inline, since some run once per user record and field. */
#ifndef KPL_MESSAGE_H
#define KPL_MESSAGE_H

#include "kpl/arena.h"
#include "kpl/bytes.h"

#include "aggregated_record.pb-c.h"

#include <assert.h>

/* An unpacked message: protobuf-c's own struct, so that nothing is copied twice. */
typedef Kpl__AggregatedRecord kpl_aggregate;

/* A user record's fields, borrowed from its aggregate. */
typedef struct {
    size_t partition_key_index; /* for kpl_aggregate_partition_key */
    bool has_explicit_hash_key;
    size_t explicit_hash_key_index; /* for kpl_aggregate_explicit_hash_key; 0 without one */
    kpl_bytes data;
    size_t tag_count;
} kpl_user_record;

typedef struct {
    kpl_bytes key;
    bool has_value;
    kpl_bytes value; /* empty without one */
} kpl_tag;

/* Unpacks `message`: KPL_OK, KPL_MALFORMED_MESSAGE, KPL_INDEX_OUTSIDE_TABLE, KPL_TOO_MUCH_MEMORY
 * or KPL_NO_MEMORY. Empties the arena first, except for a message above 2 GiB. On KPL_OK every
 * index in *aggregate lies inside its table, and *aggregate lives in the arena until that is begun
 * again or released; otherwise it is not set. */
kpl_status
kpl_message_unpack(kpl_bytes message, kpl_arena *arena, const kpl_aggregate **aggregate);

/* The version of the protobuf-c that is linked in, such as "1.5.1". */
const char *
kpl_message_protobuf_c_version(void);

static inline kpl_bytes
kpl_message_bytes(ProtobufCBinaryData field)
{
    return (kpl_bytes){field.data, field.len};
}

static inline size_t
kpl_aggregate_user_record_count(const kpl_aggregate *aggregate)
{
    return aggregate->n_records;
}

static inline size_t
kpl_aggregate_partition_key_count(const kpl_aggregate *aggregate)
{
    return aggregate->n_partition_key_table;
}

static inline size_t
kpl_aggregate_explicit_hash_key_count(const kpl_aggregate *aggregate)
{
    return aggregate->n_explicit_hash_key_table;
}

/* Entry `index` of the table, which may repeat a key: UTF-8, not checked. */
static inline kpl_bytes
kpl_aggregate_partition_key(const kpl_aggregate *aggregate, size_t index)
{
    assert(index < aggregate->n_partition_key_table);
    return kpl_message_bytes(aggregate->partition_key_table[index]);
}

/* Entry `index` of the table of explicit hash keys: decimal digits, not checked. */
static inline kpl_bytes
kpl_aggregate_explicit_hash_key(const kpl_aggregate *aggregate, size_t index)
{
    assert(index < aggregate->n_explicit_hash_key_table);
    return kpl_message_bytes(aggregate->explicit_hash_key_table[index]);
}

/* The user record with sub-sequence number `index`. */
static inline kpl_user_record
kpl_aggregate_user_record(const kpl_aggregate *aggregate, size_t index)
{
    assert(index < aggregate->n_records);
    const Kpl__Record *record = aggregate->records[index];
    assert(record->partition_key_index < aggregate->n_partition_key_table);
    assert(!record->has_explicit_hash_key_index ||
           record->explicit_hash_key_index < aggregate->n_explicit_hash_key_table);
    return (kpl_user_record){
        .partition_key_index = (size_t)record->partition_key_index,
        .has_explicit_hash_key = record->has_explicit_hash_key_index != 0,
        .explicit_hash_key_index = (size_t)record->explicit_hash_key_index,
        .data = kpl_message_bytes(record->data),
        .tag_count = record->n_tags,
    };
}

/* Tag `tag_index` of the user record with sub-sequence number `index`. */
static inline kpl_tag
kpl_aggregate_tag(const kpl_aggregate *aggregate, size_t index, size_t tag_index)
{
    assert(index < aggregate->n_records && tag_index < aggregate->records[index]->n_tags);
    const Kpl__Tag *tag = aggregate->records[index]->tags[tag_index];
    return (kpl_tag){
        .key = kpl_message_bytes(tag->key),
        .has_value = tag->has_value != 0,
        .value = kpl_message_bytes(tag->value),
    };
}

#endif
