"""Calls that take every path of the package, errors included, for tests of memory."""

import itertools
import sys

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
from mappings import other_mapping

from aws_kpl_deagg import (
    AggregateError,
    is_aggregated,
    iter_deaggregate_records,
    pack,
    unpack,
    unpack_arrow,
)

LARGEST_CACHED_INT = 1024  # 256 before Python 3.14

PAYLOAD = payload(
    message(
        [b"ascii", "ü🔑".encode(), b"\xff"],
        [record(0, b"data", 0), record(1), record(2, b"x" * 600, 0)],
        [b"10"],
    )
)
AGGREGATE = kinesis_record(PAYLOAD)
PLAIN = kinesis_record(b"plain")
LARGE = aggregated_kinesis_record(message([b"key"], [record(0)] * (LARGEST_CACHED_INT + 2)))
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
# Here CPython itself hides some failures: in imports, messages of exceptions and Python code.
UNSOUND = {
    "damaged text": [kinesis_record(TEXT[:-1])],
    "wrong digest": [kinesis_record(PAYLOAD[:-1] + b"?")],
    "malformed message": [aggregated_kinesis_record(message([b"key"], [b"?", record(0)]))],
    "index outside": [aggregated_kinesis_record(message([b"key"], [record(0), record(1)]))],
    "no kinesis": [{}],
    "not a mapping": [7],
    "data is None": [kinesis_record(None)],
    "not iterable": None,
    "another shard's": [AGGREGATE, AGGREGATE],
    "strict": [kinesis_record(PAYLOAD[:-1] + b"?")],
    "damaged Pipes": [pipes_record(PAYLOAD[:-1] + b"?")],
} | {
    f"{source} in other mappings": [other_mapping(build(PAYLOAD)), other_mapping(build(b"plain"))]
    for source, build in BUILDERS.items()
    # In 3.10 a generator of such a mapping that runs out of memory may stop without an exception.
    if sys.version_info >= (3, 11)
}


def unpack_damaged(data):
    try:
        return unpack(data)
    except AggregateError as error:
        return [error.reason, error.sequence_number, str(error)]


def row_count(payloads):
    batches = unpack_arrow(payloads)
    capsules = [batches.__arrow_c_stream__(), batches.__arrow_c_schema__()]
    return [len(batches), len(capsules)]


def uses_of_error(error):
    return [error.__reduce__(), error.sequence_number, error.reason, str(error)]


def remake(one):
    """As pickle and copy do, which do not survive every failure themselves."""
    make, arguments = one.__reduce__()[:2]
    return [make(*arguments).__reduce__()]


def pack_wrong(user_records):
    try:
        return [pack(user_records)]
    except (TypeError, ValueError) as error:
        return [isinstance(error, (TypeError, ValueError))]


def wrong_names(one):
    try:
        return one._replace(a=1, b=2, c=3)
    except TypeError as error:
        return [type(error)]


def advanced():
    """An iterator whose next subSequenceNumber is not among the ints that Python caches."""
    iterator = iter_deaggregate_records([LARGE])
    next(itertools.islice(iterator, LARGEST_CACHED_INT, None))
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


# Calls without records: a function of one argument, and the argument or, where each call needs a
# new one, a function that makes it.
OTHERS = {
    "is_aggregated": (lambda data: [is_aggregated(data)], bytearray(PAYLOAD)),
    "unpack": (unpack, PAYLOAD),
    "unpack with tags": (unpack, bytearray(TAGGED)),
    "unpack damaged": (unpack_damaged, PAYLOAD[:-1]),
    "unpack_arrow": (row_count, [PAYLOAD, bytearray(TAGGED), None, PAYLOAD[:-1]]),
    "unpack_arrow of a tuple": (row_count, (PAYLOAD, b"plain")),
    "pack": (lambda user_records: [pack(user_records)], unpack(PAYLOAD) * 100),
    "pack tags and a bytearray": (
        lambda user_records: [pack(user_records)],
        [["key", "7", bytearray(b"data"), [["one", "1"], ("two", None)]]],
    ),
    "pack damaged": (pack_wrong, [("key", None, b"data"), ("key", "no number", b"data")]),
    "pack a wrong tag": (pack_wrong, [("key", None, b"data", [("one", None), ("two", 2)])]),
    "an AggregateError used": (uses_of_error, AggregateError("1", "too short")),
    "a UserRecord used": (uses_of_user_record, unpack(PAYLOAD)[0]),
    "a UserRecord with unknown names": (wrong_names, unpack(PAYLOAD)[0]),
    "an AggregateError made again": (remake, AggregateError("1", "too short")),
    "a UserRecord made again": (remake, unpack(TAGGED)[0]),
    "a large subSequenceNumber": (advance, advanced),
}
