"""Makes every allocation of a call fail in turn; run as a program with the name of a case.

CPython's own test module `_testcapi` makes the n-th allocation fail, whichever allocator is asked.
A program of its own, since a crash would end the whole test run.
"""

import _testcapi
import functools
import gc
import itertools
import json
import operator
import sys
import tracemalloc

from calls import AGGREGATE, OPTIONS, OTHERS, SOUND, UNSOUND
from extension import import_again
from growth import least_growth

from aws_kpl_deagg import AggregateError, deaggregate_records, iter_deaggregate_records
from aws_kpl_deagg._deagg import UserRecordIterator

CALLS_AFTER_SUCCESS = 15
MOST_CACHED_OBJECTS = 100  # Python keeps up to 80 of a type for reuse

# Its first list leaves something in a module, so each call needs another instance of it.
FIRST = {
    "the first list of a module": (
        lambda module: module.deaggregate_records([AGGREGATE]),
        import_again,
    )
}
FUNCTIONS = {"list": deaggregate_records, "iterator": iter_deaggregate_records}
MOST_RESULTS = 10


def outcome(function, records, failing=None):
    """Returns the results, or the type of the exception. `failing` is the number of the first
    allocation that fails, from 0, and of the first that succeeds again, or 0 for none.

    All in one frame and with room for the results, so that only the extension allocates.
    """
    output = [None] * MOST_RESULTS
    count = 0
    results = None
    if callable(records):
        records = records()
    # Kept, because their reuse would hide allocations.
    _cached = [({}, [], (each,)) for each in range(MOST_CACHED_OBJECTS)]
    try:
        if failing is not None:
            _testcapi.set_nomemory(*failing)
        results = function(records)
        for output[count] in results:
            count += 1
    except MemoryError:
        _testcapi.remove_mem_hooks()
        assert type(results) is not UserRecordIterator or list(results) == []
        return MemoryError
    except (TypeError, KeyError, AggregateError) as error:
        return type(error)
    finally:
        _testcapi.remove_mem_hooks()
    return output[:count]


def count_failures(function, records, expected, only_one):
    """Makes each allocation fail in turn. Returns the numbers of calls that ran out of memory
    before and after the first that did not.
    """
    failures = [0, 0]
    successes = 0
    for first in itertools.count():
        try:
            result = outcome(function, records, (first, first + 1 if only_one else 0))
        except MemoryError:  # another one, from handling the first
            result = MemoryError
        if result is MemoryError:
            failures[successes > 0] += 1
        else:
            assert result == expected, (first, result)
            successes += 1
        assert outcome(function, records) == expected, first
        if successes == CALLS_AFTER_SUCCESS:
            return failures


class StandIn:
    """Module `logging` and its logger in one, without Python code, since CPython itself does not
    survive every failure there. Its cache of attributes never sees the names, either.
    """

    attributes = {"warning": "".format}
    __getattribute__ = attributes.get


STAND_IN = StandIn()
StandIn.attributes["info"] = "".format
StandIn.attributes["getLogger"] = {"aws_kpl_deagg": STAND_IN}.__getitem__


def main(case):
    """Prints a line of JSON for each function and each way to fail: the number of calls that ran
    out of memory, and the growth of memory.
    """
    sys.modules["logging"] = STAND_IN
    functions, argument = FUNCTIONS, (SOUND | UNSOUND).get(case)
    others = OTHERS | FIRST
    if case in others:
        functions, argument = {"other": others[case][0]}, others[case][1]
    elif case in OPTIONS:
        functions = {
            name: functools.partial(function, **OPTIONS[case])
            for name, function in FUNCTIONS.items()
        }
    tracemalloc.start()
    gc.disable()
    # A debug build counts some references of the measurement as well.
    growth_of_nothing = least_growth(lambda: None)
    for name, only_one in itertools.product(functions, (True, False)):
        function = functions[name]
        arguments = (function, argument, outcome(function, argument), only_one)
        before, after = count_failures(*arguments)
        growth = least_growth(functools.partial(count_failures, *arguments))
        print(
            json.dumps(
                {
                    "function": name,
                    "only one fails": only_one,
                    "failures before the first success": before,
                    "failures after it": after,
                    "growth": list(map(operator.sub, growth, growth_of_nothing)),
                }
            )
        )


if __name__ == "__main__":
    main(sys.argv[1])
