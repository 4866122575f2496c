/* Templates for the dicts of user records, made from prototypes.
 *
 * The Kinesis records of a source nearly always have the same keys in the same order, and so have
 * the templates made from them. A prototype remembers such a template and the keys that it came
 * from. For the next Kinesis record with these keys it is copied and given the new values.
 *
 * A copy of a prototype can also share its keys with its own copies. CPython has dicts with one
 * common table of keys: those of the instances of a class (PEP 412), and the copies of such a
 * dict. They need half the memory of others, and are equal to them in all that they do. How
 * CPython stores a dict decides only what this gains, never what comes out. */
#ifndef DEAGG_PROTOTYPES_H
#define DEAGG_PROTOTYPES_H

#include "base/state.h"

/* Makes a template from a mapping: a new dict, or NULL with an exception. The template's keys and
 * their order depend only on the keys of `source` and their order. Each of its values is the one
 * that `source` has under the same key, or else None or True. */
typedef PyObject *(*deagg_template_maker)(deagg_state *state, PyObject *source);

/* Returns a dict equal to make(state, source), its order included: a new reference, or NULL with
 * an exception. Its copies share their keys if `share` is true and `prototypes` has, or has room
 * for, a prototype with the keys of `source`. */
PyObject *
deagg_prototypes_template(deagg_prototypes *prototypes, deagg_state *state, PyObject *source,
                          bool share, deagg_template_maker make);

/* Drops all references. */
void
deagg_prototypes_clear(deagg_prototypes *prototypes);

#endif
