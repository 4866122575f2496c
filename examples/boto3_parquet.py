"""Polls a shard with boto3 and writes its user records to Parquet files.

    client = boto3.client("kinesis")
    shard = client.list_shards(StreamName="orders")["Shards"][0]
    archive(client, "orders", shard["ShardId"], Path("orders"))

Each file has the rows of one response: the user record's data and keys beside the sequence number
and the arrival time of its Kinesis record. The user records never become Python objects.

A file is named after the first sequence number in it, so reading the shard again replaces it. A
record that is not aggregated is a row without a sub_sequence_number. So is a damaged aggregate,
and the column damage has the reason. The trap: after a reshard, the KPL sends some aggregates to
the wrong shard and then again; boto3_consumer.py shows how to drop them by their hash keys.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aws_kpl_deagg import unpack_arrow

SECONDS_BETWEEN_READS = 1.0


def user_records(records: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Returns the user records in the records of a response of get_records."""
    rows = pa.table(unpack_arrow([record["Data"] for record in records]))
    index = rows["payload_index"]
    numbers = pa.array([record["SequenceNumber"] for record in records], pa.string())
    keys = pa.array([record.get("PartitionKey") for record in records], pa.string())
    arrivals = pa.array(
        [record["ApproximateArrivalTimestamp"] for record in records], pa.timestamp("ms", "UTC")
    )
    return pa.table(
        {
            "sequence_number": numbers.take(index),
            "sub_sequence_number": rows["sub_sequence_number"],
            "arrival_time": arrivals.take(index),
            # A plain record has only the key of its Kinesis record.
            "partition_key": pc.fill_null(rows["partition_key"], keys.take(index)),
            "explicit_hash_key": rows["explicit_hash_key"],
            "data": rows["data"],
            "damage": rows["damage"],
        }
    )


def archive(client: Any, stream: str, shard_id: str, folder: Path) -> None:
    """Writes everything that is in the shard now."""
    iterator = client.get_shard_iterator(
        StreamName=stream, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    behind = True
    while iterator and behind:
        response = client.get_records(ShardIterator=iterator)
        records = response["Records"]
        if records:
            file = folder / f"{records[0]['SequenceNumber']}.parquet"
            pq.write_table(user_records(records), file)
        behind = response["MillisBehindLatest"] > 0
        iterator = response.get("NextShardIterator")
        time.sleep(SECONDS_BETWEEN_READS)
