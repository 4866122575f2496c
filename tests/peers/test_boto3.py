"""Aggregates that boto3 puts to a Kinesis server, and reads back, over HTTP."""

import oracle
import pytest
from aggregates import MAGIC, base64_text, message, payload, record
from comparison import logged

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records

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


def get_records(client, stream, shard_id):
    iterator = client.get_shard_iterator(
        StreamName=stream, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return client.get_records(ShardIterator=iterator)


@pytest.fixture(scope="module")
def response(kinesis_client):
    """The response of get_records with all aggregates, a plain payload and a damaged one."""
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


def test_all_that_was_put_is_returned(response):
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


def test_metadata_is_taken_from_boto3s_records(response):
    sent = [each for each in response["Records"][:5] for _ in range(2)]
    for output, kinesis_record in zip(deaggregate_records(response)[:10], sent, strict=True):
        assert list(output) == ["kinesis"]
        kinesis = output["kinesis"]
        assert kinesis["sequenceNumber"] is kinesis_record["SequenceNumber"]
        arrival = kinesis_record["ApproximateArrivalTimestamp"]
        assert kinesis["approximateArrivalTimestamp"] is arrival
        assert kinesis["kinesisSchemaVersion"] == "1.0"
        assert kinesis.get("encryptionType") == kinesis_record.get("EncryptionType")


def test_forms_of_the_argument(response):
    outputs = deaggregate_records(response["Records"])
    assert [output["kinesis"]["data"] for output in outputs] == [
        base64_text(data) for data in [*USER_DATA, b"plain", DAMAGED]
    ]
    assert deaggregate_records(response) == outputs
    assert list(iter_deaggregate_records(response)) == outputs
    separately = [deaggregate_records(each) for each in response["Records"]]
    assert sum(separately, []) == outputs
