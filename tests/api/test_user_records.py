"""The user records of an aggregate: their keys, their values and their number."""

import base64
import json
import random

import pytest
from aggregates import aggregated_kinesis_record, kinesis_record, message, payload, record, tag

from aws_kpl_deagg import deaggregate_records


def kinesis_of(aggregated_record):
    """The inner dicts of the user records in this message."""
    user_records = deaggregate_records([aggregated_kinesis_record(aggregated_record)])
    return [each["kinesis"] for each in user_records]


def data_of(inner):
    return base64.b64decode(inner["data"])


# The dict


def test_whole_user_record_in_its_order():
    one = {
        "eventID": "shardId-000000000003:1",
        "kinesis": {
            "encryptionType": "KMS",
            "partitionKey": "the aggregate's",
            "data": kinesis_record(payload(message([b"key"], [record(0, b"data", 0)], [b"7"])))[
                "kinesis"
            ]["data"],
            "approximateArrivalTimestamp": 1518133507.063,
            "recordId": "r",
            "sequenceNumber": "1",
            "kinesisSchemaVersion": "1.0",
        },
        "data": "outer",
        "awsRegion": "us-east-1",
    }
    (user_record,) = deaggregate_records([one])
    # Compared as text, so that the order counts as well.
    assert json.dumps(user_record) == json.dumps(
        {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "sequenceNumber": "1",
                "approximateArrivalTimestamp": 1518133507.063,
                "explicitHashKey": "7",
                "partitionKey": "key",
                "subSequenceNumber": 0,
                "aggregated": True,
                "data": "ZGF0YQ==",
                "encryptionType": "KMS",
                "recordId": "r",
            },
            "eventID": "shardId-000000000003:1",
            "data": "outer",
            "awsRegion": "us-east-1",
        }
    )
    assert user_record["kinesis"]["aggregated"] is True


def test_missing_metadata_is_left_out():
    data = aggregated_kinesis_record(message([b"key"], [record(0)]))["kinesis"]["data"]
    (user_record,) = deaggregate_records([{"kinesis": {"data": data}}])
    names = ["explicitHashKey", "partitionKey", "subSequenceNumber", "aggregated", "data"]
    assert list(user_record) == ["kinesis"]
    assert list(user_record["kinesis"]) == names


def test_keys_of_the_user_record_override_those_of_the_kinesis_record():
    one = aggregated_kinesis_record(message([b"key"], [record(0, b"1"), record(0, b"2")]))
    claims = {"explicitHashKey": "9", "subSequenceNumber": 9, "aggregated": False}
    one["kinesis"].update(claims)
    first, second = (each["kinesis"] for each in deaggregate_records([one]))
    for number, inner in enumerate((first, second)):
        assert inner["explicitHashKey"] is None
        assert inner["subSequenceNumber"] == number
        assert inner["aggregated"] is True
        assert inner["partitionKey"] == "key"


def test_sub_sequence_numbers_restart_with_each_aggregate():
    one = aggregated_kinesis_record(message([b"key"], [record(0)] * 300))
    user_records = deaggregate_records([one, one])
    assert [each["kinesis"]["subSequenceNumber"] for each in user_records] == [*range(300)] * 2


# Keys


@pytest.mark.parametrize(
    ("utf8", "text"),
    [
        (b"", ""),
        (b"a\0b", "a\0b"),
        (b"\0", "\0"),
        ("ü".encode(), "ü"),
        ("€".encode(), "€"),
        ("🔑".encode(), "🔑"),
        ("a🔑\0ü".encode(), "a🔑\0ü"),
        (b"\xff", "�"),
        (b"a\xc3", "a�"),
        (b"\xe2\x82", "�"),
        (b"\xed\xa0\x80", "���"),
        (b"\xc0\x80", "��"),
        (b"\xf4\x90\x80\x80", "����"),
        (b"x" * 100_000, "x" * 100_000),
    ],
    ids=ascii,
)
def test_keys_are_utf8(utf8, text):
    (inner,) = kinesis_of(message([utf8], [record(0, b"data", 0)], [utf8]))
    assert inner["partitionKey"] == inner["explicitHashKey"] == text


def test_explicit_hash_keys_are_there_or_none():
    records = [record(0, b"", 1), record(0), record(0, b"", 0), record(0)]
    inners = kinesis_of(message([b"key"], records, [b"0", b"1"]))
    assert [each["explicitHashKey"] for each in inners] == ["1", None, "0", None]


def test_indexes_choose_from_their_tables():
    order = [3, 0, 299, 3, 1]
    keys = [b"p%d" % i for i in range(300)]
    hash_keys = [b"%d" % i for i in range(300)]
    inners = kinesis_of(message(keys, [record(i, b"", 299 - i) for i in order], hash_keys))
    assert [each["partitionKey"] for each in inners] == [f"p{i}" for i in order]
    assert [each["explicitHashKey"] for each in inners] == [str(299 - i) for i in order]


# The message


def test_tags_are_ignored():
    tags = [tag(b"name", b"value"), tag(b"without value"), tag(b"", b"")]
    inners = kinesis_of(message([b"key"], [record(0, b"x", tags=tags), record(0, b"y")]))
    assert [data_of(each) for each in inners] == [b"x", b"y"]
    assert not any("tags" in each for each in inners)


def test_aggregate_inside_a_user_record_is_data():
    inside = payload(message([b"inner key"], [record(0, b"inner data")]))
    (inner,) = kinesis_of(message([b"key"], [record(0, inside)]))
    assert inner["partitionKey"] == "key"
    assert data_of(inner) == inside


@pytest.mark.parametrize("hash_keys", [[], [b"7"]])
def test_aggregate_without_records_holds_no_user_record(hash_keys):
    assert kinesis_of(message([b"key"], [], hash_keys)) == []


# Data


@pytest.mark.parametrize("size", [*range(70), 255, 256, 4095, 4096, 4097, 100_000])
def test_data_of_every_size(size):
    data = random.Random(size).randbytes(size)
    inners = kinesis_of(message([b"key"], [record(0, data), record(0), record(0, data[::-1])]))
    assert [each["data"] for each in inners] == [
        base64.b64encode(each).decode() for each in (data, b"", data[::-1])
    ]


# Size


def test_seventy_thousand_user_records_with_keys_of_their_own():
    count = 70_000  # more than 16 bits can number
    keys = [b"%d" % i for i in range(count)]
    records = [record(i, keys[i], count - 1 - i) for i in range(count)]
    inners = kinesis_of(message(keys, records, keys))
    assert [each["subSequenceNumber"] for each in inners] == list(range(count))
    assert [each["partitionKey"] for each in inners] == list(map(str, range(count)))
    assert [each["explicitHashKey"] for each in inners] == list(map(str, range(count)))[::-1]
    assert list(map(data_of, inners)) == keys
