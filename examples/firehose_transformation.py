"""A Firehose transformation that deaggregates: each user record becomes one line.

For aggregates that are put into Firehose directly (Direct PUT), for example by a function that
forwards the payloads of a Kinesis stream. If a Kinesis stream is its source, Firehose deaggregates
before it calls the function (docs.aws.amazon.com/streams/latest/dev/kpl-with-firehose.html). Those
user records, like all plain records, are passed through, with a newline added if they lack one.

On AWS's side: this function as the Lambda processor, without AppendDelimiterToRecord.

The traps: Firehose requires each recordId in the response exactly once, so the user records of an
aggregate stay together in one record. Their partition keys are lost; if you need them, write them
into the line. User records that contain newlines themselves need another framing.

Damaged aggregates are returned unchanged and marked as failed, and Firehose puts them into the
folder `processing-failed` of its bucket. The response is not larger than the request, so it stays
within the 6 MB that Lambda allows for either.
"""

import base64
import logging
from typing import Any

from aws_kpl_deagg import AggregateError, unpack

logger = logging.getLogger(__name__)


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return {"records": [transform(record) for record in event["records"]]}


def transform(record: dict[str, Any]) -> dict[str, str]:
    payload = base64.b64decode(record["data"])
    try:
        contents = [user_record.data for user_record in unpack(payload)]
    except AggregateError as error:
        if error.reason != "not aggregated":
            logger.warning("record %s: %s", record["recordId"], error.reason)
            return result(record, "ProcessingFailed", record["data"])
        contents = [payload]
    if not contents:
        return result(record, "Dropped", "")
    lines = b"".join(line(content) for content in contents)
    return result(record, "Ok", base64.b64encode(lines).decode("ascii"))


def line(content: bytes) -> bytes:
    return content if content.endswith(b"\n") else content + b"\n"


def result(record: dict[str, Any], status: str, data: str) -> dict[str, str]:
    return {"recordId": record["recordId"], "result": status, "data": data}
