"""A Lambda function that adds up amounts per partition key over a tumbling window.

For totals per minute, say, without a database. Lambda passes the `state` that one invocation
returns to the next invocation of the same window and shard. When the window ends, it calls once
more, without records.

On AWS's side: TumblingWindowInSeconds and ReportBatchItemFailures in the event source mapping, a
retry limit and an on-failure destination (without them one bad record blocks its shard until it
expires).

The trap: Lambda retries whole Kinesis records, starting with the reported one. An aggregate with a
failing user record must leave nothing in the returned state, or its other user records count
twice. A damaged aggregate raises an exception and is reported in the same way.

The state may take 1 MB per shard, which random partition keys soon fill. Lambda then ends the
window early and continues with an empty state, so a window can have several sums to add up.
"""

import json
import logging
from collections import Counter
from typing import Any

from aws_kpl_deagg import deaggregate_records

logger = logging.getLogger(__name__)


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    state: Counter[str] = Counter(event["state"])
    failures: list[dict[str, str]] = []
    for record in event["Records"]:
        try:
            state.update(amounts(record))
        except Exception:
            sequence_number = record["kinesis"]["sequenceNumber"]
            logger.exception("record %s failed", sequence_number)
            failures.append({"itemIdentifier": sequence_number})
            break
    if event["isFinalInvokeForWindow"] or event["isWindowTerminatedEarly"]:
        publish(event["window"], event["shardId"], state)
        state.clear()
    return {"state": state, "batchItemFailures": failures}


def amounts(record: dict[str, Any]) -> Counter[str]:
    """Returns the sums of one Kinesis record's user records per partition key."""
    sums: Counter[str] = Counter()
    for user_record in deaggregate_records(record, decode=True, strict=True):
        kinesis = user_record["kinesis"]
        sums[kinesis["partitionKey"]] += json.loads(kinesis["data"])["amount"]
    return sums


def publish(window: dict[str, str], shard_id: str, sums: Counter[str]) -> None:
    """Put your own code here. If it raises an exception, Lambda calls the function again."""
    print(json.dumps({"window": window, "shardId": shard_id, "sums": sums}))
