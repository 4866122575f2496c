/* The state of the module, one per interpreter. No Python object is in a static variable. */
#ifndef DEAGG_STATE_H
#define DEAGG_STATE_H

#include "base/compat.h"
#include "kpl/simd/kernels.h"

/* The keys of dicts that the extension looks up or sets. They are interned, so that a look-up
 * compares pointers. */
#define DEAGG_NAMES(NAME)             \
    NAME(ApproximateArrivalTimestamp) \
    NAME(Data)                        \
    NAME(EndingHashKey)               \
    NAME(PartitionKey)                \
    NAME(Records)                     \
    NAME(SequenceNumber)              \
    NAME(StartingHashKey)             \
    NAME(SubscribeToShardEvent)       \
    NAME(aggregated)                  \
    NAME(approximateArrivalTimestamp) \
    NAME(data)                        \
    NAME(explicitHashKey)             \
    NAME(kinesis)                     \
    NAME(kinesisRecordMetadata)       \
    NAME(kinesisSchemaVersion)        \
    NAME(kinesisStreamRecordMetadata) \
    NAME(partitionKey)                \
    NAME(records)                     \
    NAME(sequenceNumber)              \
    NAME(subSequenceNumber)

/* All references are strong. */
typedef struct {
    PyTypeObject *iterator_type;
    PyTypeObject *user_record_type;
    PyObject *aggregate_error;
    PyObject *event_keys; /* frozenset: the keys of a Lambda record other than 'kinesis' */
#define DEAGG_DECLARE_NAME(name) PyObject *name;
    struct {
        DEAGG_NAMES(DEAGG_DECLARE_NAME)
    } names;
#undef DEAGG_DECLARE_NAME
    const kpl_kernels *kernels;
} deagg_state;

#endif
