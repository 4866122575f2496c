"""No path, errors included, leaks a reference to an object that outlives all calls.

Such objects are the package's types and interned strings, and Python's own constants and modules.
LeakSanitizer, by script/sanitize, reports every object that a leak keeps alive; these are alive
anyway, so that only their counts show it.
"""

import collections
import copy
import gc
import logging
import pickle
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
    tag,
)
from mappings import Failing, other_mapping

from aws_kpl_deagg import (
    AggregateError,
    UserRecord,
    deaggregate_records,
    is_aggregated,
    iter_deaggregate_records,
    unpack,
)
from aws_kpl_deagg._deagg import UserRecordIterator

CALLS = 50
LOGGER = logging.getLogger("aws_kpl_deagg")

NAMES = """
    ApproximateArrivalTimestamp Data EndingHashKey PartitionKey Records SequenceNumber
    StartingHashKey SubscribeToShardEvent aggregated approximateArrivalTimestamp awsRegion data
    eventID eventName eventSource eventSourceARN eventVersion explicitHashKey invokeIdentityArn
    kinesis kinesisRecordMetadata kinesisSchemaVersion kinesisStreamRecordMetadata partitionKey
    records sequenceNumber subSequenceNumber
"""
OUTLIVING = [
    *(UserRecordIterator, UserRecord, AggregateError),
    *map(sys.intern, NAMES.split()),
    *(None, True, False, 0, 1, (), "", b"", dict, list, tuple),
    *(BufferError, KeyError, RuntimeError, TypeError, ValueError, logging, LOGGER),
]


def assert_nothing_leaks(call):
    def many_calls():
        for _ in range(CALLS):
            call()

    call()
    gc.collect()
    before = list(map(sys.getrefcount, OUTLIVING))
    many_calls()
    gc.collect()
    after = list(map(sys.getrefcount, OUTLIVING))
    leaked = {
        str(one): new - old
        for one, old, new in zip(OUTLIVING, before, after, strict=True)
        if new - old >= CALLS
    }
    assert leaked == {}


def attempt(function, *arguments, **keywords):
    try:
        return function(*arguments, **keywords)
    except (TypeError, KeyError, ValueError, RuntimeError, BufferError):
        return None


@pytest.fixture(autouse=True, scope="module")
def quiet():
    """Keeps log lines from piling up in pytest, and collections from looking at all of pytest."""

    def drop(line):
        return False

    LOGGER.addFilter(drop)
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
    LOGGER.removeFilter(drop)


PAYLOAD = payload(
    message(
        [b"ascii", "ü🔑".encode(), b"\xff\0"],
        [record(i % 3, b"data" * i, i % 2 or None) for i in range(9)],
        [b"0", b"1"],
    )
)
TAGGED = payload(message([b"key"], [record(0, b"data", tags=[tag(b"one", b"1"), tag(b"two")])]))
AGGREGATE = kinesis_record(PAYLOAD)
PLAIN = kinesis_record(b"plain")
TEXT = AGGREGATE["kinesis"]["data"]
PAYLOADS = [PAYLOAD, b"plain", PAYLOAD[:-1], "not base64", bytearray(PAYLOAD)]

# Calls with records


def failing(method, level):
    inner = AGGREGATE["kinesis"]
    if level == "inner":
        return {**AGGREGATE, "kinesis": Failing(inner, method, RuntimeError)}
    return Failing(AGGREGATE, method, RuntimeError)


class FailingKey(collections.UserDict):
    """Raises RuntimeError where one key is looked up."""

    def __init__(self, content, failing_key):
        super().__init__(content)
        self.failing_key = failing_key

    def __contains__(self, key):
        if key == self.failing_key:
            raise RuntimeError
        return key in self.data


