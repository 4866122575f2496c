"""Messages and texts that are made to be costly are read exactly, or rejected with one log line.

runtime/test_memory_use.py and `benchmarks/hostile` measure their cost.
"""

import base64

import oracle
import pytest
from aggregates import (
    ALL_HASH_KEYS,
    BUILDERS,
    END_GROUP,
    LENGTH_PREFIXED,
    SEQUENCE_NUMBER,
    START_GROUP,
    base64_text,
    bytes_field,
    key,
    kinesis_record,
    message,
    payload,
    record,
    tag,
    varint,
    varint_field,
)
from comparison import assert_same_outputs, logged
from hostile import (
    FIELDS,
    HOSTILE,
    LARGEST_PAYLOAD,
    OVER_THE_CAP,
    SOUND,
    greediest_count,
    in_message,
    in_record,
    in_tag,
    nested,
)

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records, unpack

SMALL_PAYLOAD = 20_000

sources = pytest.mark.parametrize("source", ["Lambda", "boto3"])


def cases(table):
    return pytest.mark.parametrize("case", table.values(), ids=table)


def triple(user_record):
    kinesis = user_record["kinesis"]
    data = base64.b64decode(kinesis["data"])
    return kinesis["partitionKey"], kinesis["explicitHashKey"], data


def assert_as_the_oracle(records):
    expected, expected_log = oracle.deaggregate(records)
    with logged() as log:
        actual = deaggregate_records(records)
    assert log == expected_log
    assert_same_outputs(actual, expected, records)


def assert_untouched(kinesis_record, reason):
    with logged() as log:
        assert deaggregate_records([kinesis_record])[0] is kinesis_record
        outputs = list(iter_deaggregate_records([kinesis_record]))
    assert len(outputs) == 1
    assert outputs[0] is kinesis_record
    assert log == [(SEQUENCE_NUMBER, reason)] * 2


# Messages


@cases(HOSTILE)
@sources
def test_hostile_messages_are_read_as_the_oracle_reads_them(source, case):
    hostile_payload = payload(case.message(case.count_for(SMALL_PAYLOAD)))
    assert SMALL_PAYLOAD - 100 < len(hostile_payload) <= SMALL_PAYLOAD
    assert_as_the_oracle([BUILDERS[source](hostile_payload)])


@pytest.mark.parametrize(
    "name",
    [
        "the smallest records",
        "records of 15 tags",
        "partition keys of a byte",
        "empty hash keys",
        "unknown bytes",
        "one data, of which the last counts",
    ],
)
def test_hostile_messages_of_the_largest_size(name):
    case = HOSTILE[name]
    count = case.count_for(LARGEST_PAYLOAD)
    hostile_payload = payload(case.message(count))
    assert LARGEST_PAYLOAD - 100 < len(hostile_payload) <= LARGEST_PAYLOAD
    expected = case.user_record_count(count)
    for number, output in enumerate(iter_deaggregate_records(kinesis_record(hostile_payload))):
        assert output["kinesis"]["subSequenceNumber"] == number
    assert number == expected - 1
    assert triple(output) == SOUND


@cases(OVER_THE_CAP)
@sources
def test_messages_over_the_cap_are_passed_through(source, case):
    hostile_payload = payload(case.message(greediest_count(12)))
    hostile_record = BUILDERS[source](hostile_payload)
    with logged() as log:
        (output,) = deaggregate_records([hostile_record])
    assert log == [(SEQUENCE_NUMBER, "needs too much memory")]
    assert output["kinesis"]["data"] == base64_text(hostile_payload)
    assert (output is hostile_record) == (source == "Lambda")


def test_unknown_fields_nested_deeper_than_the_stack():
    hostile_payload = payload(nested(depth=300_000))
    assert len(hostile_payload) > 1_000_000
    (output,) = deaggregate_records(kinesis_record(hostile_payload))
    assert triple(output) == SOUND


# Lengths and indexes

# The bytes after the length are few, so none of these fits.
HOSTILE_LENGTHS = [
    power + offset for power in (2**31, 2**32, 2**63, 2**64) for offset in (-9, -1, 0, 1, 9)
]

# A field's number, the message it is in, and a valid content.
LENGTH_POSITIONS = {
    "partition key": (1, in_message, b"x"),
    "hash key": (2, in_message, b"x"),
    "record": (3, in_message, FIELDS),
    "data": (3, in_record, b"x"),
    "tag": (4, in_record, tag(b"x")),
    "tag's key": (1, in_tag, b"x"),
    "tag's value": (2, in_tag, b"x"),
    "unknown field": (5, in_message, b"x"),
    "unknown field in a record": (5, in_record, b"x"),
    "unknown field in a tag": (5, in_tag, b"x"),
}


@cases(LENGTH_POSITIONS)
def test_hostile_lengths(case):
    number, around, content = case
    for length in HOSTILE_LENGTHS:
        hostile_field = key(number, LENGTH_PREFIXED) + varint(length) + content
        hostile_record = kinesis_record(payload(around(hostile_field)))
        assert_untouched(hostile_record, oracle.BAD_MESSAGE)
        assert_as_the_oracle([hostile_record])


@cases(LENGTH_POSITIONS)
def test_the_same_with_a_length_that_fits(case):
    number, around, content = case
    outputs = deaggregate_records(kinesis_record(payload(around(bytes_field(number, content)))))
    assert triple(outputs[-1]) == SOUND


