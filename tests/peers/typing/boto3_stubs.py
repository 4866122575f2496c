# boto3.client() also names clients of services whose stubs are not installed.
# pyright: reportUnknownMemberType=false
"""A consumer with the types of boto3-stubs."""

from collections.abc import Mapping
from typing import Any

import boto3
from mypy_boto3_kinesis import KinesisClient
from mypy_boto3_kinesis.type_defs import GetRecordsOutputTypeDef, RecordTypeDef, ShardTypeDef
from typing_extensions import assert_type

from aws_kpl_deagg import deaggregate_records, is_aggregated, iter_deaggregate_records, unpack
from aws_kpl_deagg.record_types import DeaggregatedRecord, DecodedRecord


def read(iterator: str) -> None:
    response = boto3.client("kinesis").get_records(ShardIterator=iterator)
    assert_type(deaggregate_records(response), list[DeaggregatedRecord])
    assert_type(deaggregate_records(response["Records"]), list[DeaggregatedRecord])
    for record in iter_deaggregate_records(response, decode=True):
        process(record["kinesis"]["partitionKey"], record["kinesis"]["data"])
    for each in response["Records"]:
        assert_type(deaggregate_records(each), list[DeaggregatedRecord])
        if is_aggregated(each["Data"]):
            for user_record in unpack(each["Data"]):
                process(user_record.partition_key, user_record.data)


def process(partition_key: str, data: bytes) -> None: ...


def responses(response: GetRecordsOutputTypeDef, record: RecordTypeDef) -> None:
    assert_type(deaggregate_records(response, decode=True), list[DecodedRecord])
    assert_type(deaggregate_records([record, record], decode=True), list[DecodedRecord])


def enhanced_fan_out(client: KinesisClient, consumer_arn: str, shard: ShardTypeDef) -> None:
    subscription = client.subscribe_to_shard(
        ConsumerARN=consumer_arn,
        ShardId=shard["ShardId"],
        StartingPosition={"Type": "LATEST"},
    )
    for event in subscription["EventStream"]:
        assert_type(deaggregate_records(event), list[DeaggregatedRecord])
        if "SubscribeToShardEvent" in event:
            records = event["SubscribeToShardEvent"]["Records"]
            for user_record in deaggregate_records(
                records, decode=True, hash_key_range=shard["HashKeyRange"]
            ):
                process(user_record["kinesis"]["partitionKey"], user_record["kinesis"]["data"])


def shards(client: KinesisClient, records: list[Mapping[str, Any]]) -> None:
    for shard in client.list_shards(StreamName="stream")["Shards"]:
        iter_deaggregate_records(records, hash_key_range=shard["HashKeyRange"])
        iter_deaggregate_records(records, hash_key_range=shard["ShardId"])  # type: ignore[call-overload]
