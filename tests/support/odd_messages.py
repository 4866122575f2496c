"""Odd and malformed messages, and how protobuf-c and google's protobuf read them.

Where google's protobuf reads a message in another way, the table says so, and why it is
protobuf-c's reading that counts.
"""

from typing import NamedTuple

import oracle
import pytest
from aggregates import (
    END_GROUP,
    FIXED32,
    FIXED64,
    LENGTH_PREFIXED,
    START_GROUP,
    VARINT,
    bytes_field,
    key,
    tag,
    varint,
    varint_field,
)

KEYS = bytes_field(1, b"first") + bytes_field(1, b"second")
HASH_KEYS = bytes_field(2, b"1") + bytes_field(2, b"2")

# The fields of the one record, and the record as a field of the message.
INDEX = varint_field(1, 0)
DATA = bytes_field(3, b"data")
FIELDS = INDEX + DATA
RECORD = bytes_field(3, FIELDS)

USER_RECORD = [("first", None, b"data")]


def with_record(fields: bytes) -> bytes:
    return KEYS + bytes_field(3, fields)


def with_tag(fields: bytes) -> bytes:
    return with_record(FIELDS + bytes_field(4, fields))


# Both read USER_RECORD out of these.
ODD = {
    "the records before their keys": RECORD + KEYS,
    "a record between the keys": bytes_field(1, b"first") + RECORD + bytes_field(1, b"second"),
    "a record's fields backwards": with_record(DATA + INDEX),
    "an index twice: the last wins": with_record(varint_field(1, 7) + INDEX + DATA),
    "data twice: the last wins": with_record(bytes_field(3, b"lost") + INDEX + DATA),
    "an index of 10 bytes": with_record(key(1, VARINT) + varint(0, 10) + DATA),
    "an index with bits above the 64th": with_record(varint_field(1, 2**64) + DATA),
    "a length of 5 bytes": KEYS + key(3, LENGTH_PREFIXED) + varint(len(FIELDS), 5) + FIELDS,
    "a field's key of 5 bytes": KEYS + RECORD + key(1, LENGTH_PREFIXED, 5) + b"\x01a",
    "the largest field number": KEYS + varint_field(2**29 - 1, 0) + RECORD,
    "an unknown varint of 10 bytes": KEYS + varint_field(5, 2**70 - 1) + RECORD,
    "an unknown fixed64": KEYS + key(5, FIXED64) + b"\xff" * 8 + RECORD,
    "an unknown fixed32": KEYS + key(5, FIXED32) + b"\xff" * 4 + RECORD,
    "unknown bytes that are no message": KEYS + bytes_field(5, b"\xff\x03") + RECORD,
    "an unknown field in a record": with_record(INDEX + varint_field(5, 1) + DATA),
    "a tag": with_tag(tag(b"key", b"value")),
    "a tag without a value": with_tag(tag(b"key")),
    "an unknown field in a tag": with_tag(tag(b"key") + varint_field(3, 1)),
    "a tag's key twice": with_tag(tag(b"key") + tag(b"key")),
    "keys and hash keys that no record uses": KEYS + HASH_KEYS + RECORD,
}

# Both reject these.
MALFORMED = {
    "a field's key without a value": KEYS + RECORD + key(5, VARINT),
    "a field's key that does not end": KEYS + RECORD + b"\x80",
    "a field's key of 6 bytes": KEYS + RECORD + key(5, VARINT, 6) + varint(0),
    "a field's key of 10 bytes": KEYS + RECORD + key(5, VARINT, 10) + varint(0),
    "field number 0, varint": KEYS + RECORD + key(0, VARINT) + varint(0),
    "field number 0, length-prefixed": KEYS + RECORD + key(0, LENGTH_PREFIXED) + varint(0),
    "a varint that does not end": KEYS + RECORD + key(5, VARINT) + b"\xff",
    "a varint of 11 bytes": with_record(key(1, VARINT) + varint(0, 11) + DATA),
    "an unknown varint of 11 bytes": KEYS + key(5, VARINT) + varint(0, 11) + RECORD,
    "a fixed64 of 7 bytes": KEYS + RECORD + key(5, FIXED64) + bytes(7),
    "a fixed32 of 3 bytes": KEYS + RECORD + key(5, FIXED32) + bytes(3),
    "a length past the end": KEYS + RECORD + key(5, LENGTH_PREFIXED) + varint(3) + b"ab",
    "a record past the end": KEYS + RECORD[:-1],
    "data past the end of its record": with_record(FIELDS[:-1]) + RECORD,
    "a length of 6 bytes": KEYS + RECORD + key(5, LENGTH_PREFIXED) + varint(0, 6),
    "a length of 2**31": KEYS + RECORD + key(5, LENGTH_PREFIXED) + varint(2**31),
    "a length whose lower 32 bits fit": (
        KEYS + RECORD + key(5, LENGTH_PREFIXED) + varint(2**32 + 2) + b"ab"
    ),
    "a group that does not end": KEYS + RECORD + key(5, START_GROUP),
    "a group that does not end, with fields": (
        KEYS + RECORD + key(5, START_GROUP) + varint_field(6, 0) + varint_field(7, 0)
    ),
    "a group that does not start": KEYS + RECORD + key(5, END_GROUP),
    "a group that another ends": KEYS + RECORD + key(5, START_GROUP) + key(6, END_GROUP),
    "wire type 6": KEYS + RECORD + key(5, 6) + varint(0),
    "wire type 7": KEYS + RECORD + key(5, 7) + varint(0),
    "a tag that is no message": with_tag(b"\xff"),
}

