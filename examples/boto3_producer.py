"""Puts user records with boto3, packed into aggregates, and resends those that Kinesis refused.

For a script, a Lambda function or a test that has its user records at hand:

    client = boto3.client("kinesis")
    send(client, "orders", [("customer 7", None, b"..."), ("customer 8", None, b"...")])

Each aggregate has the user records of one shard. Kinesis throttles single records of a call, which
FailedRecordCount counts; only those are put again.

The trap: if the stream is resharded while send() runs, consumers that check hash keys, such as the
Kinesis Client Library, drop aggregates made for the old shards. Where no user record may be lost,
leave out hash_key_ranges: fewer user records are then packed together, but a reshard does no harm.
Records that are put again arrive later than others of the same call. If the order counts, use
put_record for one entry at a time.
"""

import time
from collections.abc import Iterable, Iterator
from typing import Any

from aws_kpl_deagg.aggregator import aggregate
from aws_kpl_deagg.record_types import PutRecordsEntry

# The most that put_records accepts in a call: entries, and bytes of data and partition keys.
MOST_ENTRIES = 500
MOST_BYTES = 10 * 1024 * 1024

# Seconds to wait before each new attempt. Kinesis refills a shard's capacity every second.
DELAYS = [0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0]


class NotPutError(Exception):
    """Kinesis has refused entries again and again; `entries` has them."""

    def __init__(self, entries: list[PutRecordsEntry], error_code: str) -> None:
        super().__init__(f"{len(entries)} entries were not put: {error_code}")
        self.entries = entries


def send(client: Any, stream: str, user_records: Iterable[tuple[str, str | None, bytes]]) -> None:
    """Puts all user records: of each its partition key, its explicit hash key or None, its data.

    Raises TypeError or ValueError for a user record that Kinesis cannot take, after it has put all
    before it.
    """
    entries = aggregate(user_records, hash_key_ranges=open_ranges(client, stream))
    for batch in batches(entries):
        put(client, stream, batch)


def open_ranges(client: Any, stream: str) -> list[Any]:
    """Returns the hash key ranges of the shards that accept records now."""
    pages = client.get_paginator("list_shards").paginate(StreamName=stream)
    return [
        shard["HashKeyRange"]
        for page in pages
        for shard in page["Shards"]
        if "EndingSequenceNumber" not in shard["SequenceNumberRange"]
    ]


def batches(entries: Iterable[PutRecordsEntry]) -> Iterator[list[PutRecordsEntry]]:
    """Yields the entries in lists for one call each."""
    batch: list[PutRecordsEntry] = []
    batch_size = 0
    try:
        for entry in entries:
            size = len(entry["Data"]) + len(entry.get("PartitionKey", "").encode())
            if len(batch) == MOST_ENTRIES or batch_size + size > MOST_BYTES:
                yield batch
                batch, batch_size = [], 0
            batch.append(entry)
            batch_size += size
    except (TypeError, ValueError):
        yield batch
        raise
    yield batch


def put(client: Any, stream: str, entries: list[PutRecordsEntry]) -> None:
    """Puts entries, and puts those that Kinesis refuses again after a while."""
    delays = iter(DELAYS)
    while entries:
        response = client.put_records(StreamName=stream, Records=entries)
        if response["FailedRecordCount"] == 0:
            return
        refused = [
            (entry, result["ErrorCode"])
            for entry, result in zip(entries, response["Records"], strict=True)
            if "ErrorCode" in result
        ]
        entries = [entry for entry, _ in refused]
        delay = next(delays, None)
        if delay is None:
            raise NotPutError(entries, refused[0][1])
        time.sleep(delay)
