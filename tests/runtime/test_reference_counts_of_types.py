"""What is no call with records leaves reference counts and memory as it found them."""

import copy
import gc
import importlib.util
import pickle
import sys
import sysconfig

import pytest
from aggregates import kinesis_record, message, payload, record, tag
from reference_counts import NoTruth, assert_nothing_grows, attempt

import aws_kpl_deagg._deagg
from aws_kpl_deagg import (
    AggregateError,
    UserRecord,
    is_aggregated,
    iter_deaggregate_records,
    unpack,
)
from aws_kpl_deagg._deagg import UserRecordIterator

PAYLOAD = payload(message([b"ascii", "ü🔑".encode()], [record(i % 2, b"data") for i in range(9)]))
AGGREGATE = kinesis_record(PAYLOAD)
TAGGED = payload(message([b"key"], [record(0, b"data", tags=[tag(b"one", b"1"), tag(b"two")])]))
USER_RECORD = unpack(TAGGED)[0]
ERROR = AggregateError("1", "too short")

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
    "UserRecord by name": lambda: UserRecord(
        partition_key="key", explicit_hash_key=None, data=b"", tags=()
    ),
    "_make": lambda: [attempt(UserRecord._make, each) for each in (USER_RECORD, [1], 7)],
    "_asdict": USER_RECORD._asdict,
    "_replace": lambda: [
        USER_RECORD._replace(data=b"", tags=()),
        attempt(USER_RECORD._replace, 7),
        attempt(USER_RECORD._replace, unknown=7),
    ],
    "UserRecord, repr": lambda: [repr(USER_RECORD), attempt(repr, UserRecord(*[NoRepr()] * 4))],
    "UserRecord, copies": lambda: copies(USER_RECORD),
    "UserRecord, attributes": lambda: [
        USER_RECORD.data,
        USER_RECORD.tags,
        hash(USER_RECORD),
        UserRecord(*USER_RECORD) == USER_RECORD,
    ],
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


class NoRepr:
    def __repr__(self):
        raise RuntimeError


def copies(one):
    return [
        *(pickle.loads(pickle.dumps(one, protocol)) for protocol in range(6)),
        copy.copy(one),
        copy.deepcopy(one),
    ]


def cycle(make):
    node = []
    node.append(make(node))


@pytest.mark.parametrize("call", WITHOUT_RECORDS.values(), ids=WITHOUT_RECORDS)
def test_without_records(call):
    assert_nothing_grows(call, PAYLOAD, TAGGED, USER_RECORD, ERROR.args)


INSTANCES = {
    UserRecordIterator: lambda: iter_deaggregate_records([AGGREGATE]),
    UserRecord: lambda: unpack(TAGGED)[0],
    AggregateError: lambda: AggregateError("1", "too short"),
}


@pytest.mark.parametrize("kind", INSTANCES)
def test_references_to_a_type(kind):
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
