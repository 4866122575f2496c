"""Every path, errors included, leaves reference counts and memory as it found them."""

import collections
import gc
import importlib.util
import logging
import sys
import sysconfig
import tracemalloc

import pytest
from aggregates import aggregated_kinesis_record, kinesis_record, message, payload, record
from growth import least_growth
from mappings import Failing

import aws_kpl_deagg._deagg
from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records

CALLS = 40
SMALLEST_ALLOCATION = 16

PAYLOAD = payload(
    message(
        [b"ascii", "ü🔑".encode(), b"\xff\0"],
        [record(i % 3, b"data" * i, i % 2 or None) for i in range(9)],
        [b"0", b"1"],
    )
)
AGGREGATE = kinesis_record(PAYLOAD)
PLAIN = kinesis_record(b"plain")
ITERATOR_TYPE = type(iter_deaggregate_records([]))


def failing(method, level):
    inner = AGGREGATE["kinesis"]
    if level == "inner":
        return {**AGGREGATE, "kinesis": Failing(inner, method, RuntimeError)}
    return Failing(AGGREGATE, method, RuntimeError)


def failing_source():
    yield AGGREGATE
    raise RuntimeError


TEXT = AGGREGATE["kinesis"]["data"]

RECORDS = {
    "aggregate": [AGGREGATE],
    "plain": [PLAIN],
    "text that is not ASCII": [kinesis_record("ü")],
    "aggregate without records": [aggregated_kinesis_record(message([b"key"]))],
    "base64 with line breaks": [kinesis_record(TEXT[:8] + "\n" + TEXT[8:])],
    "base64 with line breaks and no magic": [kinesis_record("cGx\nhaW4=")],
    "bytes": [{"kinesis": {**AGGREGATE["kinesis"], "data": TEXT.encode()}}],
    "bytearray": [kinesis_record(bytearray(TEXT.encode()))],
    "memoryview": [kinesis_record(memoryview(TEXT.encode()))],
    "other mappings": [
        collections.UserDict({**AGGREGATE, "kinesis": collections.ChainMap(AGGREGATE["kinesis"])})
    ],
    "no metadata": [{"kinesis": {"data": TEXT}}],
    "tuple": (AGGREGATE, PLAIN, AGGREGATE),
    "single": AGGREGATE,
    "single mapping": collections.UserDict(AGGREGATE),
    "damaged text": [kinesis_record(TEXT[:-1])],
    "too short": [kinesis_record(PAYLOAD[:9])],
    "wrong digest": [kinesis_record(PAYLOAD[:-1] + b"?")],
    "malformed message": [aggregated_kinesis_record(b"no message")],
    "index outside its table": [
        aggregated_kinesis_record(message([b"k"], [record(0), record(1)]))
    ],
    "hash key index outside": [aggregated_kinesis_record(message([b"k"], [record(0, b"", 0)]))],
    "damaged, no sequence number": [{"kinesis": {"data": TEXT[:-1]}}],
    "nothing": [],
    "None": None,
    "int": [7],
    "no kinesis": [{}],
    "kinesis is None": [{"kinesis": None}],
    "no data": [{"kinesis": {}}],
    "data is None": [kinesis_record(None)],
    "not contiguous": [kinesis_record(memoryview(b"cxGxhaaW4=")[::2])],
    "error after results": [AGGREGATE, {}],
} | {
    f"{method} of the {level} mapping fails": [PLAIN, failing(method, level), PLAIN]
    for method in ("__contains__", "__getitem__", "__iter__")
    for level in ("outer", "inner")
}


LOGGER = logging.getLogger("aws_kpl_deagg")


def drop(line):
    return False


@pytest.fixture(autouse=True)
def no_log_lines():
    """Keeps log lines from piling up with pytest."""
    LOGGER.addFilter(drop)
    yield
    LOGGER.removeFilter(drop)


