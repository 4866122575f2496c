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
    if (found > 0) {
        found = PyDict_SetItem(dict, key, value);
        Py_DECREF(value);
    }
    return found;
}

/* Copies one item, unless `dict` has its key. 0, or -1 with an exception. */
static int
copy_missing_item(PyObject *dict, PyObject *mapping, PyObject *key)
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

int
deagg_mapping_copy_missing(PyObject *dict, PyObject *mapping)
{
    if (PyDict_CheckExact(mapping)) {
        return PyDict_Merge(dict, mapping, 0);
    }
    PyObject *keys = PyMapping_Keys(mapping);
    if (keys == NULL) {
        return -1;
    }
    int result = 0;
    /* Foreign code may find the list of keys and change it. */
    PyObject *key;
    for (Py_ssize_t i = 0; result == 0 && (key = deagg_sequence_item(keys, i)) != NULL; i++) {
        result = copy_missing_item(dict, mapping, key);
        Py_DECREF(key);
    }
    Py_DECREF(keys);
    return result;
}
