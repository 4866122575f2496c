"""Summarises the Kinesis records of a file, for the command line's --summary."""

import statistics
from collections import Counter
from collections.abc import Iterator
from typing import Any

from aws_kpl_deagg import AggregateError, deaggregate_records
from aws_kpl_deagg.record_types import DecodedRecord

TOP_KEYS = 5
# Partition keys may all be different, and memory must not grow with their number.
MOST_KEYS = 100_000


def without_mark(record: Any) -> Any:
    """Returns `record` without the key 'aggregated', which it has if it is a user record itself.

    A record that has the key after deaggregation is then known to come from an aggregate.
    """
    kinesis = record.get("kinesis") if isinstance(record, dict) else None
    if not isinstance(kinesis, dict) or "aggregated" not in kinesis:
        return record
    return {
        **record,
        "kinesis": {key: value for key, value in kinesis.items() if key != "aggregated"},
    }


class Summary:
    """Counts Kinesis records and their contents."""

    def __init__(self) -> None:
        self.plain = 0
        self.damaged: Counter[str] = Counter()  # by reason
        self.aggregates: Counter[int] = Counter()  # by number of user records
        self.data_size = 0  # bytes
        self.partition_keys: Counter[str] = Counter()
        self.keys_were_dropped = False
        self.errors = 0

    def add(self, record: Any) -> None:
        """Counts a Kinesis record. Raises the exceptions of deaggregate_records().

        A damaged record is counted as well, before its AggregateError is raised.
        """
        try:
            found = deaggregate_records([without_mark(record)], decode=True, strict=True)
        except AggregateError as error:
            self.damaged[error.reason] += 1
            raise
        if found and "aggregated" not in found[0]["kinesis"]:
            self.plain += 1
        else:
            self.aggregates[len(found)] += 1
        for user_record in found:
            self.add_content(user_record)

    def add_content(self, record: DecodedRecord) -> None:
        """Counts a user record or a plain record."""
        kinesis = record["kinesis"]
        self.data_size += len(kinesis["data"])
        partition_key = kinesis.get("partitionKey")
        if isinstance(partition_key, str):
            self.partition_keys[partition_key] += 1
        if len(self.partition_keys) > 2 * MOST_KEYS:
            self.partition_keys = Counter(dict(self.partition_keys.most_common(MOST_KEYS)))
            self.keys_were_dropped = True

    def has_counted(self) -> bool:
        """Returns whether any Kinesis record was counted."""
        return bool(self.plain or self.damaged or self.aggregates)

    def figures(self) -> dict[str, Any]:
        """Returns everything that was counted, for JSON."""
        aggregates = self.aggregates.total()
        damaged = self.damaged.total()
        per_aggregate = {
            "minimum": min(self.aggregates, default=None),
            "median": statistics.median(self.aggregates.elements()) if aggregates else None,
            "maximum": max(self.aggregates, default=None),
        }
        return {
            "kinesisRecords": aggregates + self.plain + damaged,
            "aggregates": aggregates,
            "plain": self.plain,
            "damaged": damaged,
            "damagedByReason": dict(self.damaged.most_common()),
            "errors": self.errors,
            "userRecords": sum(n * k for n, k in self.aggregates.items()),
            "userRecordsPerAggregate": per_aggregate,
            "dataBytes": self.data_size,
            "topPartitionKeys": [
                {"partitionKey": key, "count": count}
                for key, count in self.partition_keys.most_common(TOP_KEYS)
            ],
            "topPartitionKeysAreExact": not self.keys_were_dropped,
        }

    def rows(self) -> Iterator[tuple[str, object]]:
        """Yields the rows of the table."""
        figures = self.figures()
        yield "Kinesis records", figures["kinesisRecords"]
        yield "  aggregates", figures["aggregates"]
        yield "  plain", figures["plain"]
        yield "  damaged", figures["damaged"]
        for reason, count in figures["damagedByReason"].items():
            yield f"    {reason}", count
        if figures["errors"]:
            yield "errors, left out", figures["errors"]
        yield "user records in aggregates", figures["userRecords"]
        if figures["aggregates"]:
            for name, number in figures["userRecordsPerAggregate"].items():
                yield f"  per aggregate, {name}", f"{number:.1f}".removesuffix(".0")
        yield "bytes of data, plain included", figures["dataBytes"]
        if figures["topPartitionKeys"]:
            at_least = "" if figures["topPartitionKeysAreExact"] else " (at least)"
            yield f"top partition keys{at_least}", ""
        for each in figures["topPartitionKeys"]:
            # repr() because a key may contain control sequences for the terminal.
            yield f"  {each['partitionKey']!r}", each["count"]

    def table(self) -> str:
        """Returns the table as lines of text."""
        rows = [(label, str(value)) for label, value in self.rows()]
        width = max(len(label) for label, _ in rows)
        number_width = max(len(value) for _, value in rows)
        return "".join(
            f"  {label:{width}}  {value:>{number_width}}".rstrip() + "\n" for label, value in rows
        )
