"""Every path, errors included, leaves reference counts and memory as it found them."""

import collections
import logging
import sys

import pytest
from aggregates import (
    ALL_HASH_KEYS,
    BUILDERS,
    aggregated_kinesis_record,
    boto3_record,
    kinesis_record,
    message,
    payload,
    record,
)
from mappings import Failing, other_mapping
from reference_counts import NoTruth, assert_nothing_grows, attempt

from aws_kpl_deagg import (
    deaggregate_records,
    iter_deaggregate_records,
)

PAYLOAD = payload(
    message(
        [b"ascii", "ü🔑".encode(), b"\xff\0"],
        [record(i % 3, b"data" * i, i % 2 or None) for i in range(9)],
        [b"0", b"1"],
    )
)
AGGREGATE = kinesis_record(PAYLOAD)
PLAIN = kinesis_record(b"plain")


def failing(method, level):
    inner = AGGREGATE["kinesis"]
    if level == "inner":
        return {**AGGREGATE, "kinesis": Failing(inner, method, RuntimeError)}
    return Failing(AGGREGATE, method, RuntimeError)


def failing_source():
    yield AGGREGATE
    raise RuntimeError


class FailingKey(collections.UserDict):
    """Raises RuntimeError where one key is looked up."""

    def __init__(self, content, failing_key):
        super().__init__(content)
        self.failing_key = failing_key

    def __contains__(self, key):
        if key == self.failing_key:
            raise RuntimeError
        return key in self.data


TEXT = AGGREGATE["kinesis"]["data"]
PAYLOADS = [PAYLOAD, b"plain", PAYLOAD[:-1], "not base64", bytearray(PAYLOAD)]

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
    "sequence number fails": [{"kinesis": FailingKey({"data": TEXT[:-1]}, "sequenceNumber")}],
    "single mapping fails": Failing(AGGREGATE, "__contains__", RuntimeError),
    "whole event": {"Records": [AGGREGATE, PLAIN]},
    "whole event of other mappings": collections.UserDict(records=(AGGREGATE, PLAIN)),
    "whole event fails": FailingKey({"Records": [AGGREGATE]}, "Records"),
    "event of a shard": {"SubscribeToShardEvent": {"Records": [boto3_record(PAYLOAD)]}},
    "event of a shard fails": {"SubscribeToShardEvent": FailingKey({}, "Records")},
    "event of a shard without records": {"SubscribeToShardEvent": {"Records": None}},
    "StopIteration": [Failing(PLAIN, "__getitem__", StopIteration)],
} | {
    f"{method} of the {level} mapping fails": [PLAIN, failing(method, level), PLAIN]
    for method in ("__contains__", "__getitem__", "__iter__")
    for level in ("outer", "inner")
}


SOURCES = {source: list(map(build, PAYLOADS)) for source, build in BUILDERS.items()}
OPTIONS = {
    "data_format": {"data_format": "Boto3"},
    "decode": {"decode": True},
    "strict": {"strict": True},
    "verify=False": {"verify": False},
    "hash_key_range": {"hash_key_range": ALL_HASH_KEYS},
    "another shard's": {"hash_key_range": (2**127, 2**127)},
}


WRONG_OPTIONS = [
    {"data_format": "Lambda"},
    {"data_format": 7},
    {"decode": NoTruth()},
    {"strict": NoTruth()},
    {"verify": NoTruth()},
    {"hash_key_range": [0, 1]},
    {"hash_key_range": (1, 0)},
    {"hash_key_range": (0, 2**128)},
    {"hash_key_range": (-1, 0)},
    {"hash_key_range": ("0", 1)},
    {"hash_key_range": (1, 2, 3)},
    {"unknown": 1},
]

LOGGER = logging.getLogger("aws_kpl_deagg")


def drop(line):
    return False


@pytest.fixture(autouse=True)
def no_log_lines():
    """Keeps log lines from piling up with pytest."""
    LOGGER.addFilter(drop)
    yield
    LOGGER.removeFilter(drop)


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


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("wrap", [dict, other_mapping], ids=["dicts", "other mappings"])
@pytest.mark.parametrize("source", SOURCES)
def test_sources_and_options(source, wrap, options):
    records = list(map(wrap, SOURCES[source]))

    def call():
        for one in records:
            attempt(deaggregate_records, [one], **options)
        attempt(list, iter_deaggregate_records(records, **options))

    assert_nothing_grows(call, records)


@pytest.mark.parametrize("options", WRONG_OPTIONS)
def test_wrong_options(options):
    def call():
        attempt(deaggregate_records, [AGGREGATE], **options)
        attempt(iter_deaggregate_records, [AGGREGATE], **options)

    assert_nothing_grows(call, AGGREGATE, options)


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


def test_user_records_share_what_they_should_and_no_more():
    values = [object(), object(), object()]
    one = {**AGGREGATE, "kinesis": {**AGGREGATE["kinesis"], "sequenceNumber": values[0]}}
    one["outer"], one["kinesis"]["inner"] = values[1:]
    before = list(map(sys.getrefcount, values))
    user_records = deaggregate_records([one])
    assert list(map(sys.getrefcount, values)) == [count + 9 for count in before]
    del user_records
    assert list(map(sys.getrefcount, values)) == before