@pytest.fixture(autouse=True)
def traced_memory():
    """Sees what the extension allocates past Python's own allocator, too."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


def objects_below(value, depth=3):
    """`value` and what it contains, as far as its containers go."""
    yield value
    if depth and isinstance(value, collections.UserDict):
        yield from objects_below(value.data, depth)
    elif depth and isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from objects_below(each, depth - 1)
    elif depth and isinstance(value, list | tuple):
        for each in value:
            yield from objects_below(each, depth - 1)


def assert_nothing_grows(call, *subjects):
    """`subjects` are the objects that the call works on."""
    watched = [None, True, 0, "kinesis", "data", "aggregated", ITERATOR_TYPE, logging, LOGGER]
    for subject in subjects:
        watched += objects_below(subject)

    def many_calls():
        for _ in range(CALLS):
            call()

    many_calls()
    references, blocks, size = least_growth(many_calls, watched)
    # Less than one of each call's.
    assert references < CALLS
    assert blocks < CALLS
    assert size < CALLS * SMALLEST_ALLOCATION


def attempt(function, *arguments, **keywords):
    try:
        return function(*arguments, **keywords)
    except (TypeError, KeyError, ValueError, RuntimeError, BufferError):
        return None


@pytest.mark.parametrize("case", RECORDS)
def test_list(case):
    records = RECORDS[case]
    assert_nothing_grows(lambda: attempt(deaggregate_records, records), records)


@pytest.mark.parametrize("case", RECORDS)
def test_iterator(case):
    records = RECORDS[case]

    def call():
        iterator = iter_deaggregate_records(records)
        attempt(list, iterator)
        attempt(next, iterator, None)

    assert_nothing_grows(call, records)


@pytest.mark.parametrize("steps", [0, 1, 2, 9, 10, 11])
@pytest.mark.parametrize("end", ["dropped", "closed"])
def test_iterator_given_up(steps, end):
    # Several aggregates, as the payloads of some may be open before their turn.
    records = [AGGREGATE, PLAIN, kinesis_record(PAYLOAD), kinesis_record(PAYLOAD)]

    def call():
        iterator = iter_deaggregate_records(records)
        for _ in range(steps):
            next(iterator)
        if end == "closed":
            iterator.close()

    assert_nothing_grows(call, records)


def test_iterator_in_a_garbage_cycle():
    def call():
        records = [AGGREGATE, PLAIN]
        iterator = iter_deaggregate_records(records)
        next(iterator)
        records.append(iterator)

    assert_nothing_grows(call, AGGREGATE, PLAIN)


def test_input_that_raises():
    assert_nothing_grows(lambda: attempt(deaggregate_records, failing_source()), AGGREGATE)


def test_refused_entry():
    def call():
        def source():
            attempt(next, iterator)
            attempt(iterator.close)
            yield AGGREGATE
            next(iterator)

        iterator = iter_deaggregate_records(source())
        attempt(list, iterator)

    assert_nothing_grows(call, AGGREGATE)


@pytest.mark.parametrize("function", [deaggregate_records, iter_deaggregate_records])
def test_wrong_calls(function):
    records = [AGGREGATE]

    def call():
        attempt(function)
        attempt(function, records, records)
        attempt(function, records, records=records)
        attempt(function, wrong=records)

    assert_nothing_grows(call, records)


def test_logging_handler_that_raises(monkeypatch):
    class Handler(logging.Handler):
        def emit(self, line):
            raise RuntimeError

    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: None)
    handler = Handler()
    LOGGER.removeFilter(drop)
    LOGGER.addHandler(handler)
    try:
        records = RECORDS["wrong digest"]
        assert_nothing_grows(lambda: deaggregate_records(records), records)
    finally:
        LOGGER.removeHandler(handler)


def test_references_to_the_iterators_type():
    gc.collect()
    before = sys.getrefcount(ITERATOR_TYPE)
    iterators = [iter_deaggregate_records([AGGREGATE]) for _ in range(3000)]
    assert sys.getrefcount(ITERATOR_TYPE) == before + 3000
    for iterator in iterators:
        next(iterator)
    del iterators, iterator
    assert sys.getrefcount(ITERATOR_TYPE) == before


def test_user_records_share_what_they_should_and_no_more():
    values = [object(), object(), object()]
    one = {**AGGREGATE, "kinesis": {**AGGREGATE["kinesis"], "sequenceNumber": values[0]}}
    one["outer"], one["kinesis"]["inner"] = values[1:]
    before = list(map(sys.getrefcount, values))
    user_records = deaggregate_records([one])
    assert list(map(sys.getrefcount, values)) == [count + 9 for count in before]
    del user_records
    assert list(map(sys.getrefcount, values)) == before


@pytest.mark.skipif(
    sysconfig.get_config_var("Py_GIL_DISABLED") == 1,
    reason="a free-threaded Python frees parts of a dead type some time later",
)
def test_module_loaded_again():
    spec = aws_kpl_deagg._deagg.__spec__

    def call():
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert module.iter_deaggregate_records is not iter_deaggregate_records
        assert len(module.deaggregate_records([AGGREGATE])) == 9

    assert_nothing_grows(call, AGGREGATE)
