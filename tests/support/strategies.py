"""Hypothesis strategies for messages, payloads, base64 text and Kinesis records, odd ones too."""

import collections
import types
from typing import Any

from aggregates import (
    END_GROUP,
    FIXED32,
    FIXED64,
    LENGTH_PREFIXED,
    MAGIC,
    START_GROUP,
    VARINT,
    base64_text,
    key,
    payload,
    varint,
)
from hypothesis import strategies as st

# Keys with U+0000 and with characters outside the BMP among them.
UTF8_KEYS = st.one_of(
    st.text(max_size=8).map(str.encode),
    st.sampled_from([b"", b"\0", b"a\0b", "\U0001f600".encode()]),
)
KEYS = st.one_of(
    UTF8_KEYS, st.sampled_from([b"\xff", b"\xe2\x82", b"\xed\xa0\x80"]), st.binary(max_size=4)
)
DATA = st.binary(max_size=20) | st.integers(0, 300).map(bytes)

# Fields

# The least sizes of a field's key and of its varint; 0 is the shortest form.
SIZES = st.sampled_from([(0, 0)] * 12 + [(2, 0), (5, 0), (0, 2), (0, 5), (0, 10), (5, 10)])

# Unknown to every message of the schema.
UNKNOWN_NUMBERS = [5, 15, 16, 2047, 2**29 - 1]
# Those that only protobuf-c takes: it has 32 bits for a number.
LARGE_NUMBERS = [2**29, 2**31, 2**32 - 1]


def encode_field(
    number: int, wire_type: int, value: Any, sizes: tuple[int, int] = (0, 0)
) -> bytes:
    key_size, value_size = sizes
    start = key(number, wire_type, key_size)
    if wire_type == VARINT:
        return start + varint(value, value_size)
    if wire_type == LENGTH_PREFIXED:
        return start + varint(len(value), min(value_size, 5)) + value
    return start + value


def unknown_fields(numbers):
    return st.one_of(
        st.builds(encode_field, st.sampled_from(numbers), st.just(wire_type), values, SIZES)
        for wire_type, values in [
            (VARINT, st.integers(0, 2**70 - 1)),
            (FIXED64, st.binary(min_size=8, max_size=8)),
            (LENGTH_PREFIXED, DATA),
            (FIXED32, st.binary(min_size=4, max_size=4)),
        ]
    )


UNKNOWN_FIELDS = unknown_fields(UNKNOWN_NUMBERS)

# Unknown to protobuf-c, and no fields at all to google's protobuf; field number 0 is overlong.
ODD_FIELDS = unknown_fields(LARGE_NUMBERS) | st.sampled_from(
    [encode_field(0, FIXED64, bytes(8), (2, 0)), encode_field(0, FIXED32, bytes(4), (5, 0))]
)

# Each of these spoils the message it stands in, or nearly always.
BAD_FIELDS = st.one_of(
    st.builds(key, st.integers(0, 20), st.sampled_from([START_GROUP, END_GROUP, 6, 7])),
    st.integers(1, 20).map(lambda number: key(number, START_GROUP) + key(number, END_GROUP)),
    st.sampled_from(
        [
            bytes([VARINT, 0]),  # field number 0
            bytes([LENGTH_PREFIXED, 0]),
            key(5, VARINT) + varint(0, 11),
            key(1, VARINT) + varint(0, 11),
            key(5, VARINT, 6) + varint(0),
            key(5, LENGTH_PREFIXED) + varint(0, 6),
            key(5, LENGTH_PREFIXED) + varint(2**31),
            key(5, LENGTH_PREFIXED) + varint(2**32 + 1) + b"a",
            key(3, LENGTH_PREFIXED) + varint(100) + b"too short",
            key(1, FIXED32) + bytes(4),
            key(2, FIXED64) + bytes(8),
            key(3, VARINT) + varint(0),
            key(4, VARINT) + varint(0),
            key(5, VARINT) + b"\x80",
            b"\x80",
            # In a record: indexes outside their tables.
            key(1, VARINT) + varint(4),
            key(2, VARINT) + varint(3),
            key(1, VARINT) + varint(2**64 - 1),
        ]
    ),
)

