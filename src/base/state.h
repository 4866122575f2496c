/* The state of the module, one per interpreter. No Python object is in a static variable. */
#ifndef DEAGG_STATE_H
#define DEAGG_STATE_H

#include "base/gate.h"
#include "kpl/simd/kernels.h"

#include <stdatomic.h>

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

/* Several sources, each with some variants: encrypted records have one more key. Prototypes are
 * never replaced, so that ever different records cost neither memory nor time. */
#define DEAGG_MAX_PROTOTYPES 16

/* A template and the keys that it was made from: see output/prototypes.h. */
typedef struct {
    PyObject *source_keys; /* tuple of exact str */
    Py_uhash_t hash;       /* of the source keys */
    uint32_t copied;       /* bit i: templates take the value of source key i from their source */
    PyObject *ordinary;    /* dict */
    PyObject *sharing;     /* an equal dict, whose copies share their keys */
} deagg_prototype;

typedef struct {
    deagg_gate adding; /* entered to add a prototype */
    atomic_size_t count;
    deagg_prototype items[DEAGG_MAX_PROTOTYPES]; /* constant below `count` */
} deagg_prototypes;

/* All references are strong. */
typedef struct {
    PyTypeObject *iterator_type;
    PyTypeObject *user_record_type;
    PyTypeObject *user_record_batches_type;
    PyObject *aggregate_error;
    PyObject *event_keys; /* frozenset: the keys of a Lambda record other than 'kinesis' */
#define DEAGG_DECLARE_NAME(name) PyObject *name;
    struct {
        DEAGG_NAMES(DEAGG_DECLARE_NAME)
    } names;
#undef DEAGG_DECLARE_NAME
    deagg_prototypes record_prototypes;  /* for the outer dicts of user records */
    deagg_prototypes kinesis_prototypes; /* for the dicts under their 'kinesis' */
    const kpl_kernels *kernels;
} deagg_state;

#endif
