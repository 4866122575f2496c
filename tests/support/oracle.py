"""The oracle: a second reading of KPL aggregates, with which the package is compared.

Pure Python that shares nothing with the package: the varints are its own, the digest is
hashlib's, base64 is binascii's. It is written for comparison with the format, not for speed.

Sources: the aggregation format,
https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md; the wire
format, https://protobuf.dev/programming-guides/encoding/; and, for messages that are odd or
malformed, what `protobuf_c_message_unpack` of protobuf-c 1.4.1 does (protobuf-c/protobuf-c.c;
1.5.1 does the same). Hash keys are those of AggregatorUtil in the Kinesis Client
Library, https://github.com/awslabs/amazon-kinesis-client. oracle_sources.py has the sources.

It leaves out one rule: the package's cap on the memory of a message.
"""

import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import oracle_sources

MAGIC = b"\xf3\x89\x9a\xc2"
DIGEST_SIZE = 16

# Text that is the base64 of the magic and whatever follows: 5 characters and 2 bits of the sixth.
MAGIC_TEXT = re.compile(r"84maw[g-v]")

# The reasons for damage, as the package words them.
NOT_BASE64 = "not base64"
TOO_SHORT = "too short"
WRONG_DIGEST = "wrong digest"
BAD_MESSAGE = "malformed message"
BAD_INDEX = "index outside its table"
NO_USER_RECORDS = "no user records"
BAD_HASH_KEY = "invalid explicit hash key"

VARINT, FIXED64, LENGTH_PREFIXED, FIXED32 = 0, 1, 2, 5

# The wire types of each message's known fields, by field number.
AGGREGATED_RECORD = {1: LENGTH_PREFIXED, 2: LENGTH_PREFIXED, 3: LENGTH_PREFIXED}
RECORD = {1: VARINT, 2: VARINT, 3: LENGTH_PREFIXED, 4: LENGTH_PREFIXED}
TAG = {1: LENGTH_PREFIXED, 2: LENGTH_PREFIXED}

# The longest forms of a varint, in bytes: as a field's key, as its value and as its length.
LONGEST_KEY = 5
LONGEST_VARINT = 10
LONGEST_LENGTH = 5


class DamagedError(Exception):
    """A payload has the magic but is not an aggregate; the argument is the reason."""


class StrictError(Exception):
    """Raised with `strict`; the arguments are the sequence number and the reason."""


class Options(NamedTuple):
    """The functions' options."""

    data_format: str | None = None
    decode: bool = False
    strict: bool = False
    verify: bool = True
    hash_key_range: tuple[int, int] | None = None


class Tag(NamedTuple):
    key: bytes
    value: bytes | None


class Record(NamedTuple):
    """The Record message."""

    partition_key_index: int
    explicit_hash_key_index: int | None
    data: bytes
    tags: list[Tag]


class AggregatedRecord(NamedTuple):
    """The AggregatedRecord message."""

    partition_key_table: list[bytes]
    explicit_hash_key_table: list[bytes]
    records: list[Record]


class UserRecord(NamedTuple):
    """A user record, which the producer handed to the KPL."""

    partition_key: str
    explicit_hash_key: str | None
    data: bytes
    tags: list[tuple[str, str | None]]


# The protobuf message


def read_varint(message: bytes, at: int, longest: int) -> tuple[int, int]:
    """Returns the number at `at` and where it ends; it takes up `longest` bytes at most."""
    number = 0
    for i, byte in enumerate(message[at : at + longest]):
        number |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return number, at + i + 1
    raise DamagedError(BAD_MESSAGE)


def read_key(message: bytes, at: int) -> tuple[int, int, int]:
    """Returns the field number, the wire type and where the field's value starts.

    The field number has up to 32 bits. 0 is rejected only in its shortest form: protobuf-c looks
    at the first byte alone, so the overlong forms of 0 are those of an unknown field.
    """
    if message[at] & 0xF8 == 0:
        raise DamagedError(BAD_MESSAGE)
    key, at = read_varint(message, at, LONGEST_KEY)
    return key >> 3, key & 7, at


def read_value(message: bytes, at: int, wire_type: int) -> tuple[int | bytes, int]:
    """Returns the value at `at` and where it ends; rejects groups and wire types 6 and 7."""
    if wire_type == VARINT:
        number, end = read_varint(message, at, LONGEST_VARINT)
        return number % 2**64, end
    if wire_type == LENGTH_PREFIXED:
        length, at = read_varint(message, at, LONGEST_LENGTH)
    elif wire_type == FIXED64:
        length = 8
    elif wire_type == FIXED32:
        length = 4
    else:
        raise DamagedError(BAD_MESSAGE)
    if length > len(message) - at:
        raise DamagedError(BAD_MESSAGE)
    return message[at : at + length], at + length


