"""Measures how much a call leaks: references, blocks of Python's allocator, bytes of any."""

import gc
import operator
import sys
import tracemalloc

ROUNDS = 5


def measure(watched=()):
    """`watched` are objects whose references count where Python does not count all references."""
    gc.collect()
    # Python's cache of attributes holds the names of the last look-ups.
    (getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache)()
    # Only a debug build of Python counts all references.
    if hasattr(sys, "gettotalrefcount"):
        references = sys.gettotalrefcount()
    else:
        references = sum(map(sys.getrefcount, watched))
    return references, sys.getallocatedblocks(), tracemalloc.get_traced_memory()[0]


def least_growth(call):
    """Returns the least growth of each of the three in any round. tracemalloc has to be running.

    A leak shows in every round; what Python itself does now and then does not.
    """
    # One list throughout, so that the measurement itself does not grow.
    least = [sys.maxsize] * 3
    for _ in range(ROUNDS):
        before = measure()
        call()
        least = list(map(min, least, map(operator.sub, measure(), before)))
    return least
