"""Aggregates that boto3 puts to a Kinesis server over HTTP and gets back."""

import base64
import json

import oracle
import pytest
from aggregates import MAGIC, base64_text, message, payload, record
from comparison import logged

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records, unpack

AGGREGATES = [
    payload(
        message(
            [b"a", b"key"],
            [record(0, b"first %d" % number), record(1, bytes(number * 100), 0)],
            [b"7"],
        )
    )
    for number in range(5)
]
USER_DATA = [data for number in range(5) for data in (b"first %d" % number, bytes(number * 100))]
DAMAGED = MAGIC + bytes(30)


@pytest.fixture(scope="module")
def shards(kinesis_client):
    """The shards of a stream, as list_shards describes them."""
    kinesis_client.create_stream(StreamName="shards", ShardCount=3)
    kinesis_client.get_waiter("stream_exists").wait(StreamName="shards", WaiterConfig={"Delay": 1})
    return kinesis_client.list_shards(StreamName="shards")["Shards"]


def get_records(client, stream, shard_id):
    iterator = client.get_shard_iterator(
        StreamName=stream, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return client.get_records(ShardIterator=iterator)


@pytest.fixture(scope="module")
def response(kinesis_client):
    """What get_records returns for all aggregates, a plain payload and a damaged one."""
    kinesis_client.create_stream(StreamName="mixed", ShardCount=1)
    kinesis_client.get_waiter("stream_exists").wait(StreamName="mixed", WaiterConfig={"Delay": 1})
    put = kinesis_client.put_records(
        StreamName="mixed",
        Records=[
            {"Data": content, "PartitionKey": f"outer {number}"}
            for number, content in enumerate([*AGGREGATES, b"plain", DAMAGED])
        ],
    )
    assert put["FailedRecordCount"] == 0
    return get_records(kinesis_client, "mixed", put["Records"][0]["ShardId"])


def test_what_was_put_comes_out(response):
    with logged() as log:
        outputs = deaggregate_records(response["Records"], decode=True)
    assert [output["kinesis"]["data"] for output in outputs] == [*USER_DATA, b"plain", DAMAGED]
    assert log == [(response["Records"][-1]["SequenceNumber"], oracle.WRONG_DIGEST)]
    assert [output["kinesis"]["partitionKey"] for output in outputs] == [
        *["a", "key"] * 5,
        "outer 5",
        "outer 6",
    ]
    user_records = outputs[:-2]
    assert [each["kinesis"]["explicitHashKey"] for each in user_records] == [None, "7"] * 5
    assert [each["kinesis"]["subSequenceNumber"] for each in user_records] == [0, 1] * 5


def test_metadata_is_boto3s(response):
    sent = [each for each in response["Records"][:5] for _ in range(2)]
    for output, kinesis_record in zip(deaggregate_records(response)[:10], sent, strict=True):
        assert list(output) == ["kinesis"]
        kinesis = output["kinesis"]
        assert kinesis["sequenceNumber"] is kinesis_record["SequenceNumber"]
        arrival = kinesis_record["ApproximateArrivalTimestamp"]
        assert kinesis["approximateArrivalTimestamp"] is arrival
        assert kinesis["kinesisSchemaVersion"] == "1.0"
        assert kinesis.get("encryptionType") == kinesis_record.get("EncryptionType")


def test_ways_to_hand_it_over(response):
    outputs = deaggregate_records(response["Records"])
    assert [output["kinesis"]["data"] for output in outputs] == [
        base64_text(data) for data in [*USER_DATA, b"plain", DAMAGED]
    ]
    assert deaggregate_records(response) == outputs
    assert deaggregate_records(response["Records"], "Boto3") == outputs
    assert list(iter_deaggregate_records(response, data_format="Boto3")) == outputs
    separately = [deaggregate_records(each) for each in response["Records"]]
    assert sum(separately, []) == outputs


def test_json_of_the_command_line(response):
    """`aws kinesis get-records` prints Data as base64 text and timestamps as ISO 8601."""
    document = json.dumps(
        {key: response[key] for key in ("Records", "NextShardIterator", "MillisBehindLatest")},
        default=lambda value: (
            base64.b64encode(value).decode() if isinstance(value, bytes) else value.isoformat()
        ),
    )
    outputs = deaggregate_records(json.loads(document))
    for output, expected in zip(outputs, deaggregate_records(response), strict=True):
        arrival = expected["kinesis"]["approximateArrivalTimestamp"]
        expected["kinesis"]["approximateArrivalTimestamp"] = arrival.isoformat()
        assert output == expected
    assert json.loads(json.dumps(outputs)) == outputs


def test_unpack_takes_the_data(response):
    contents = [each["Data"] for each in response["Records"][:5]]
    assert [user_record.data for each in contents for user_record in unpack(each)] == USER_DATA


def hash_key_range_of(shard):
    hash_keys = shard["HashKeyRange"]
    return int(hash_keys["StartingHashKey"]), int(hash_keys["EndingHashKey"])


def test_hash_key_ranges_of_shards(kinesis_client, shards):
    """A record lies in the shard that Kinesis puts it into, by partition or explicit hash key."""
    keys = [b"key %d" % number for number in range(30)]
    # None at the end of a shard: moto takes EndingHashKey to be exclusive.
    explicit = [str(2**128 * number // 20).encode() for number in range(20)]
    records = [
        {"Data": payload(message([key], [record(0)])), "PartitionKey": key.decode()}
        for key in keys
    ]
    records += [
        {
            "Data": payload(message([hash_key], [record(0, b"", 0)], [hash_key])),
            "PartitionKey": "a",
            "ExplicitHashKey": hash_key.decode(),
        }
        for hash_key in explicit
    ]
    assert (
        kinesis_client.put_records(StreamName="shards", Records=records)["FailedRecordCount"] == 0
    )
    responses = [get_records(kinesis_client, "shards", shard["ShardId"]) for shard in shards]
    assert all(each["Records"] for each in responses)
    for shard, its_response in zip(shards, responses, strict=True):
        for other_response in responses:
            with logged() as log:
                outputs = deaggregate_records(
                    other_response, hash_key_range=hash_key_range_of(shard)
                )
            all_outputs = deaggregate_records(other_response)
            is_its_own = other_response is its_response
            assert outputs == (all_outputs if is_its_own else [])
            assert len(log) == (0 if is_its_own else len(all_outputs))
    came_out = [
        output["kinesis"]["partitionKey"]
        for each in responses
        for output in deaggregate_records(each)
    ]
    assert sorted(came_out) == sorted(key.decode() for key in keys + explicit)
