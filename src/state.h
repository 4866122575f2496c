/* What the module owns, once per interpreter. No object of Python's stands in a static variable.
 */
#ifndef DEAGG_STATE_H
#define DEAGG_STATE_H

#include "compat.h"
#include "kpl/kernels.h"

/* The keys that the extension reads and writes, interned, so that dict look-ups compare pointers.
 */
#define DEAGG_KEYS(KEY)              \
    KEY(aggregated)                  \
    KEY(approximateArrivalTimestamp) \
    KEY(data)                        \
    KEY(explicitHashKey)             \
    KEY(kinesis)                     \
    KEY(kinesisSchemaVersion)        \
    KEY(partitionKey)                \
    KEY(sequenceNumber)              \
    KEY(subSequenceNumber)

typedef struct {
    PyTypeObject *iterator_type;
#define DEAGG_DECLARE_KEY(name) PyObject *name;
    struct {
        DEAGG_KEYS(DEAGG_DECLARE_KEY)
    } keys;
#undef DEAGG_DECLARE_KEY
    const kpl_kernels *kernels;
} deagg_state;

#endif
