"""Makes every allocation of a call fail in turn; run as a program with the name of a case.

CPython's own test module `_testcapi` makes the n-th allocation fail, whichever allocator is asked.
This is a program of its own, as a crash would otherwise end the whole test run.
"""

import _testcapi
import functools
import gc
import itertools
import json
import operator
import sys
import tracemalloc

from aggregates import (
    ALL_HASH_KEYS,
    BUILDERS,
    aggregated_kinesis_record,
    boto3_record,
    kinesis_record,
    message,
    payload,
    pipes_record,
    record,
    tag,
)
from growth import least_growth
from mappings import other_mapping

from aws_kpl_deagg import (
    AggregateError,
    deaggregate_records,
    is_aggregated,
    iter_deaggregate_records,
    unpack,
)
from aws_kpl_deagg._deagg import UserRecordIterator

CALLS_AFTER_SUCCESS = 15
LARGEST_INT_AT_HAND = 1024  # 256 before Python 3.14
MOST_OBJECTS_AT_HAND = 100  # Python keeps up to 80 of a type for reuse

PAYLOAD = payload(
    message(
        [b"ascii", "ü🔑".encode(), b"\xff"],
        [record(0, b"data", 0), record(1), record(2, b"x" * 600, 0)],
        [b"10"],
    )
)
AGGREGATE = kinesis_record(PAYLOAD)
PLAIN = kinesis_record(b"plain")
LARGE = aggregated_kinesis_record(message([b"key"], [record(0)] * (LARGEST_INT_AT_HAND + 2)))
TEXT = AGGREGATE["kinesis"]["data"]
TAGGED = payload(message([b"key"], [record(0, b"data", tags=[tag(b"one", b"1"), tag(b"two")])]))


def of_every_source(data):
    return {
        source: [build(data), build(b"plain"), build("plain")]
        for source, build in BUILDERS.items()
        if source != "Lambda"
    }


SOUND = {
    "aggregate": [AGGREGATE, AGGREGATE],
    "plain": [PLAIN, PLAIN],
    "single": AGGREGATE,
    "tuple": (PLAIN, AGGREGATE),
    "base64 with line breaks": [kinesis_record(TEXT[:8] + "\n" + TEXT[8:])],
    "base64 with line breaks and no magic": [kinesis_record("cGx\nhaW4=")],
    "text that is not ASCII": [kinesis_record("ü")],
    "bytearray": [kinesis_record(bytearray(TEXT.encode()))],
    "no metadata": [{"kinesis": {"data": TEXT}}],
    "large table": [aggregated_kinesis_record(message([b"key"] * 4000, [record(0, b"x")]))],
    "aggregate without records": [aggregated_kinesis_record(message([b"key"]))],
    **of_every_source(PAYLOAD),
    "boto3 text": [boto3_record(TEXT), boto3_record("cGxhaW4=")],
    "whole event": {"Records": [AGGREGATE, PLAIN]},
    "event of a shard": {"SubscribeToShardEvent": {"Records": [boto3_record(PAYLOAD)]}},
    "decode": [AGGREGATE, PLAIN, AGGREGATE],
    "decode plain": [PLAIN],
    "decode boto3": [boto3_record(PAYLOAD), boto3_record(bytearray(b"plain"))],
    "verify=False": [AGGREGATE, PLAIN],
    "hash_key_range": [AGGREGATE, PLAIN],
}
OPTIONS = {
    "decode": {"decode": True},
    "decode plain": {"decode": True},
    "decode boto3": {"decode": True},
    "verify=False": {"verify": False},
    "hash_key_range": {"hash_key_range": ALL_HASH_KEYS},
    "another shard's": {"hash_key_range": (1, 1)},
    "strict": {"strict": True},
}
# Where CPython swallows some failures itself, as it imports a module, words an exception or runs
# lines of Python.
UNSOUND = {
    "damaged text": [kinesis_record(TEXT[:-1])],
    "wrong digest": [kinesis_record(PAYLOAD[:-1] + b"?")],
    "malformed message": [aggregated_kinesis_record(message([b"key"], [b"?", record(0)]))],
    "index outside": [aggregated_kinesis_record(message([b"key"], [record(0), record(1)]))],
    "no kinesis": [{}],
    "no mapping": [7],
    "data is None": [kinesis_record(None)],
    "not iterable": None,
    "another shard's": [AGGREGATE, AGGREGATE],
    "strict": [kinesis_record(PAYLOAD[:-1] + b"?")],
    "damaged Pipes": [pipes_record(PAYLOAD[:-1] + b"?")],
} | {
    f"{source} in other mappings": [other_mapping(build(PAYLOAD)), other_mapping(build(b"plain"))]
    for source, build in BUILDERS.items()
    # In 3.10 a generator of theirs that runs out of memory may stop without an exception.
    if sys.version_info >= (3, 11)
}


