"""Measures what calls leave behind: references, blocks of Python's allocator, and bytes of any."""

import gc
import operator
import sys
import tracemalloc

ROUNDS = 5


def measure(watched):
    gc.collect()
    # Python's cache of attributes holds the names that were asked for.
    (getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache)()
    # A release build of Python does not count all references; those of some objects stand in.
    if hasattr(sys, "gettotalrefcount"):
        references = sys.gettotalrefcount()
    else:
        references = sum(map(sys.getrefcount, watched))
    return references, sys.getallocatedblocks(), tracemalloc.get_traced_memory()[0]


def least_growth(call, watched=()):
    """Returns the least growth of each of the three in any round; `watched` are objects whose
    references count. tracemalloc has to be running.

    What a call leaves behind is there after every round; what Python itself does now and then is
    not.
    """
    # Kept in one place, so that the measurement itself leaves nothing behind.
    least = [sys.maxsize] * 3
    for _ in range(ROUNDS):
        before = measure(watched)
        call()
        least = list(map(min, least, map(operator.sub, measure(watched), before)))
    return least
