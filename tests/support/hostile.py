"""Builds hostile messages, and measures how much memory a call takes.

Each message is made of as many equal parts as are asked for, and holds one sound user record more,
the last one: SOUND. What the parts cost, in time and memory, is their number times a constant.
"""

import gc
import tracemalloc
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from aggregates import (
    FIXED64,
    LENGTH_PREFIXED,
    VARINT,
    bytes_field,
    key,
    tag,
    varint,
    varint_field,
)

# The most bytes that a Kinesis record's payload has.
LARGEST_PAYLOAD = 10_485_760
MAGIC_AND_DIGEST = 20

# The user record that all of them hold, as partition key, explicit hash key and data.
SOUND = ("key", None, b"data")

INDEX = varint_field(1, 0)
FIELDS = INDEX + bytes_field(3, b"data")
RECORD = bytes_field(3, FIELDS)
TABLES = bytes_field(1, b"key") + bytes_field(2, b"0")

# A record is at its smallest with an index below 128 and no data.
EMPTY_FIELDS = INDEX + bytes_field(3, b"")
EMPTY_TAG = bytes_field(4, tag(b""))


def in_message(parts: bytes) -> bytes:
    return TABLES + parts + RECORD


def in_record(parts: bytes) -> bytes:
    """Of a field that is repeated the last is the sound one."""
    return TABLES + bytes_field(3, parts + FIELDS)


def in_tag(parts: bytes) -> bytes:
    return in_record(bytes_field(4, parts + tag(b"key")))


class Hostile(NamedTuple):
    """A way to make hostile messages of any size."""

    part: bytes
    around: Callable[[bytes], bytes] = in_message
    user_records_per_part: int = 0

    def message(self, count: int) -> bytes:
        """The message with `count` parts."""
        return self.around(self.part * count)

    def count_for(self, payload_size: int) -> int:
        """How many parts fit into a payload of this size."""
        fixed = len(self.around(b"")) + MAGIC_AND_DIGEST
        longer_lengths = 3 * len(varint(payload_size))
        return (payload_size - fixed - longer_lengths) // len(self.part)

    def user_record_count(self, count: int) -> int:
        return count * self.user_records_per_part + 1


def records(fields: bytes) -> Hostile:
    return Hostile(bytes_field(3, fields), in_message, 1)


HOSTILE = {
    "the smallest records": records(EMPTY_FIELDS),
    "the smallest, with a hash key": records(EMPTY_FIELDS + varint_field(2, 0)),
    "the smallest, an unknown field each": records(EMPTY_FIELDS + varint_field(5, 0)),
    # protobuf-c asks for more memory at the 17th field of a message.
    "records of 17 fields": records(INDEX * 15 + EMPTY_FIELDS),
    "records of 15 tags": records(EMPTY_FIELDS + EMPTY_TAG * 15),
    "records of a tag of 17 fields": records(EMPTY_FIELDS + bytes_field(4, tag(b"") * 17)),
    "empty partition keys": Hostile(bytes_field(1, b"")),
    "partition keys of a byte": Hostile(bytes_field(1, b"k")),
    "empty hash keys": Hostile(bytes_field(2, b"")),
    "hash keys of a byte": Hostile(bytes_field(2, b"0")),
    "unknown bytes": Hostile(bytes_field(5, b"x")),
    "unknown fixed64": Hostile(key(5, FIXED64) + bytes(8)),
    "unknown fields with the largest number": Hostile(varint_field(2**32 - 1, 0)),
    "unknown overlong varints": Hostile(key(5, VARINT, 5) + varint(0, 10)),
    "unknown bytes in a record": Hostile(bytes_field(5, b"x"), in_record),
    "unknown bytes in a tag": Hostile(bytes_field(5, b"x"), in_tag),
    "tags": Hostile(EMPTY_TAG, in_record),
    "indexes, of which the last counts": Hostile(varint_field(1, 7), in_record),
    "data, of which the last counts": Hostile(bytes_field(3, b""), in_record),
    "data of a byte": Hostile(bytes_field(3, b"x"), in_record),
    "keys of a tag": Hostile(bytes_field(1, b"x"), in_tag),
    "one unknown field": Hostile(b"\0", lambda parts: in_message(bytes_field(5, parts))),
    "one partition key": Hostile(b"k", lambda parts: in_message(bytes_field(1, parts))),
    "one data, of which the last counts": Hostile(
        b"x", lambda parts: in_record(bytes_field(3, parts))
    ),
    "one tag's value": Hostile(b"x", lambda parts: in_record(bytes_field(4, tag(b"", parts)))),
}

# Two bytes a field, and protobuf-c keeps what it does not know: the cap refuses the greediest.
OVER_THE_CAP = {
    "unknown fields": Hostile(varint_field(5, 0)),
    "unknown empty bytes": Hostile(bytes_field(5, b"")),
    "unknown fields in a record": Hostile(varint_field(5, 0), in_record),
    "unknown fields in a tag": Hostile(varint_field(5, 0), in_tag),
    "records of 15 unknown fields": records(EMPTY_FIELDS + varint_field(5, 0) * 15),
}


def greediest_count(doublings: int) -> int:
    """How many fields protobuf-c needs the most memory for, per field.

    Its list of the fields it has scanned begins with room for 16 and doubles, so its size jumps
    at the first field behind such a border.
    """
    return 16 * (2**doublings - 1) + 1


def nested(depth: int) -> bytes:
    """A message with an unknown field in an unknown field, and so on."""
    headers = []
    size = 0
    for _ in range(depth):
        header = key(5, LENGTH_PREFIXED) + varint(size)
        headers.append(header)
        size += len(header)
    return in_message(b"".join(reversed(headers)))


def peak_of(call: Callable[[], Any]) -> int:
    """The most memory that a call takes at a time, in bytes."""
    gc.collect()
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def drain(iterable: Iterable) -> int:
    """Lets go of each item before the next. Returns how many there were."""
    count = 0
    for _ in iterable:
        count += 1
    return count
