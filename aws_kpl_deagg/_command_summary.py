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

    def add(self, record: Any, strict: bool) -> None:
        """Counts a Kinesis record. Raises the exceptions of deaggregate_records()."""
        try:
            found = deaggregate_records([without_mark(record)], decode=True, strict=True)
        except AggregateError as error:
            self.damaged[error.reason] += 1
            if strict:
                raise
            return
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

    def rows(self) -> Iterator[tuple[str, object]]:
        """Yields the rows of the table."""
        aggregates = self.aggregates.total()
        damaged = self.damaged.total()
        yield "Kinesis records", aggregates + self.plain + damaged
        yield "  aggregates", aggregates
        yield "  plain", self.plain
        yield "  damaged", damaged
        for reason, count in self.damaged.most_common():
            yield f"    {reason}", count
        yield "user records in aggregates", sum(n * k for n, k in self.aggregates.items())
        if aggregates:
            yield "  per aggregate, minimum", min(self.aggregates)
            yield "  per aggregate, median", f"{statistics.median(self.aggregates.elements()):g}"
            yield "  per aggregate, maximum", max(self.aggregates)
        yield "bytes of data, plain included", self.data_size
        if self.partition_keys:
            at_least = " (at least)" if self.keys_were_dropped else ""
            yield f"top partition keys{at_least}", ""
        for key, count in self.partition_keys.most_common(TOP_KEYS):
            # repr() because a key may contain control sequences for the terminal.
            yield f"  {key!r}", count

    def table(self) -> str:
        """Returns the table as lines of text."""
        rows = [(label, str(value)) for label, value in self.rows()]
        width = max(len(label) for label, _ in rows)
        number_width = max(len(value) for _, value in rows)
        return "".join(
            f"  {label:{width}}  {value:>{number_width}}".rstrip() + "\n" for label, value in rows
        )
