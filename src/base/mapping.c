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

typedef struct {
    PyObject *dict;
    PyObject *mapping;
    PyObject *skip; /* NULL to copy all */
} missing_items;

/* Copies one item, unless its key is in the dict or to be skipped. 0, or -1 with an exception. */
static int
copy_if_missing(PyObject *key, void *context)
{
    const missing_items *items = context;
    if (items->skip != NULL) {
        int skipped = PyObject_RichCompareBool(key, items->skip, Py_EQ);
        if (skipped != 0) {
            return skipped < 0 ? -1 : 0;
        }
    }
    int contained = PyDict_Contains(items->dict, key);
    if (contained != 0) {
        return contained < 0 ? -1 : 0;
    }
    PyObject *value = PyObject_GetItem(items->mapping, key);
    if (value == NULL) {
        return -1;
    }
    int result = PyDict_SetItem(items->dict, key, value);
    Py_DECREF(value);
    return result;
}

int
deagg_mapping_copy_missing(PyObject *dict, PyObject *mapping, PyObject *skip)
{
    if (skip == NULL && PyDict_CheckExact(mapping)) {
        return PyDict_Merge(dict, mapping, 0);
    }
    missing_items items = {dict, mapping, skip};
    return deagg_mapping_visit_keys(mapping, copy_if_missing, &items);
}
