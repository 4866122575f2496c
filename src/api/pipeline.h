/* Walks over Kinesis records, one at a time, and over the user records of each aggregate among
 * them. */
#ifndef DEAGG_WALK_H
#define DEAGG_WALK_H

#include "api/options.h"
#include "input/decoder.h"
#include "output/record_dicts.h"

typedef struct {
    deagg_options options;
    PyObject *records;   /* strong: the argument, until the first step */
    PyObject *input;     /* strong, from then on: an exact list or tuple, or an iterator */
    Py_ssize_t index;    /* of the next Kinesis record in a list or tuple */
    deagg_reader reader; /* holds the aggregate being yielded */
    deagg_user_records user_records; /* of that aggregate; empty between aggregates */
    size_t sub_sequence_number;      /* of the user record to yield next */
} deagg_walk;

/* A walk over `records`, which is not looked at yet. `options` is copied. */
deagg_walk
deagg_walk_new(PyObject *records, const deagg_options *options);

/* Moves on to something that comes out. 1 when deagg_walk_has_user_record; 0 with a new reference
 * in *passed, a Kinesis record that is not unpacked; -1 with an exception, or without one at the
 * end. As in a generator, a StopIteration from the records' own code is no end, but a
 * RuntimeError. */
int
deagg_walk_move_on(deagg_state *state, deagg_walk *walk, PyObject **passed);

/* Whether the aggregate being yielded has user records left. */
bool
deagg_walk_has_user_record(const deagg_walk *walk);

/* The next of these as a new reference, or NULL with MemoryError. */
PyObject *
deagg_walk_next_user_record(deagg_state *state, deagg_walk *walk);

/* Gives up all that the walk holds; the next step finds nothing. */
void
deagg_walk_finish(deagg_walk *walk);

/* Visits, for the garbage collector, the references that may be part of a cycle: all but those to
 * str and bytes. */
int
deagg_walk_traverse(deagg_walk *walk, visitproc visit, void *arg);

#endif