def unpack_damaged(data):
    try:
        return unpack(data)
    except AggregateError as error:
        return [error.reason, error.sequence_number, str(error)]


def uses_of_error(error):
    return [error.__reduce__(), error.sequence_number, error.reason, str(error)]


def remake(one):
    """As pickle and copy do, which do not survive each failure themselves."""
    make, arguments = one.__reduce__()[:2]
    return [make(*arguments).__reduce__()]


def wrong_names(one):
    try:
        return one._replace(a=1, b=2, c=3)
    except TypeError as error:
        return [type(error)]


def advanced():
    """An iterator whose next subSequenceNumber is none of the ints that Python has at hand."""
    iterator = iter_deaggregate_records([LARGE])
    next(itertools.islice(iterator, LARGEST_INT_AT_HAND, None))
    return iterator


def advance(iterator):
    return [next(iterator)["kinesis"]["subSequenceNumber"]]


def uses_of_user_record(one):
    return [
        one._asdict(),
        one._replace(data=b""),
        type(one)._make(one),
        repr(one),
        one.__reduce__(),
    ]


# What is no call with records: a function of one argument, and the argument or, where each call
# needs a new one, what makes it.
OTHERS = {
    "is_aggregated": (lambda data: [is_aggregated(data)], bytearray(PAYLOAD)),
    "unpack": (unpack, PAYLOAD),
    "unpack with tags": (unpack, bytearray(TAGGED)),
    "unpack damaged": (unpack_damaged, PAYLOAD[:-1]),
    "an AggregateError used": (uses_of_error, AggregateError("1", "too short")),
    "a UserRecord used": (uses_of_user_record, unpack(PAYLOAD)[0]),
    "a UserRecord with unknown names": (wrong_names, unpack(PAYLOAD)[0]),
    "an AggregateError made again": (remake, AggregateError("1", "too short")),
    "a UserRecord made again": (remake, unpack(TAGGED)[0]),
    "a large subSequenceNumber": (advance, advanced),
}
FUNCTIONS = {"list": deaggregate_records, "iterator": iter_deaggregate_records}
MOST_RESULTS = 10


def outcome(function, records, failing=None):
    """What comes out, or the type of what is raised. `failing` is the number of the first
    allocation that fails, from 0, and of the first that succeeds again, or 0 for none.

    All in one frame, and with room for the results: the allocations are the extension's.
    """
    output = [None] * MOST_RESULTS
    count = 0
    results = None
    if callable(records):
        records = records()
    # Held, as their reuse would hide allocations.
    _at_hand = [({}, [], (each,)) for each in range(MOST_OBJECTS_AT_HAND)]
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
StandIn.attributes["info"] = "".format
StandIn.attributes["getLogger"] = {"aws_kpl_deagg": STAND_IN}.__getitem__


def main(case):
    """Prints a line of JSON for each function and each way to fail: how many calls ran out of
    memory, and what that left behind.
    """
    sys.modules["logging"] = STAND_IN
    functions, argument = FUNCTIONS, (SOUND | UNSOUND).get(case)
    if case in OTHERS:
        functions, argument = {"other": OTHERS[case][0]}, OTHERS[case][1]
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
