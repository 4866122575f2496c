# Some of Powertools' own types are incomplete.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
"""Lambda functions with Powertools."""

from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes import KinesisStreamEvent, event_source
from aws_lambda_powertools.utilities.data_classes.kinesis_stream_event import KinesisStreamRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from typing_extensions import assert_type

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records
from aws_kpl_deagg.record_types import DeaggregatedRecord, DecodedRecord

processor = BatchProcessor(EventType.KinesisDataStreams)


@event_source(data_class=KinesisStreamEvent)
def lambda_handler(event: KinesisStreamEvent, context: LambdaContext) -> None:
    assert_type(deaggregate_records(event), list[DeaggregatedRecord])
    for record in deaggregate_records(event.records, decode=True):
        assert_type(record, DecodedRecord)
        assert_type(record["kinesis"]["data"], bytes)
    for each in event.records:
        assert_type(next(iter_deaggregate_records(each)), DeaggregatedRecord)


def user_records_as_its_records(event: dict[str, Any]) -> None:
    for record in deaggregate_records(event):
        assert_type(KinesisStreamRecord(dict(record)).kinesis.data_as_bytes(), bytes)


def batch_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    # BatchProcessor wants base64 str, so decode=True is not set.
    records: list[Any] = deaggregate_records(event)
    with processor(records, handle, context):
        processor.process()
    return processor.response()


def partial_response(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_partial_response(
        event={"Records": deaggregate_records(event)},
        record_handler=handle,
        processor=processor,
        context=context,
    )


def handle(record: KinesisStreamRecord) -> None:
    assert_type(record.kinesis.data_as_text(), str)
