"""Asserts that calls leave reference counts and memory as they found them."""

import collections
import gc
import logging
import tracemalloc

from growth import least_growth

from aws_kpl_deagg import AggregateError, UserRecord
from aws_kpl_deagg._deagg import UserRecordIterator

CALLS = 20
SMALLEST_ALLOCATION = 16

# What the extension holds itself: its types and interned strings.
HELD = [
    UserRecordIterator,
    UserRecord,
    AggregateError,
    *("ApproximateArrivalTimestamp", "Data", "PartitionKey", "Records", "SequenceNumber"),
    *("SubscribeToShardEvent", "aggregated", "approximateArrivalTimestamp", "data"),
    *("explicitHashKey", "kinesis", "kinesisRecordMetadata", "kinesisSchemaVersion"),
    *("kinesisStreamRecordMetadata", "partitionKey", "records", "sequenceNumber"),
    *("subSequenceNumber", "eventSource", "eventVersion", "eventID", "eventName"),
    *("invokeIdentityArn", "awsRegion", "eventSourceARN"),
]


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
    watched = [None, True, 0, 1, (), "", b"", ValueError, TypeError, *HELD]
    watched += [logging, logging.getLogger("aws_kpl_deagg")]
    for subject in subjects:
        watched += objects_below(subject)

    def many_calls():
        for _ in range(CALLS):
            call()

    # Sees what the extension allocates past Python's own allocator, too.
    tracemalloc.start()
    many_calls()
    # So that the collections look at what the calls leave behind, and not at all of pytest.
    gc.collect()
    gc.freeze()
    try:
        references, blocks, size = least_growth(many_calls, watched)
    finally:
        gc.unfreeze()
        tracemalloc.stop()
    # Less than one of each call's.
    assert references < CALLS
    assert blocks < CALLS
    assert size < CALLS * SMALLEST_ALLOCATION


def attempt(function, *arguments, **keywords):
    try:
        return function(*arguments, **keywords)
    except (TypeError, KeyError, ValueError, RuntimeError, BufferError):
        return None


class NoTruth:
    def __bool__(self):
        raise RuntimeError
