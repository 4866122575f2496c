"""A Lambda function that sums up amounts per partition key over a tumbling window.

For figures per minute or so without a database: Lambda hands the `state` that one invocation
returns to the next one of the same window and shard, and calls once more, without records, when
the window is over.

On AWS's side: TumblingWindowInSeconds and ReportBatchItemFailures in the event source mapping, a
retry limit and an on-failure destination (without them one bad record holds up its shard until it
expires).

The trap: Lambda retries whole Kinesis records, from the reported one on. An aggregate with a
failing user record must leave nothing in the state that is returned, or its other user records
count twice. A damaged aggregate raises, and is reported in the same way.

The state may take 1 MB per shard; partition keys at random soon fill that. Lambda then ends the
window early and goes on with an empty state: a window can have several sums, to be added up.
"""

import json
import logging
from collections import Counter
from typing import Any

from aws_kpl_deagg import deaggregate_records

logger = logging.getLogger(__name__)


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    state = Counter(event["state"])
    failures = []
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
    """The sums of one Kinesis record's user records, by partition key."""
    sums: Counter[str] = Counter()
    for user_record in deaggregate_records(record, decode=True, strict=True):
        kinesis = user_record["kinesis"]
        sums[kinesis["partitionKey"]] += json.loads(kinesis["data"])["amount"]
    return sums


def publish(window: dict[str, str], shard_id: str, sums: Counter[str]) -> None:
    """What you do with the sums of a window; after an exception Lambda calls again."""
    print(json.dumps({"window": window, "shardId": shard_id, "sums": sums}))
