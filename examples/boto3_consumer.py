"""Reads a shard with boto3, and resumes after the last user record that it has processed.

For a script or a small service that does not use the Kinesis Client Library:

    client = boto3.client("kinesis")
    shard = client.list_shards(StreamName="orders")["Shards"][0]
    consume(client, "orders", shard, Path("checkpoint.json"), process)

The checkpoint is the sequence number and the sub-sequence number of the last processed user
record. The sequence number alone would either repeat or skip the rest of an aggregate.

The trap: if the process is killed between process() and save(), that one user record is processed
again, unless both belong to one transaction. Kinesis allows five reads per second and shard for
all consumers together; one per second keeps up with a full shard. boto3 retries when it is
throttled. An exception that boto3 finally raises, or that process() raises, ends consume(), which
resumes when it is called again.
"""

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aws_kpl_deagg import iter_deaggregate_records
from aws_kpl_deagg.record_types import DecodedKinesis

SECONDS_BETWEEN_READS = 1.0


def consume(
    client: Any,
    stream: str,
    shard: Mapping[str, Any],
    checkpoint_file: Path,
    process: Callable[[DecodedKinesis], None],
) -> None:
    """Calls process() with the 'kinesis' of each user record, in which `data` is bytes.

    Returns at the end of the shard, which a reshard brings about: continue with the shard's
    children then. A damaged aggregate is logged, and processed as a plain record.
    """
    done = load(checkpoint_file)
    iterator = iterator_from(client, stream, shard, done)
    while iterator:
        time.sleep(SECONDS_BETWEEN_READS)
        try:
            response = client.get_records(ShardIterator=iterator)
        except client.exceptions.ExpiredIteratorException:
            # Processing the last response has taken more than five minutes.
            iterator = iterator_from(client, stream, shard, done)
            continue
        # The range drops aggregates that a reshard has put into the wrong shard: the KPL sends
        # them again.
        for record in iter_deaggregate_records(
            response, decode=True, hash_key_range=shard["HashKeyRange"]
        ):
            kinesis = record["kinesis"]
            # A plain record does not have a sub-sequence number, and 0 stands in for it.
            position = kinesis["sequenceNumber"], kinesis.get("subSequenceNumber", 0)
            if done and position[0] == done[0] and position[1] <= done[1]:
                continue
            process(kinesis)
            done = position
            save(checkpoint_file, done)
        iterator = response.get("NextShardIterator")


def iterator_from(
    client: Any, stream: str, shard: Mapping[str, Any], done: tuple[str, int] | None
) -> Any:
    """Starts at the last processed Kinesis record, since it may not be processed to its end."""
    start = {"ShardIteratorType": "TRIM_HORIZON"}
    if done:
        start = {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": done[0]}
    return client.get_shard_iterator(StreamName=stream, ShardId=shard["ShardId"], **start)[
        "ShardIterator"
    ]


def load(checkpoint_file: Path) -> tuple[str, int] | None:
    if not checkpoint_file.exists():
        return None
    sequence_number, number = json.loads(checkpoint_file.read_text())
    return sequence_number, number


def save(checkpoint_file: Path, done: tuple[str, int]) -> None:
    """Replaces the file atomically: a killed process leaves either the old file or the new one."""
    new_file = checkpoint_file.with_name(checkpoint_file.name + ".new")
    new_file.write_text(json.dumps(done))
    os.replace(new_file, checkpoint_file)