def read_fields(message: bytes, wire_types: dict[int, int]) -> Iterator[tuple[int, Any]]:
    """Yields the number and the value of each known field, that is, each in `wire_types`."""
    at = 0
    while at < len(message):
        number, wire_type, at = read_key(message, at)
        value, at = read_value(message, at, wire_type)
        if number in wire_types:
            if wire_type != wire_types[number]:
                raise DamagedError(BAD_MESSAGE)
            yield number, value


def require_fields(values: dict[int, Any], required: set[int]) -> None:
    if not required <= values.keys():
        raise DamagedError(BAD_MESSAGE)


def read_tag(message: bytes) -> Tag:
    values = dict(read_fields(message, TAG))  # the last of a repeated one wins
    require_fields(values, {1})
    return Tag(values[1], values.get(2))


def read_record(message: bytes) -> Record:
    values = {}
    tags = []
    for number, value in read_fields(message, RECORD):
        if number == 4:
            tags.append(read_tag(value))
        else:
            values[number] = value
    require_fields(values, {1, 3})
    return Record(values[1], values.get(2), values[3], tags)


def read_aggregated_record(message: bytes) -> AggregatedRecord:
    aggregated_record = AggregatedRecord([], [], [])
    for number, value in read_fields(message, AGGREGATED_RECORD):
        if number == 1:
            aggregated_record.partition_key_table.append(value)
        elif number == 2:
            aggregated_record.explicit_hash_key_table.append(value)
        else:
            aggregated_record.records.append(read_record(value))
    return aggregated_record


# The aggregate


def md5(message: bytes) -> bytes:
    return hashlib.md5(message, usedforsecurity=False).digest()


def text_of(utf8: bytes) -> str:
    return utf8.decode("utf-8", "replace")


def key_at(table: list[bytes], index: int) -> str:
    if index >= len(table):
        raise DamagedError(BAD_INDEX)
    return text_of(table[index])


def read_user_record(record: Record, aggregated_record: AggregatedRecord) -> UserRecord:
    partition_key = key_at(aggregated_record.partition_key_table, record.partition_key_index)
    explicit_hash_key = None
    if record.explicit_hash_key_index is not None:
        table = aggregated_record.explicit_hash_key_table
        explicit_hash_key = key_at(table, record.explicit_hash_key_index)
    tags = [
        (text_of(key), None if value is None else text_of(value)) for key, value in record.tags
    ]
    return UserRecord(partition_key, explicit_hash_key, record.data, tags)


def read_payload(payload: bytes, verify: bool = True) -> list[UserRecord] | None:
    """Returns the user records of an aggregate, or None for a payload without the magic."""
    if not payload.startswith(MAGIC):
        return None
    rest = payload[len(MAGIC) :]
    if len(rest) <= DIGEST_SIZE:
        raise DamagedError(TOO_SHORT)
    message, digest = rest[:-DIGEST_SIZE], rest[-DIGEST_SIZE:]
    if verify and md5(message) != digest:
        raise DamagedError(WRONG_DIGEST)
    aggregated_record = read_aggregated_record(message)
    user_records = [
        read_user_record(record, aggregated_record) for record in aggregated_record.records
    ]
    if not verify and not user_records:
        raise DamagedError(NO_USER_RECORDS)
    return user_records


def hash_key(user_record: UserRecord) -> int:
    """Returns the number that decides which shard a user record belongs to."""
    if user_record.explicit_hash_key is None:
        return int.from_bytes(md5(user_record.partition_key.encode()), "big")
    if not re.fullmatch("[0-9]+", user_record.explicit_hash_key):
        raise DamagedError(BAD_HASH_KEY)
    number = int(user_record.explicit_hash_key)
    if number >= 2**128:
        raise DamagedError(BAD_HASH_KEY)
    return number


def read_text(data: Any) -> bytes | None:
    """Returns the payload of base64 text, or None for text that does not decode.

    `data` is a `str` or bytes-like.
    """
    try:
        return binascii.a2b_base64(data)
    except ValueError:  # binascii.Error, or a str that is not ASCII
        text = data if isinstance(data, str) else str(data, "latin-1")
        if MAGIC_TEXT.match(text):
            raise DamagedError(NOT_BASE64) from None
        return None


def is_exact(data: Any, payload: bytes) -> bool:
    """Whether every character of text except padding and line breaks is part of the payload."""
    text = data if isinstance(data, str) else str(data, "latin-1")
    characters = re.sub(r"[=\r\n]", "", text)
    in_alphabet = re.fullmatch(r"[A-Za-z0-9+/]*", characters) is not None
    return in_alphabet and len(characters) * 3 // 4 == len(payload)


