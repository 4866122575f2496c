"""Makes every allocation of a call fail in turn; run as a program with the name of a case.

CPython's own test module `_testcapi` makes the n-th allocation fail, whichever allocator is asked.
This is a program of its own, as a crash would otherwise end the whole test run.
"""

import _testcapi
import collections
import functools
import gc
import itertools
import json
import operator
import sys
import tracemalloc

from aggregates import aggregated_kinesis_record, kinesis_record, message, payload, record
from growth import least_growth

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records

CALLS_AFTER_SUCCESS = 15

PAYLOAD = payload(
    message(
        [b"ascii", "ü🔑".encode(), b"\xff"],
        [record(0, b"data", 0), record(1), record(2, b"x" * 600, 0)],
        [b"0"],
    )
)
AGGREGATE = kinesis_record(PAYLOAD)
PLAIN = kinesis_record(b"plain")
TEXT = AGGREGATE["kinesis"]["data"]


def other_mappings():
    inner = collections.UserDict(AGGREGATE["kinesis"])
    return [collections.UserDict({**AGGREGATE, "kinesis": inner})]


SOUND = {
    "aggregate": [AGGREGATE, AGGREGATE],
    "plain": [PLAIN, PLAIN],
    "single": AGGREGATE,
    "tuple": (PLAIN, AGGREGATE),
    "base64 with line breaks": [kinesis_record(TEXT[:8] + "\n" + TEXT[8:])],
    "base64 with line breaks and no magic": [kinesis_record("cGx\nhaW4=")],
    "text that is not ASCII": [kinesis_record("ü")],
    "bytearray": [kinesis_record(bytearray(TEXT.encode()))],
    "other mappings": other_mappings(),
    "no metadata": [{"kinesis": {"data": TEXT}}],
    "large table": [aggregated_kinesis_record(message([b"key"] * 4000, [record(0, b"x")]))],
    "aggregate without records": [aggregated_kinesis_record(message([b"key"]))],
}
# Where CPython swallows some failures itself, as it imports a module or words an exception.
UNSOUND = {
    "damaged text": [kinesis_record(TEXT[:-1])],
    "wrong digest": [kinesis_record(PAYLOAD[:-1] + b"?")],
    "malformed message": [aggregated_kinesis_record(message([b"key"], [b"?", record(0)]))],
    "index outside": [aggregated_kinesis_record(message([b"key"], [record(0), record(1)]))],
    "no kinesis": [{}],
    "no mapping": [7],
    "data is None": [kinesis_record(None)],
    "not iterable": None,
}
FUNCTIONS = {"list": deaggregate_records, "iterator": iter_deaggregate_records}
ITERATOR_TYPE = type(iter_deaggregate_records([]))
MOST_RESULTS = 10


def outcome(function, records, failing=None):
    """What comes out, or the type of what is raised. `failing` is the number of the first
    allocation that fails, from 0, and of the first that succeeds again, or 0 for none.

    All in one frame, and with room for the results: the allocations are the extension's.
    """
    output = [None] * MOST_RESULTS
    count = 0
    results = None
    try:
        if failing is not None:
            _testcapi.set_nomemory(*failing)
        results = function(records)
        for output[count] in results:
            count += 1
    except MemoryError:
        _testcapi.remove_mem_hooks()
        assert type(results) is not ITERATOR_TYPE or list(results) == []
        return MemoryError
    except (TypeError, KeyError) as error:
        return type(error)
    finally:
        _testcapi.remove_mem_hooks()
    return output[:count]


def count_failures(function, records, expected, only_one):
    """Makes each allocation fail in turn. Returns how many calls ran out of memory before the
    first that did not, and after it.
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
    """Module `logging` and its logger in one, without a line of Python to run, for CPython itself
    does not survive each failure in there. Its cache of attributes never sees the names, either.
    """

    attributes = {"warning": "".format}
    __getattribute__ = attributes.get


STAND_IN = StandIn()
StandIn.attributes["getLogger"] = {"aws_kpl_deagg": STAND_IN}.__getitem__


def main(case):
    """Prints a line of JSON for each function and each way to fail: how many calls ran out of
    memory, and what that left behind.
    """
    sys.modules["logging"] = STAND_IN
    records = (SOUND | UNSOUND)[case]
    tracemalloc.start()
    gc.disable()
    # A debug build counts some references of the measurement as well.
    growth_of_nothing = least_growth(lambda: None)
    for function, only_one in itertools.product(FUNCTIONS, (True, False)):
        arguments = (FUNCTIONS[function], records, outcome(FUNCTIONS[function], records), only_one)
        before, after = count_failures(*arguments)
        growth = least_growth(functools.partial(count_failures, *arguments))
        print(
            json.dumps(
                {
                    "function": function,
                    "only one fails": only_one,
                    "failures before the first success": before,
                    "failures after it": after,
                    "growth": list(map(operator.sub, growth, growth_of_nothing)),
                }
            )
        )


if __name__ == "__main__":
    main(sys.argv[1])
