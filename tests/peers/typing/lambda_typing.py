"""A Lambda function with the types of aws-lambda-typing."""

from aws_lambda_typing.context import Context
from aws_lambda_typing.events import KinesisFirehoseEvent, KinesisStreamEvent
from typing_extensions import assert_type

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records
from aws_kpl_deagg.record_types import DeaggregatedRecord, DecodedRecord


def lambda_handler(event: KinesisStreamEvent, context: Context) -> None:
    assert_type(deaggregate_records(event), list[DeaggregatedRecord])
    for record in deaggregate_records(event["Records"], decode=True):
        assert_type(record, DecodedRecord)
        assert_type(record["kinesis"]["partitionKey"], str)
        assert_type(record["kinesis"]["data"], bytes)
    for each in event["Records"]:
        for user_record in iter_deaggregate_records(each):
            assert_type(user_record["kinesis"]["data"], str)


def firehose_handler(event: KinesisFirehoseEvent, context: Context) -> None:
    assert_type(deaggregate_records(event), list[DeaggregatedRecord])
    assert_type(deaggregate_records(event["records"]), list[DeaggregatedRecord])