# The Kinesis record


def user_record_dict(
    record: Mapping, sub_sequence_number: int, user_record: UserRecord, decode: bool
) -> dict[Any, Any]:
    """Returns the user record in the shape of the Kinesis record it came in, which is Lambda's."""
    metadata = record["kinesis"]
    kinesis: dict[Any, Any] = {}
    for key in ("kinesisSchemaVersion", "sequenceNumber", "approximateArrivalTimestamp"):
        if key in metadata:
            kinesis[key] = metadata[key]
    kinesis["explicitHashKey"] = user_record.explicit_hash_key
    kinesis["partitionKey"] = user_record.partition_key
    kinesis["subSequenceNumber"] = sub_sequence_number
    kinesis["aggregated"] = True
    kinesis["data"] = (
        user_record.data
        if decode
        else binascii.b2a_base64(user_record.data, newline=False).decode("ascii")
    )
    for key in metadata:
        if key not in kinesis:
            kinesis[key] = metadata[key]
    outer = {"kinesis": kinesis}
    for key in record:
        if key != "kinesis":
            outer[key] = record[key]
    return outer


def read_bytes(kinesis_record: oracle_sources.KinesisRecord) -> bytes | None:
    """Returns the bytes of a payload; None, or a DamagedError, for text that does not decode."""
    if kinesis_record.is_text:
        return read_text(kinesis_record.payload)
    return bytes(kinesis_record.payload)


def passed_through(
    kinesis_record: oracle_sources.KinesisRecord, payload: bytes | None, options: Options
) -> Any:
    """Returns the result for a plain or damaged record; `payload` is None for odd text."""
    record, is_converted = kinesis_record.record, kinesis_record.is_converted
    if payload is None or not (options.decode or is_converted):
        return record
    if options.decode:
        return oracle_sources.with_data(record, payload)
    keeps_bytes = options.data_format == "Boto3" and kinesis_record.source == oracle_sources.BOTO3
    if isinstance(kinesis_record.payload, str) or keeps_bytes:
        return record
    text = binascii.b2a_base64(payload, newline=False).decode("ascii")
    return oracle_sources.with_data(record, text)


def log_name(sequence_number: Any) -> Any:
    return "without a sequence number" if sequence_number is None else sequence_number


def deaggregate_record(record: Any, log: list[tuple[Any, ...]], options: Options) -> list[Any]:
    """Returns the results for one Kinesis record, and adds to the log."""
    kinesis_record = oracle_sources.read(record)
    metadata = kinesis_record.record["kinesis"]
    sequence_number = metadata.get("sequenceNumber")
    payload, user_records, reason = None, None, None
    try:
        payload = read_bytes(kinesis_record)
        user_records = None if payload is None else read_payload(payload, options.verify)
        hash_keys = [hash_key(each) for each in user_records or () if options.hash_key_range]
    except DamagedError as damage:
        user_records, reason = None, str(damage)
    if user_records is not None:
        first, last = options.hash_key_range or (0, 0)
        if not all(first <= each <= last for each in hash_keys):
            log.append((log_name(sequence_number),))
            return []
        return [
            user_record_dict(kinesis_record.record, number, user_record, options.decode)
            for number, user_record in enumerate(user_records)
        ]
    is_odd_text = options.decode and kinesis_record.is_text and payload is not None
    if is_odd_text and not is_exact(kinesis_record.payload, payload):
        payload = None
    if options.decode and payload is None and reason is None:
        reason = NOT_BASE64
    if reason is not None:
        if options.strict:
            raise StrictError(sequence_number, reason)
        log.append((log_name(sequence_number), reason))
    return [passed_through(kinesis_record, payload, options)]


def iter_deaggregate(
    records: Iterable | Mapping, log: list[tuple[Any, ...]], options: Options
) -> Iterator[Any]:
    """Yields the results for `records`, and adds to the log.

    An entry is (sequence number, reason) for damage, (sequence number,) for a dropped aggregate.
    """
    for record in oracle_sources.records_of(records):
        yield from deaggregate_record(record, log, options)


def deaggregate(
    records: Iterable | Mapping, **options: Any
) -> tuple[list[Any], list[tuple[Any, ...]]]:
    """Returns the results for `records`, and the log."""
    log: list[tuple[Any, ...]] = []
    return list(iter_deaggregate(records, log, Options(**options))), log


def deaggregate_records(records: Iterable | Mapping) -> list[Any]:
    """The package's function of this name, without the log lines."""
    return deaggregate(records)[0]
