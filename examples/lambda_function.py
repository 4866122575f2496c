"""Two AWS Lambda handlers for a Kinesis event source: copy the one that suits you."""

from typing import Any

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records


def lambda_bulk_handler(event: dict[str, Any], context: object) -> str:
    """Deaggregates all records of the event in one call."""
    user_records = deaggregate_records(event, decode=True)

    for record in user_records:
        process(record["kinesis"]["data"])

    return f"Successfully processed {len(user_records)} records."


def lambda_generator_handler(event: dict[str, Any], context: object) -> str:
    """Reads one user record at a time, so that they are not all in memory at once."""
    record_count = 0

    for record in iter_deaggregate_records(event, decode=True):
        process(record["kinesis"]["data"])
        record_count += 1

    return f"Successfully processed {record_count} records."


def process(data: bytes) -> None:
    """Put your own code here: `data` is the bytes that your producer sent."""
