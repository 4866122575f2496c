/* Mappings of any kind: see mapping.h. */
#include "base/mapping.h"

int
deagg_mapping_has(PyObject *mapping, PyObject *key)
{
    return PyDict_CheckExact(mapping) ? PyDict_Contains(mapping, key)
                                      : PySequence_Contains(mapping, key);
}

int
deagg_mapping_get(PyObject *mapping, PyObject *key, PyObject **value)
{
    if (PyDict_CheckExact(mapping)) {
        return PyDict_GetItemRef(mapping, key, value);
    }
    *value = NULL;
    int contained = PySequence_Contains(mapping, key);
    if (contained <= 0) {
        return contained;
    }
    *value = PyObject_GetItem(mapping, key);
    return *value == NULL ? -1 : 1;
}

int
deagg_mapping_copy_as(PyObject *dict, PyObject *key, PyObject *mapping, PyObject *source_key)
{
    int contained = PyDict_Contains(dict, key);
    if (contained != 0) {
        return contained < 0 ? -1 : 0;
    }
    PyObject *value;
    int found = deagg_mapping_get(mapping, source_key, &value);
    if (found <= 0) {
        return found;
    }
    int result = PyDict_SetItem(dict, key, value);
    Py_DECREF(value);
    return result;
}

int
deagg_mapping_visit_keys(PyObject *mapping, int (*visit)(PyObject *key, void *context),
                         void *context)
{
    PyObject *keys = PyMapping_Keys(mapping);
    if (keys == NULL) {
        return -1;
    }
    int result = 0;
    /* By index, since user code may find the list of keys and change it. */
    PyObject *key;
    for (Py_ssize_t i = 0; result == 0 && (key = deagg_sequence_item(keys, i)) != NULL; i++) {
        result = visit(key, context);
        Py_DECREF(key);
    }
    Py_DECREF(keys);
    return result;
}

int
deagg_mapping_copy_item(PyObject *dict, PyObject *mapping, PyObject *key)
{
    int contained = PyDict_Contains(dict, key);
    if (contained != 0) {
        return contained < 0 ? -1 : 0;
    }
    PyObject *value = PyObject_GetItem(mapping, key);
    if (value == NULL) {
        return -1;
    }
    int result = PyDict_SetItem(dict, key, value);
    Py_DECREF(value);
    return result;
}

typedef struct {
    PyObject *dict;
    PyObject *mapping;
} copying;

static int
copy_visited(PyObject *key, void *context)
{
    const copying *items = context;
    return deagg_mapping_copy_item(items->dict, items->mapping, key);
}

int
deagg_mapping_copy_missing(PyObject *dict, PyObject *mapping)
{
    if (PyDict_CheckExact(mapping)) {
        return PyDict_Merge(dict, mapping, 0);
    }
    copying items = {dict, mapping};
    return deagg_mapping_visit_keys(mapping, copy_visited, &items);
}
