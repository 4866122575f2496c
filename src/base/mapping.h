/* Reads mappings of any kind: exact dicts directly, all others only through `in`, `[]` and their
 * keys, `in` before `[]`, so that a defaultdict is not changed by being looked at. */
#ifndef DEAGG_MAPPING_H
#define DEAGG_MAPPING_H

#include "base/compat.h"

/* Whether `object` is what collections.abc.Mapping says, registered classes included. */
static inline bool
deagg_is_mapping(PyObject *object)
{
    return PyType_HasFeature(Py_TYPE(object), Py_TPFLAGS_MAPPING);
}

/* 1 and a new reference in *value, 0 and NULL when the key is absent, -1 and NULL with an
 * exception. */
int
deagg_mapping_get(PyObject *mapping, PyObject *key, PyObject **value);

/* 1 when the key is there, 0 when not, -1 with an exception. */
int
deagg_mapping_has(PyObject *mapping, PyObject *key);

/* Sets dict[key] to the value that `mapping` has under `source_key`, unless it has none or dict
 * has the key. 0, or -1 with an exception. */
int
deagg_mapping_copy_as(PyObject *dict, PyObject *key, PyObject *mapping, PyObject *source_key);

/* Copies into `dict` every item of `mapping` whose key `dict` lacks, in the mapping's order. 0, or
 * -1 with an exception. */
int
deagg_mapping_copy_missing(PyObject *dict, PyObject *mapping);

#endif