RECORDS = {
    "aggregate, plain": [AGGREGATE, PLAIN],
    "text that is not ASCII": [kinesis_record("ü")],
    "aggregate without records": [aggregated_kinesis_record(message([b"key"]))],
    "base64 with line breaks": [kinesis_record(TEXT[:8] + "\n" + TEXT[8:])],
    "base64 with line breaks, plain": [kinesis_record("cGx\nhaW4=")],
    "buffers": [kinesis_record(form(TEXT.encode())) for form in (bytearray, memoryview)],
    "no metadata": [{"kinesis": {"data": TEXT}}],
    "tuple": (AGGREGATE, PLAIN, AGGREGATE),
    "single": AGGREGATE,
    "single mapping": collections.UserDict(AGGREGATE),
    "damaged text": [kinesis_record(TEXT[:-1])],
    "damaged payloads": [kinesis_record(PAYLOAD[:9]), kinesis_record(PAYLOAD[:-1] + b"?")],
    "malformed message": [aggregated_kinesis_record(b"no message")],
    "indexes outside their tables": [
        aggregated_kinesis_record(message([b"k"], [record(0), record(1)])),
        aggregated_kinesis_record(message([b"k"], [record(0, b"", 0)])),
    ],
    "damaged, no sequence number": [{"kinesis": {"data": TEXT[:-1]}}],
    "None": None,
    "int": [7],
    "no kinesis": [{}],
    "kinesis is None": [{"kinesis": None}],
    "no data": [{"kinesis": {}}],
    "data is None": [kinesis_record(None)],
    "not contiguous": [kinesis_record(memoryview(b"cxGxhaaW4=")[::2])],
    "error after results": [AGGREGATE, {}],
    "sequence number fails": [{"kinesis": FailingKey({"data": TEXT[:-1]}, "sequenceNumber")}],
    "whole event": {"Records": [AGGREGATE, PLAIN]},
    "whole event of other mappings": collections.UserDict(records=(AGGREGATE, PLAIN)),
    "whole event fails": FailingKey({"Records": [AGGREGATE]}, "Records"),
    "event of a shard": {"SubscribeToShardEvent": {"Records": [boto3_record(PAYLOAD)]}},
    "event of a shard fails": {"SubscribeToShardEvent": FailingKey({}, "Records")},
    "StopIteration": [Failing(PLAIN, "__getitem__", StopIteration)],
} | {
    f"{method} of the {level} mapping fails": [PLAIN, failing(method, level), PLAIN]
    for method in ("__contains__", "__getitem__", "__iter__")
    for level in ("outer", "inner")
}


@pytest.mark.parametrize("records", RECORDS.values(), ids=RECORDS)
def test_records(records):
    def call():
        attempt(deaggregate_records, records)
        iterator = iter_deaggregate_records(records)
        attempt(list, iterator)
        attempt(next, iterator, None)

    assert_nothing_leaks(call)