# protobuf-c decodes these; an index is the package's own to check.
OUTSIDE = {
    "a partition key index outside its table": with_record(varint_field(1, 2) + DATA),
    "an index with all 64 bits": with_record(varint_field(1, 2**64 - 1) + DATA),
    "a record and no partition keys": RECORD,
    "a hash key index outside its table": HASH_KEYS + with_record(FIELDS + varint_field(2, 2)),
    "a hash key index and no hash keys": with_record(INDEX + varint_field(2, 0) + DATA),
    "the last of two indexes": with_record(INDEX + varint_field(1, 2) + DATA),
    "one record of two": KEYS + RECORD + bytes_field(3, varint_field(1, 2) + DATA),
}

# google's reading of a message that it rejects.
REJECTED = None


class Disagreement(NamedTuple):
    """A message of which google's protobuf makes something else."""

    encoded: bytes
    ours: list | str
    theirs: list | None


MADE_UP_INDEX = [("first", None, b"data")]
MADE_UP_DATA = [("first", None, b"")]

DISAGREEMENTS = {
    # google skips a group. protobuf-c knows no groups, and the KPL's schema has none.
    "an unknown group": Disagreement(
        KEYS + key(5, START_GROUP) + key(5, END_GROUP) + RECORD, oracle.BAD_MESSAGE, USER_RECORD
    ),
    "a group with a known number": Disagreement(
        KEYS + key(1, START_GROUP) + key(1, END_GROUP) + RECORD, oracle.BAD_MESSAGE, USER_RECORD
    ),
    # google takes a known field with another wire type for an unknown one and skips it, and a
    # required one is then made up. protobuf-c rejects it, so nothing is lost or invented.
    "a partition key as a varint": Disagreement(
        KEYS + varint_field(1, 0) + RECORD, oracle.BAD_MESSAGE, USER_RECORD
    ),
    "a hash key as a fixed64": Disagreement(
        KEYS + key(2, FIXED64) + bytes(8) + RECORD, oracle.BAD_MESSAGE, USER_RECORD
    ),
    "a record as a varint": Disagreement(
        KEYS + varint_field(3, 0) + RECORD, oracle.BAD_MESSAGE, USER_RECORD
    ),
    "a partition key index as a fixed64": Disagreement(
        with_record(key(1, FIXED64) + bytes(8) + DATA), oracle.BAD_MESSAGE, MADE_UP_INDEX
    ),
    "a partition key index packed": Disagreement(
        with_record(bytes_field(1, varint(0)) + DATA), oracle.BAD_MESSAGE, MADE_UP_INDEX
    ),
    "a hash key index as a fixed32": Disagreement(
        with_record(INDEX + key(2, FIXED32) + bytes(4) + DATA), oracle.BAD_MESSAGE, USER_RECORD
    ),
    "data as a varint": Disagreement(
        with_record(INDEX + varint_field(3, 0)), oracle.BAD_MESSAGE, MADE_UP_DATA
    ),
    "data, and data as a varint": Disagreement(
        with_record(FIELDS + varint_field(3, 0)), oracle.BAD_MESSAGE, USER_RECORD
    ),
    "a tag as a varint": Disagreement(
        with_record(FIELDS + varint_field(4, 0)), oracle.BAD_MESSAGE, USER_RECORD
    ),
    "a tag's key as a varint": Disagreement(
        with_tag(tag(b"key") + varint_field(1, 0)), oracle.BAD_MESSAGE, USER_RECORD
    ),
    # google leaves it to the caller to ask whether the required fields are there, and makes them
    # up otherwise. protobuf-c rejects the message, so nothing is invented.
    "no partition key index": Disagreement(with_record(DATA), oracle.BAD_MESSAGE, MADE_UP_INDEX),
    "no data": Disagreement(with_record(INDEX), oracle.BAD_MESSAGE, MADE_UP_DATA),
    "an empty record": Disagreement(with_record(b""), oracle.BAD_MESSAGE, MADE_UP_DATA),
    "a tag without a key": Disagreement(
        with_tag(bytes_field(2, b"value")), oracle.BAD_MESSAGE, USER_RECORD
    ),
    # google rejects a message for a field number above 2**29 - 1. protobuf-c takes 32 bits for it
    # and skips what it does not know, so that no user record is lost for it.
    "field number 2**29": Disagreement(
        KEYS + varint_field(2**29, 0) + RECORD, USER_RECORD, REJECTED
    ),
    "field number 2**29 + 3": Disagreement(
        KEYS + bytes_field(2**29 + 3, b"") + RECORD, USER_RECORD, REJECTED
    ),
    "field number 2**31 + 1": Disagreement(
        KEYS + varint_field(2**31 + 1, 0) + RECORD, USER_RECORD, REJECTED
    ),
    "field number 2**32 - 1": Disagreement(
        KEYS + varint_field(2**32 - 1, 0) + RECORD, USER_RECORD, REJECTED
    ),
    # google rejects it in any form. protobuf-c knows field number 0 by its first byte alone, and
    # skips the overlong form as a field it does not know.
    "field number 0, overlong": Disagreement(
        KEYS + key(0, VARINT, 2) + varint(0) + RECORD, USER_RECORD, REJECTED
    ),
}


def cases(table):
    return pytest.mark.parametrize("encoded", table.values(), ids=table)


disagreements = pytest.mark.parametrize("row", DISAGREEMENTS.values(), ids=DISAGREEMENTS)
