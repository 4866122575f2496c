/* The state of the module, one per interpreter. No Python object is in a static variable. */
#ifndef DEAGG_STATE_H
#define DEAGG_STATE_H

#include "base/compat.h"
#include "kpl/simd/kernels.h"

/* The keys that the extension looks up or sets. They are interned, so that a look-up compares
 * pointers. */
#define DEAGG_KEYS(KEY)              \
    KEY(ApproximateArrivalTimestamp) \
    KEY(Data)                        \
    KEY(PartitionKey)                \
    KEY(Records)                     \
    KEY(SequenceNumber)              \
    KEY(SubscribeToShardEvent)       \
    KEY(aggregated)                  \
    KEY(approximateArrivalTimestamp) \
    KEY(data)                        \
    KEY(explicitHashKey)             \
    KEY(kinesis)                     \
    KEY(kinesisRecordMetadata)       \
    KEY(kinesisSchemaVersion)        \
    KEY(kinesisStreamRecordMetadata) \
    KEY(partitionKey)                \
    KEY(records)                     \
    KEY(sequenceNumber)              \
    KEY(subSequenceNumber)

/* All references are strong. */
typedef struct {
    PyTypeObject *iterator_type;
    PyTypeObject *user_record_type;
    PyObject *aggregate_error;
    PyObject *event_keys; /* frozenset: the keys of a Lambda record beside 'kinesis' */
#define DEAGG_DECLARE_KEY(name) PyObject *name;
    struct {
        DEAGG_KEYS(DEAGG_DECLARE_KEY)
    } keys;
#undef DEAGG_DECLARE_KEY
    const kpl_kernels *kernels;
} deagg_state;

#endif