# Messages

BOOLEANS = st.booleans()


@st.composite
def shuffled(draw, fields, extra_fields):
    """A message of `fields`, arguments for encode_field, and of extra ones, in any order."""
    encoded = [encode_field(*field, draw(SIZES)) for field in fields]
    encoded += draw(extra_fields)
    return b"".join(draw(st.permutations(encoded)))


@st.composite
def tags(draw, extra_fields):
    fields = [(1, LENGTH_PREFIXED, draw(KEYS))]
    if draw(st.booleans()):
        fields.append((2, LENGTH_PREFIXED, draw(KEYS)))
    return draw(shuffled(fields, extra_fields))


@st.composite
def records(draw, extra_fields, partition_keys, explicit_hash_keys, has_hash_key):
    """Record messages whose indexes lie inside tables of these sizes.

    `has_hash_key` draws whether a record has an explicit hash key, where there are any.
    """
    fields: list[tuple[int, int, Any]] = [(3, LENGTH_PREFIXED, draw(DATA))]
    for _ in range(draw(st.sampled_from([1, 1, 1, 2]))):
        fields.append((1, VARINT, draw(st.integers(0, partition_keys - 1))))
    if explicit_hash_keys and draw(has_hash_key):
        fields.append((2, VARINT, draw(st.integers(0, explicit_hash_keys - 1))))
    for tag in draw(st.lists(tags(extra_fields), max_size=1)):
        fields.append((4, LENGTH_PREFIXED, tag))
    return draw(shuffled(fields, extra_fields))


@st.composite
def messages(draw, extra_fields, keys=KEYS, has_hash_key=BOOLEANS, hash_keys=None):
    """AggregatedRecord messages; they and the messages inside have what `extra_fields` draws.

    Explicit hash keys are drawn from `keys` as well, unless `hash_keys` says otherwise.
    """
    partition_keys = draw(st.lists(keys, min_size=1, max_size=4))
    explicit_hash_keys = draw(st.lists(keys if hash_keys is None else hash_keys, max_size=3))
    sizes = len(partition_keys), len(explicit_hash_keys)
    record_messages = st.lists(records(extra_fields, *sizes, has_hash_key), max_size=4)
    fields = [(1, LENGTH_PREFIXED, each) for each in partition_keys]
    fields += [(2, LENGTH_PREFIXED, each) for each in explicit_hash_keys]
    fields += [(3, LENGTH_PREFIXED, each) for each in draw(record_messages)]
    return draw(shuffled(fields, extra_fields))


def sometimes(fields):
    return st.sampled_from([0, 0, 0, 1]).flatmap(
        lambda size: st.lists(fields, min_size=size, max_size=size)
    )


HONEST_MESSAGES = messages(st.just(()))
ODD_MESSAGES = messages(sometimes(UNKNOWN_FIELDS | ODD_FIELDS))
BAD_MESSAGES = messages(sometimes(UNKNOWN_FIELDS | BAD_FIELDS))

# Messages that google's protobuf reads in the same way, and aws_kinesis_agg as well: no field
# numbers out of its range, no keys but UTF-8, and an explicit hash key in all records or in none.
PEERS_MESSAGES = messages(sometimes(UNKNOWN_FIELDS), UTF8_KEYS, st.just(True))

# Hash keys as they should be, with some that are none.
HASH_KEYS = st.one_of(
    st.integers(0, 2**128 - 1).map(lambda number: b"%d" % number),
    st.sampled_from([b"0", b"007", b"%d" % (2**127), b"%d" % (2**128 - 1)]),
    st.sampled_from([b"0"] * 9 + [b"", b"%d" % 2**128, b"-1", b"1_0", b" 1", "\u0663".encode()]),
)
SHARD_MESSAGES = messages(sometimes(UNKNOWN_FIELDS), KEYS, BOOLEANS, HASH_KEYS)


