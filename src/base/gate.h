/* A gate that one thread at a time can enter. With a GIL, the GIL protects the gate itself. */
#ifndef DEAGG_GATE_H
#define DEAGG_GATE_H

#include "base/compat.h"

#ifdef Py_GIL_DISABLED
#include <stdatomic.h>
typedef atomic_bool deagg_gate;
#else
typedef bool deagg_gate;
#endif

/* Enters, unless somebody is inside. Returns whether it did. */
static inline bool
deagg_gate_enter(deagg_gate *gate)
{
#ifdef Py_GIL_DISABLED
    return !atomic_exchange_explicit(gate, true, memory_order_acquire);
#else
    bool entered = !*gate;
    *gate = true;
    return entered;
#endif
}

static inline void
deagg_gate_leave(deagg_gate *gate)
{
#ifdef Py_GIL_DISABLED
    atomic_store_explicit(gate, false, memory_order_release);
#else
    *gate = false;
#endif
}

#endif
