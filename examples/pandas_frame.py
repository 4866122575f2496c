"""Puts user records and plain records into one pandas DataFrame, for a notebook or a report.

    with open("event.json") as file:
        frame = to_frame(json.load(file))
    frame["data"].map(json.loads)    # if your producer sends JSON

Each user record is a row, and so is each record that is not an aggregate; its sub_sequence_number
is <NA>. Records may come from any source. Their arrival timestamps, which differ by source, become
UTC timestamps.

The trap: sequence numbers have up to 56 digits, more than any number in pandas, so they stay text.
Rows are in the order of the input. To sort them, pad the sequence numbers:

    frame.sort_values("sequence_number", key=lambda column: column.str.zfill(56))

The frame holds everything at once; examples/spark_archive.py is for data that does not fit
into memory. A damaged aggregate is logged and becomes a row like a plain record.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

import pandas as pd

from aws_kpl_deagg import iter_deaggregate_records

TYPES = {
    "sequence_number": "string",
    "sub_sequence_number": "Int64",
    "partition_key": "string",
    "explicit_hash_key": "string",
    "arrival": "object",
    "data": "object",
}


def to_frame(records: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Returns a row per user record or plain record of a list, event or response."""
    rows: list[tuple[Any, ...]] = []
    for record in iter_deaggregate_records(records, decode=True):
        kinesis = record["kinesis"]
        rows.append(
            (
                kinesis["sequenceNumber"],
                kinesis.get("subSequenceNumber"),
                kinesis.get("partitionKey"),
                kinesis.get("explicitHashKey"),
                arrival(kinesis.get("approximateArrivalTimestamp")),
                kinesis["data"],
            )
        )
    frame = pd.DataFrame(rows, columns=list(TYPES)).astype(TYPES)
    frame["arrival"] = pd.to_datetime(frame["arrival"], utc=True)
    return frame


def arrival(timestamp: float | datetime | None) -> datetime | None:
    """Converts Lambda's and Pipes' seconds and Firehose's and Analytics' milliseconds."""
    if timestamp is None or isinstance(timestamp, datetime):
        return timestamp
    seconds = timestamp / 1000 if timestamp > 1e11 else timestamp
    return datetime.fromtimestamp(seconds, timezone.utc)
