"""A Lambda function that does not repeat completed work, with Powertools for AWS Lambda.

For work that must not be done twice. When one user record of an aggregate fails, Lambda can only
retry the whole Kinesis record; the idempotency table keeps the others from being processed again.

On AWS's side: ReportBatchItemFailures in the event source mapping's FunctionResponseTypes (without
it Lambda takes any response for a success, and failed records are lost), a retry limit and an
on-failure destination (without them one bad record blocks its shard until it expires), and a
DynamoDB table, named by IDEMPOTENCY_TABLE, with the string key `id` and the time to live
`expiration`. The table needs two writes per user record.

A failing user record reports the sequence number of its Kinesis record, so several of one
aggregate report the same number. This is harmless, since Lambda retries from the lowest. If all
fail, the response reports them all; by default Powertools would raise one exception with all
tracebacks.

The traps: the user records after a failing one are processed before that one is retried. If the
function times out or is killed during process(), that one user record is processed again. A
damaged aggregate is passed through; it fails as JSON and is then handled like every failing
record.
"""

import logging
import os
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.kinesis_stream_event import KinesisStreamRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from aws_kpl_deagg import deaggregate_records

logger = logging.getLogger(__name__)
processor = BatchProcessor(EventType.KinesisDataStreams, raise_on_entire_batch_failure=False)
table = DynamoDBPersistenceLayer(table_name=os.environ["IDEMPOTENCY_TABLE"])
config = IdempotencyConfig(
    # A plain record does not have a sub-sequence number; null stands in for it.
    event_key_jmespath="kinesis.[sequenceNumber, subSequenceNumber]",
    # As long as Lambda may retry: the stream's retention period or the mapping's age limit.
    expires_after_seconds=24 * 60 * 60,
)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    config.register_lambda_context(context)
    records: list[Any] = deaggregate_records(event["Records"])
    with processor(records, handle):
        processor.process()
    return processor.response()


def handle(record: KinesisStreamRecord) -> None:
    try:
        process_once(record=record)
    except Exception:
        # Powertools does not log the exception.
        number = record["kinesis"].get("subSequenceNumber")
        logger.exception("user record %s, %s failed", record.kinesis.sequence_number, number)
        raise


@idempotent_function(data_keyword_argument="record", config=config, persistence_store=table)
def process_once(record: KinesisStreamRecord) -> None:
    process(record.kinesis.data_as_json())


def process(data: dict[str, Any]) -> None:
    """Put your own code here. If it raises an exception, the user record is retried."""