@st.composite
def mutated(draw, byte_strings):
    """A byte string with one thing done to it."""
    whole = draw(byte_strings)
    at = draw(st.integers(0, max(len(whole) - 1, 0)))
    before, after = whole[:at], whole[at + 1 :]
    middle = draw(
        st.one_of(
            st.integers(0, 7).map(
                lambda bit: bytes(byte ^ 1 << bit for byte in whole[at : at + 1])
            ),
            st.sampled_from([b"", b"\x00", b"\x80", b"\xff", b"\x7f"]),
            st.binary(max_size=3).map(lambda inserted: inserted + whole[at : at + 1]),
            st.none(),
        )
    )
    return before if middle is None else before + middle + after


PAYLOADS = st.one_of(
    HONEST_MESSAGES.map(payload),
    ODD_MESSAGES.map(payload),
    BAD_MESSAGES.map(payload),
    SHARD_MESSAGES.map(payload),
    mutated(HONEST_MESSAGES).map(payload),
    mutated(ODD_MESSAGES.map(payload)),
    st.binary(max_size=30),
    st.binary(max_size=30).map(lambda rest: MAGIC + rest),
)

# Text

ODD_PIECES = st.sampled_from(
    ["\n", "\r\n", " ", "=", "==", "===", "-", "_", "\0", "\xe9", "\u20ac", "A", "8"]
)


@st.composite
def texts(draw):
    """base64 text as it should be, or with something odd in it, or cut short."""
    text = base64_text(draw(PAYLOADS))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        at = draw(st.integers(0, len(text)) | st.integers(0, min(len(text), 8)))
        text = text[:at] + draw(ODD_PIECES) + text[at:]
    if draw(st.sampled_from([False] * 7 + [True])):
        text = text[: draw(st.integers(0, len(text)))]
    return text


TEXTS = texts()


class Text(str):
    """A str that is not exactly one."""


DATA_FORMS = st.sampled_from(
    [
        str,
        str,
        Text,
        lambda text: text.encode(),
        lambda text: bytearray(text.encode()),
        lambda text: memoryview(text.encode()),
    ]
)

# Kinesis records

METADATA_KEYS = [
    "kinesisSchemaVersion",
    "sequenceNumber",
    "approximateArrivalTimestamp",
    "partitionKey",
]
OTHER_KINESIS_KEYS = [
    "encryptionType",
    "recordId",
    "explicitHashKey",
    "subSequenceNumber",
    "aggregated",
    "kinesis",
    "",
    7,
    None,
]
OUTER_KEYS = [
    "eventSource",
    "eventID",
    "awsRegion",
    "data",
    "aggregated",
    "sequenceNumber",
    7,
    None,
]

# Made anew for each draw, so that sharing shows as identity.
METADATA_VALUES = st.one_of(
    st.just("1.0"),
    st.integers(0, 2**190).map(str),
    st.floats(0, 2e9),
    st.none(),
    st.builds(list),
    st.builds(object),
)

MAPPING_FORMS = st.sampled_from(
    [dict] * 6 + [collections.OrderedDict, collections.UserDict, types.MappingProxyType]
)


@st.composite
def mappings(draw, keys, required):
    """A mapping of `required` and of some of `keys`, in any order."""
    chosen = draw(st.permutations([*required, *keys]))
    chosen = chosen[: draw(st.integers(0, len(chosen)))] + list(required)
    items = {
        each: required[each] if each in required else draw(METADATA_VALUES) for each in chosen
    }
    return draw(MAPPING_FORMS)(items)


@st.composite
def kinesis_records(draw, data=TEXTS):
    """Lambda records; metadata may be missing, odd or more than usual."""
    kinesis = draw(
        mappings(METADATA_KEYS + OTHER_KINESIS_KEYS, {"data": draw(DATA_FORMS)(draw(data))})
    )
    return draw(mappings(OUTER_KEYS, {"kinesis": kinesis}))
