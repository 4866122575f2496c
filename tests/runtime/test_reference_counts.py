"""No path, errors included, leaks a reference to an object that outlives all calls.

Such objects are the package's types and interned strings, and Python's own constants and modules.
LeakSanitizer, by script/sanitize, reports every object that a leak keeps alive; these are alive
anyway, so that only their counts show it.
"""

import collections
import copy
import gc
import itertools
import logging
import pickle
import sys

import pytest
from aggregates import ALL_HASH_KEYS, BUILDERS
from calls import AGGREGATE, OPTIONS, OTHERS, PAYLOAD, PLAIN, SOUND, TAGGED, TEXT, UNSOUND
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


def assert_nothing_leaks(call):
    call()
    gc.collect()
    before = list(map(sys.getrefcount, OUTLIVING))
    for _ in range(CALLS):
        call()
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


# Calls with records


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
    **SOUND,
    **UNSOUND,
    "damaged, no sequence number": [{"kinesis": {"data": TEXT[:-1]}}],
    "sequence number fails": [{"kinesis": FailingKey({"data": TEXT[:-1]}, "sequenceNumber")}],
    "single mapping fails": Failing(AGGREGATE, "__contains__", RuntimeError),
    "whole event fails": FailingKey({"Records": [AGGREGATE]}, "Records"),
    "event of a shard fails": {"SubscribeToShardEvent": FailingKey({}, "Records")},
    "StopIteration": [Failing(PLAIN, "__getitem__", StopIteration)],
} | {
    f"{method} fails": [
        PLAIN,
        Failing(AGGREGATE, method, RuntimeError),
        {**AGGREGATE, "kinesis": Failing(AGGREGATE["kinesis"], method, RuntimeError)},
    ]
    for method in ("__contains__", "__getitem__", "__iter__")
}


@pytest.mark.parametrize("case", RECORDS)
def test_records(case):
    records, options = RECORDS[case], OPTIONS.get(case, {})

    def call():
        for one in records if isinstance(records, list) else ():
            attempt(deaggregate_records, [one], **options)
        iterator = iter_deaggregate_records(records, **options)
        attempt(list, iterator)
        attempt(next, iterator, None)

    assert_nothing_leaks(call)


ALL_OPTIONS = [*OPTIONS.values(), {"hash_key_range": ALL_HASH_KEYS}, {"data_format": "Boto3"}]


@pytest.mark.parametrize("wrap", [dict, other_mapping], ids=["dicts", "other mappings"])
@pytest.mark.parametrize("source", BUILDERS)
def test_sources_and_options(source, wrap):
    payloads = [PAYLOAD, b"plain", PAYLOAD[:-1], "not base64", bytearray(PAYLOAD)]
    records = [wrap(BUILDERS[source](data)) for data in payloads]

    def call():
        for one, options in itertools.product(records, ALL_OPTIONS):
            attempt(deaggregate_records, [one], **options)

    assert_nothing_leaks(call)


# Other calls


class Bad:
    """Raises when its truth or its text is asked for."""

    def __bool__(self):
        raise RuntimeError

    __repr__ = __bool__


WRONG_OPTIONS = [
    {"data_format": "Lambda"},
    {"data_format": 7},
    {"decode": Bad()},
    {"hash_key_range": [0, 1]},
    {"hash_key_range": (1, 0)},
    {"hash_key_range": (0, 2**128)},
    {"hash_key_range": ("0", 1)},
    {"hash_key_range": (1, 2, 3)},
    {"unknown": 1},
    {"records": []},
]


def wrong_calls():
    for function in (deaggregate_records, iter_deaggregate_records):
        attempt(function)
        for options in WRONG_OPTIONS:
            attempt(function, [AGGREGATE], **options)


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


def cycle(make):
    node = []
    node.append(make(node))


def copies(one):
    return [
        *(pickle.loads(pickle.dumps(one, protocol)) for protocol in range(6)),
        copy.copy(one),
        copy.deepcopy(one),
    ]


def all_others():
    for function, argument in OTHERS.values():
        attempt(function, argument() if callable(argument) else argument)


USER_RECORD = unpack(TAGGED)[0]
CALLS_OF_ALL_KINDS = {
    "wrong calls": wrong_calls,
    "iterator dropped": lambda: [given_up(steps, id) for steps in range(9)],
    "iterator closed": lambda: [given_up(steps, UserRecordIterator.close) for steps in range(9)],
    "iterator in a cycle": lambda: given_up(1, lambda one: cycle(lambda node: (node, one))),
    "iterator entered while it runs": entered_while_it_runs,
    "calls without records": all_others,
    "wrong payloads": lambda: [
        attempt(call, data)
        for call in (is_aggregated, unpack)
        for data in (b"", PAYLOAD[:-1], "str", None)
    ],
    "unpack, options": lambda: [
        attempt(unpack, PAYLOAD, verify=verify) for verify in (False, Bad())
    ],
    "unpack, wrong calls": lambda: [attempt(unpack), attempt(unpack, PAYLOAD, True)],
    "UserRecord": lambda: [attempt(UserRecord, *range(count)) for count in range(6)],
    "UserRecord, wrong calls": lambda: [
        attempt(UserRecord._make, [1]),
        attempt(UserRecord._make, 7),
        attempt(USER_RECORD._replace, 7),
        attempt(repr, UserRecord(*[Bad()] * 4)),
    ],
    "UserRecord, copies": lambda: copies(USER_RECORD),
    "UserRecord, a cycle": lambda: cycle(lambda node: UserRecord(node, None, node, ())),
    "AggregateError": lambda: [
        [attempt(str, error), error.reason, error.sequence_number]
        for error in (AggregateError(), AggregateError(None), AggregateError(Bad(), Bad()))
    ],
    "AggregateError, copies": lambda: copies(AggregateError("1", "too short")),
    "AggregateError, a cycle": lambda: cycle(lambda node: AggregateError(node, node)),
}


@pytest.mark.parametrize("case", CALLS_OF_ALL_KINDS)
def test_other_calls(case):
    assert_nothing_leaks(CALLS_OF_ALL_KINDS[case])


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
    assert list(map(sys.getrefcount, values)) == [count + 3 for count in before]
    del user_records
    assert list(map(sys.getrefcount, values)) == before
