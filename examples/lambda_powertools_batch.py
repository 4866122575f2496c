"""A Lambda function that does not repeat what was done, with Powertools for AWS Lambda.

For work that should not be done twice. When one user record of an aggregate fails, Lambda can only
retry the whole Kinesis record; the idempotency table keeps the others from being done again.

On AWS's side: ReportBatchItemFailures in the event source mapping's FunctionResponseTypes (without
it Lambda takes any response for a success, and what failed is lost), a retry limit and an
on-failure destination (without them one bad record holds up its shard until it expires), and a
DynamoDB table with the string key `id` and the time to live `expiration`, which IDEMPOTENCY_TABLE
names. It takes two writes a user record.

A failing user record reports its Kinesis record's sequence number, several of one aggregate the
same one. That does no harm, since Lambda retries from the lowest. When all fail, the response says
so, too: Powertools' default would be one exception that carries the tracebacks of them all.

The traps: what follows a failing user record is done before that one is retried. When the function
times out or is killed amid process(), that one user record is processed again. A damaged aggregate
comes out as it is; it fails as JSON and goes the way of everything that fails.
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
    # A plain record has no sub-sequence number, and null in its place.
    event_key_jmespath="kinesis.[sequenceNumber, subSequenceNumber]",
    # As long as Lambda may retry: the stream's retention period, or the mapping's age limit.
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
        # Powertools does not log it.
        number = record["kinesis"].get("subSequenceNumber")
        logger.exception("user record %s, %s failed", record.kinesis.sequence_number, number)
        raise


@idempotent_function(data_keyword_argument="record", config=config, persistence_store=table)
def process_once(record: KinesisStreamRecord) -> None:
    process(record.kinesis.data_as_json())


def process(data: dict[str, Any]) -> None:
    """What your producer sent: do with it what you need. An exception means: try again."""