def test_a_hostile_length_after_ten_mebibytes():
    case = HOSTILE["unknown bytes"]
    sound = case.message(case.count_for(LARGEST_PAYLOAD))
    hostile_message = sound + key(3, LENGTH_PREFIXED) + varint(2**31 - 1)
    assert_untouched(kinesis_record(payload(hostile_message)), oracle.BAD_MESSAGE)


HOSTILE_INDEXES = [
    1,
    *(power + offset for power in (2**31, 2**32, 2**63) for offset in (-1, 0, 1)),
]
HOSTILE_INDEXES += [2**64 - 1]


@pytest.mark.parametrize("index", HOSTILE_INDEXES)
@pytest.mark.parametrize("number", [1, 2])
def test_hostile_indexes(number, index):
    fields = FIELDS + varint_field(number, index)
    hostile_record = kinesis_record(payload(in_message(bytes_field(3, fields))))
    assert_untouched(hostile_record, oracle.BAD_INDEX)
    assert_as_the_oracle([hostile_record])


@pytest.mark.parametrize("around", [in_message, in_record, in_tag])
def test_groups_are_malformed(around):
    groups = key(5, START_GROUP) * 100_000 + key(5, END_GROUP) * 100_000
    assert_untouched(kinesis_record(payload(around(groups))), oracle.BAD_MESSAGE)


# Keys


@pytest.mark.parametrize("number", [1, 2])
def test_a_large_key_is_one_str_however_many_user_records_share_it(number):
    large = b"k" * 500_000
    fields = record(0) if number == 1 else record(1, b"", 0)
    tables = message([large if number == 1 else b"", b""], [], [large])
    shared_payload = payload(tables + bytes_field(3, fields) * 60_000)
    outputs = deaggregate_records(kinesis_record(shared_payload))
    name = "partitionKey" if number == 1 else "explicitHashKey"
    keys = {id(output["kinesis"][name]) for output in outputs}
    assert (len(outputs), len(keys)) == (60_000, 1)
    assert outputs[0]["kinesis"][name] == large.decode()
    unpacked = unpack(shared_payload)
    assert len({id(user_record[number - 1]) for user_record in unpacked}) == 1


@pytest.mark.parametrize("end", ["", "k", "\u00fc", "\u20ac", "\U0001f511"])
def test_a_key_of_ten_mebibytes_that_is_not_utf_8(end):
    count = LARGEST_PAYLOAD - 100
    hostile_key = b"\xff" * count + end.encode()
    hostile_record = kinesis_record(payload(message([hostile_key], [record(0)])))
    for options in ({}, {"hash_key_range": ALL_HASH_KEYS}):
        (output,) = deaggregate_records(hostile_record, **options)
        assert output["kinesis"]["partitionKey"] == "\ufffd" * count + end


def test_a_key_each_that_is_not_utf_8():
    count = 20_000
    hostile_payload = payload(message([b"\xff"] * count, map(record, range(count))))
    outputs = deaggregate_records(kinesis_record(hostile_payload), hash_key_range=ALL_HASH_KEYS)
    assert len(outputs) == count
    assert {output["kinesis"]["partitionKey"] for output in outputs} == {"\ufffd"}


@pytest.mark.parametrize(("digits", "is_hash_key"), [(b"0", True), (b"9", False)])
def test_a_hash_key_of_ten_mebibytes(digits, is_hash_key):
    hash_key = digits * (LARGEST_PAYLOAD - 100) + b"1"
    hostile_record = kinesis_record(payload(message([b"key"], [record(0, b"", 0)], [hash_key])))
    with logged() as log:
        (output,) = deaggregate_records(hostile_record, hash_key_range=(1, 1))
    if is_hash_key:
        assert output["kinesis"]["explicitHashKey"] == hash_key.decode()
        assert log == []
    else:
        assert output is hostile_record
        assert log == [(SEQUENCE_NUMBER, oracle.BAD_HASH_KEY)]


# Texts

SMALL_TEXT = base64_text(payload(message([b"key"], [record(0, b"data")])))
FILLING = LARGEST_PAYLOAD - len(SMALL_TEXT)

# The text before the filling, the filling's character, and the text after it.
TEXTS = {
    "the magic, then not base64": ("84mawg", "!", ""),
    "the magic, then NULs": ("84mawg", "\0", ""),
    "the magic, then not ASCII": ("84mawg", "\u00e9", ""),
    "the magic, then an invalid length": ("84mawgAAA", "A", ""),
    "the magic, then padding": ("84mawg", "=", ""),
    "only line breaks": ("", "\n", ""),
    "only padding": ("", "=", ""),
    "padding, then line breaks": ("=", "\n", ""),
    "line breaks before": ("", "\n", SMALL_TEXT),
    "line breaks within": (SMALL_TEXT[:9], "\n", SMALL_TEXT[9:]),
    "line breaks after": (SMALL_TEXT, "\n", ""),
    "padding within": (SMALL_TEXT[:8], "=", SMALL_TEXT[8:]),
    "an aggregate, then not base64": (SMALL_TEXT, "!", ""),
}


def filled(text, size):
    before, filling, after = text
    return before + filling * size + after


@cases(TEXTS)
def test_hostile_texts_are_read_as_the_oracle_reads_them(case):
    assert_as_the_oracle([kinesis_record(filled(case, FILLING))])


def test_hostile_texts_among_others():
    records = [kinesis_record(SMALL_TEXT)]
    for text in TEXTS.values():
        records += [kinesis_record(filled(text, 40_000)), kinesis_record(SMALL_TEXT)]
    assert_as_the_oracle(records * 3)
