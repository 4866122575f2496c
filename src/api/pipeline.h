/* From Kinesis records to user records, one record at a time. pipeline.c says how. */
#ifndef DEAGG_PIPELINE_H
#define DEAGG_PIPELINE_H

#include "api/options.h"
#include "input/extractor.h"
#include "output/user_record_dicts.h"

typedef struct {
    deagg_options options;
    PyObject *records;         /* strong: the argument, until the first step */
    PyObject *input;           /* strong, after that: an exact list or tuple, or an iterator */
    Py_ssize_t index;          /* of the next Kinesis record */
    deagg_extractor extractor; /* holds the current aggregate */
    bool share_keys;           /* of the dicts of user records */
    deagg_record_templates templates; /* of the current aggregate; empty if there is none */
    size_t sub_sequence_number;       /* of the next user record */
} deagg_pipeline;

/* A pipeline for `records`, which is not looked at yet. `options` is copied. The dicts of user
 * records share their keys if `share_keys`. */
deagg_pipeline
deagg_pipeline_new(PyObject *records, const deagg_options *options, bool share_keys);

/* Reads Kinesis records up to the next result. 1 with a new reference in *passed to a record that
 * is passed through, or with NULL if deagg_pipeline_has_user_record; 0 with NULL at the end; or -1
 * with NULL and an exception. As in a generator, a StopIteration from user code becomes a
 * RuntimeError. */
int
deagg_pipeline_advance(deagg_pipeline *pipeline, deagg_state *state, PyObject **passed);

/* Whether the current aggregate has user records left. */
bool
deagg_pipeline_has_user_record(const deagg_pipeline *pipeline);

/* Builds the next one: a new dict, or NULL with MemoryError. */
PyObject *
deagg_pipeline_next_user_record(deagg_pipeline *pipeline, deagg_state *state);

/* Releases everything. deagg_pipeline_advance then is at the end. */
void
deagg_pipeline_finish(deagg_pipeline *pipeline);

/* A new list of all results for `records`; NULL with an exception. */
PyObject *
deagg_pipeline_list(deagg_state *state, PyObject *records, const deagg_options *options);

/* Visits, for the garbage collector, the references that may be part of a cycle: all except those
 * to str and bytes. */
int
deagg_pipeline_traverse(deagg_pipeline *pipeline, visitproc visit, void *arg);

#endif
