"""What comes out of an aggregate: the keys and values of its user records, however many."""

import base64
import json
import random

import pytest
from aggregates import (
    aggregated_kinesis_record,
    bytes_field,
    kinesis_record,
    message,
    payload,
    record,
    tag,
)
from hostile import LARGEST_PAYLOAD

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records


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
    # Compared as text, so that the order counts too.
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


def test_metadata_that_is_not_there_is_left_out():
    data = aggregated_kinesis_record(message([b"key"], [record(0)]))["kinesis"]["data"]
    (user_record,) = deaggregate_records([{"kinesis": {"data": data}}])
    names = ["explicitHashKey", "partitionKey", "subSequenceNumber", "aggregated", "data"]
    assert list(user_record) == ["kinesis"]
    assert list(user_record["kinesis"]) == names


def test_what_the_record_claims_of_itself_does_not_show():
    one = aggregated_kinesis_record(message([b"key"], [record(0, b"1"), record(0, b"2")]))
    claims = {"explicitHashKey": "9", "subSequenceNumber": 9, "aggregated": False}
    one["kinesis"].update(claims)
    first, second = (each["kinesis"] for each in deaggregate_records([one]))
    for number, inner in enumerate((first, second)):
        assert inner["explicitHashKey"] is None
        assert inner["subSequenceNumber"] == number
        assert inner["aggregated"] is True
        assert inner["partitionKey"] == "key"


def test_keys_of_the_record_need_not_be_text():
    one = aggregated_kinesis_record(message([b"key"], [record(0)]))
    one[7] = one["kinesis"][("a", 1)] = "value"
    (user_record,) = deaggregate_records([one])
    assert user_record[7] == user_record["kinesis"][("a", 1)] == "value"


def test_sub_sequence_numbers_start_anew_with_each_aggregate():
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


def test_same_key_twice_in_a_table():
    inners = kinesis_of(message([b"key", b"key"], [record(0), record(1)]))
    assert [each["partitionKey"] for each in inners] == ["key", "key"]


# The message


def test_tags_do_not_show_and_do_no_harm():
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


def test_every_byte_in_every_position_of_a_base64_group():
    every = bytes(range(256))
    datas = [b"x" * lead + every for lead in range(3)]
    inners = kinesis_of(message([b"key"], [record(0, each) for each in datas]))
    assert [data_of(each) for each in inners] == datas


# Size


def aggregate_of_size(size, head, field):
    """A Kinesis record with a payload of exactly `size` bytes: `head`, then `field` as often as it
    fits, then one user record that fills up the rest. Returns it with the number of fields.
    """
    room = size - 20 - len(head)
    count = (room - 5000) // len(field)
    room -= count * len(field)
    filler = bytes_field(3, record(0, b"z" * (room - 10)))
    filler = bytes_field(3, record(0, b"z" * (room - 10 - (len(filler) - room))))
    one = payload(head + field * count + filler)
    assert len(one) == size
    return kinesis_record(one), count


def test_ten_mebibytes_of_one_user_record():
    one, _ = aggregate_of_size(
        LARGEST_PAYLOAD, bytes_field(1, b"k"), bytes_field(3, record(0, b"y" * 2**23))
    )
    datas = [data_of(each["kinesis"]) for each in deaggregate_records([one])]
    assert datas[0] == b"y" * 2**23
    assert set(datas[1]) == {ord("z")}


def test_ten_mebibytes_of_kibibytes():
    data = bytes(range(256)) * 4
    head = bytes_field(1, b"k")
    one, count = aggregate_of_size(LARGEST_PAYLOAD, head, bytes_field(3, record(0, data)))
    text = base64.b64encode(data).decode()
    numbers = []
    for user_record in iter_deaggregate_records([one]):
        numbers.append(user_record["kinesis"]["subSequenceNumber"])
        assert user_record["kinesis"]["data"] == text or len(numbers) == count + 1
    assert numbers == list(range(count + 1))


def test_seventy_thousand_user_records_with_keys_of_their_own():
    count = 70_000  # more than 16 bits can number
    keys = [b"%d" % i for i in range(count)]
    records = [record(i, keys[i], count - 1 - i) for i in range(count)]
    inners = kinesis_of(message(keys, records, keys))
    assert [each["subSequenceNumber"] for each in inners] == list(range(count))
    assert [each["partitionKey"] for each in inners] == list(map(str, range(count)))
    assert [each["explicitHashKey"] for each in inners] == list(map(str, range(count)))[::-1]
    assert list(map(data_of, inners)) == keys