OPTIONS = {
    "data_format": {"data_format": "Boto3"},
    "decode": {"decode": True},
    "strict": {"strict": True},
    "verify=False": {"verify": False},
    "hash_key_range": {"hash_key_range": ALL_HASH_KEYS},
    "another shard's": {"hash_key_range": (2**127, 2**127)},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("wrap", [dict, other_mapping], ids=["dicts", "other mappings"])
def test_sources_and_options(wrap, options):
    records = [wrap(build(data)) for build in BUILDERS.values() for data in PAYLOADS]

    def call():
        for one in records:
            attempt(deaggregate_records, [one], **options)
        attempt(list, iter_deaggregate_records(records, **options))

    assert_nothing_leaks(call)


class NoTruth:
    def __bool__(self):
        raise RuntimeError


class NoRepr:
    def __repr__(self):
        raise RuntimeError


WRONG_OPTIONS = [
    {"data_format": "Lambda"},
    {"data_format": 7},
    {"decode": NoTruth()},
    {"hash_key_range": [0, 1]},
    {"hash_key_range": (1, 0)},
    {"hash_key_range": (0, 2**128)},
    {"hash_key_range": ("0", 1)},
    {"hash_key_range": (1, 2, 3)},
    {"unknown": 1},
    {"records": []},
]


def test_wrong_calls():
    def call():
        for function in (deaggregate_records, iter_deaggregate_records):
            attempt(function)
            for options in WRONG_OPTIONS:
                attempt(function, [AGGREGATE], **options)

    assert_nothing_leaks(call)


def given_up(steps, end):
    iterator = iter_deaggregate_records([AGGREGATE, PLAIN, AGGREGATE, AGGREGATE])
    for _ in range(steps):
        next(iterator)
    end(iterator)


def entered_while_it_runs():
    def source():
        attempt(next, iterator)
        attempt(iterator.close)
        yield AGGREGATE
        next(iterator)

    iterator = iter_deaggregate_records(source())
    attempt(list, iterator)


ITERATORS = {
    "dropped": lambda: [given_up(steps, bool) for steps in range(12)],
    "closed": lambda: [given_up(steps, UserRecordIterator.close) for steps in range(12)],
    "in a cycle": lambda: given_up(1, lambda iterator: cycle(lambda node: (node, iterator))),
    "entered while it runs": entered_while_it_runs,
}

# Calls without records

USER_RECORD = unpack(TAGGED)[0]
ERROR = AggregateError("1", "too short")


def copies(one):
    return [
        *(pickle.loads(pickle.dumps(one, protocol)) for protocol in range(6)),
        copy.copy(one),
        copy.deepcopy(one),
    ]


def cycle(make):
    node = []
    node.append(make(node))


WITHOUT_RECORDS = {
    "is_aggregated": lambda: [
        attempt(is_aggregated, data) for data in (PAYLOAD, bytearray(PAYLOAD), b"", "str", None)
    ],
    "unpack": lambda: [
        attempt(unpack, data)
        for data in (PAYLOAD, bytearray(PAYLOAD), TAGGED, PAYLOAD[:-1], b"", "str", None)
    ],
    "unpack, options": lambda: [
        attempt(unpack, PAYLOAD, verify=verify) for verify in (False, NoTruth())
    ],
    "unpack, wrong calls": lambda: [attempt(unpack), attempt(unpack, PAYLOAD, True)],
    "UserRecord": lambda: [attempt(UserRecord, *range(count)) for count in range(6)],
    "_make": lambda: [attempt(UserRecord._make, each) for each in (USER_RECORD, [1], 7)],
    "_asdict": USER_RECORD._asdict,
    "_replace": lambda: [
        USER_RECORD._replace(data=b"", tags=()),
        attempt(USER_RECORD._replace, 7),
        attempt(USER_RECORD._replace, unknown=7),
    ],
    "UserRecord, repr": lambda: [repr(USER_RECORD), attempt(repr, UserRecord(*[NoRepr()] * 4))],
    "UserRecord, copies": lambda: copies(USER_RECORD),
    "UserRecord, attributes": lambda: [USER_RECORD.data, USER_RECORD.tags, hash(USER_RECORD)],
    "UserRecord, a cycle": lambda: cycle(lambda node: UserRecord(node, None, node, ())),
    "AggregateError": lambda: [str(ERROR), ERROR.reason, ERROR.sequence_number, ERROR.args],
    "AggregateError, few arguments": lambda: [
        [str(error), error.reason, error.sequence_number]
        for error in (AggregateError(), AggregateError(None), AggregateError(None, "too short"))
    ],
    "AggregateError, str": lambda: attempt(str, AggregateError(NoRepr(), NoRepr())),
    "AggregateError, copies": lambda: copies(ERROR),
    "AggregateError, a cycle": lambda: cycle(lambda node: AggregateError(node, node)),
}
OTHER_CALLS = ITERATORS | WITHOUT_RECORDS


@pytest.mark.parametrize("call", OTHER_CALLS.values(), ids=OTHER_CALLS)
def test_other_calls(call):
    assert_nothing_leaks(call)


# Exact counts

INSTANCES = {
    UserRecordIterator: lambda: iter_deaggregate_records([AGGREGATE]),
    UserRecord: lambda: unpack(TAGGED)[0],
    AggregateError: lambda: AggregateError("1", "too short"),
}


@pytest.mark.parametrize("kind", INSTANCES)
def test_an_instance_holds_one_reference_to_its_type(kind):
    gc.collect()
    before = sys.getrefcount(kind)
    instances = [INSTANCES[kind]() for _ in range(3000)]
    assert sys.getrefcount(kind) == before + 3000
    if kind is UserRecordIterator:
        for iterator in instances:
            next(iterator)
        del iterator
    del instances
    assert sys.getrefcount(kind) == before


def test_user_records_share_metadata_by_one_reference_each():
    values = [object(), object(), object()]
    one = {**AGGREGATE, "kinesis": {**AGGREGATE["kinesis"], "sequenceNumber": values[0]}}
    one["outer"], one["kinesis"]["inner"] = values[1:]
    before = list(map(sys.getrefcount, values))
    user_records = deaggregate_records([one])
    assert list(map(sys.getrefcount, values)) == [count + 9 for count in before]
    del user_records
    assert list(map(sys.getrefcount, values)) == before
