"""The garbage collector does not run while the user records of an aggregate are made.

None of the new dicts is garbage. Before Python 3.12 the collector would start again and again
among them, so that it is held off and put back; from 3.12 on it starts only between two bytecodes.
"""

import contextlib
import gc

import pytest
from aggregates import aggregated_kinesis_record, kinesis_record, message, payload, record

from aws_kpl_deagg import (
    AggregateError,
    deaggregate_records,
    iter_deaggregate_records,
    unpack,
)

MESSAGE = message([b"key"], [record(0, b"%d" % i) for i in range(5000)])
AGGREGATE = aggregated_kinesis_record(MESSAGE)
DAMAGED = kinesis_record(payload(MESSAGE)[:-1])

# What ends well, and what ends after user records have been made, or before.
CALLS = {
    "a list": lambda: deaggregate_records([AGGREGATE, AGGREGATE]),
    "an iterator": lambda: list(iter_deaggregate_records([AGGREGATE])),
    "an iterator left in the middle": lambda: next(iter_deaggregate_records([AGGREGATE])),
    "a list that fails": lambda: deaggregate_records([AGGREGATE, {}]),
    "a list that fails in a generator": lambda: deaggregate_records(failing()),
    "a damaged aggregate": lambda: deaggregate_records([AGGREGATE, DAMAGED], strict=True),
    "another shard's": lambda: deaggregate_records([AGGREGATE], hash_key_range=(0, 0)),
    "unpack": lambda: unpack(payload(MESSAGE)),
    "unpack that fails": lambda: unpack(payload(MESSAGE)[:-1]),
}


def failing():
    yield AGGREGATE
    raise KeyError


@contextlib.contextmanager
def collector(enabled):
    was_enabled = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        yield
    finally:
        (gc.enable if was_enabled else gc.disable)()


@contextlib.contextmanager
def collections_seen():
    """Gives the list that the generations collected inside the block are gathered in."""
    seen = []

    def callback(phase, info):
        if phase == "start":
            seen.append(info["generation"])

    gc.callbacks.append(callback)
    try:
        yield seen
    finally:
        gc.callbacks.remove(callback)


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_it_is_left_as_it_was_found(call, enabled):
    with collector(enabled):
        with contextlib.suppress(KeyError, AggregateError):
            call()
        assert gc.isenabled() is enabled


def test_it_is_on_while_foreign_code_runs():
    seen = []

    def source():
        for _ in range(3):
            seen.append(gc.isenabled())
            yield AGGREGATE

    with collector(True):
        deaggregate_records(source())
        assert all(gc.isenabled() for _ in iter_deaggregate_records([AGGREGATE]))
    assert seen == [True] * 3


@pytest.mark.parametrize("call", [CALLS["a list"], CALLS["unpack"]], ids=["a list", "unpack"])
def test_no_collection_starts_among_new_user_records(call):
    # Seen before the next bytecode, so that only what starts inside of the call counts.
    with collector(True):
        gc.collect()
        with collections_seen() as seen:
            result = call()
            inside = len(seen)
    assert len(result) >= 5000
    # From 3.12 on one collection is due as the call returns, however many dicts there are.
    assert inside <= 1
