/* Reading any mapping: exact dicts directly, all others only through `in`, `[]` and their keys,
 * with `in` before `[]`, so that looking at a defaultdict does not change it. */
#ifndef DEAGG_MAPPING_H
#define DEAGG_MAPPING_H

#include "base/compat.h"

/* Whether `object` is a collections.abc.Mapping, registered classes included. */
static inline bool
deagg_is_mapping(PyObject *object)
{
    return PyType_HasFeature(Py_TYPE(object), Py_TPFLAGS_MAPPING);
}

/* 1 with a new reference in *value, 0 with NULL if the key is absent, or -1 with NULL and an
 * exception. */
int
deagg_mapping_get(PyObject *mapping, PyObject *key, PyObject **value);

/* 1 if the key is there, 0 if not, or -1 with an exception. */
int
deagg_mapping_has(PyObject *mapping, PyObject *key);

/* Sets dict[key] to mapping[source_key], unless `mapping` lacks that key or `dict` has `key`. 0,
 * or -1 with an exception. */
int
deagg_mapping_copy_as(PyObject *dict, PyObject *key, PyObject *mapping, PyObject *source_key);

/* Calls `visit` with each key of `mapping`, borrowed, in the mapping's order, until a call returns
 * -1. 0, or -1 with an exception. */
int
deagg_mapping_visit_keys(PyObject *mapping, int (*visit)(PyObject *key, void *context),
                         void *context);

/* Sets dict[key] to mapping[key], a key that the mapping has named, unless `dict` has it. 0, or -1
 * with an exception. */
int
deagg_mapping_copy_item(PyObject *dict, PyObject *mapping, PyObject *key);

/* Copies to `dict` every item of `mapping` whose key is not in `dict`, in the mapping's order. 0,
 * or -1 with an exception. */
int
deagg_mapping_copy_missing(PyObject *dict, PyObject *mapping);

#endif
