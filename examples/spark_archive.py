"""Extracts the user records from an archive of Kinesis records with PySpark, one per row.

    spark-submit spark_archive.py ARCHIVE OUTPUT    # folders of Parquet files

A row of the archive is a Kinesis record: its sequence_number, its partition_key, and its payload
as data. A record that is not aggregated is passed through without a sub_sequence_number. So is a
damaged aggregate, and the column damage has the reason.

Every executor's Python needs the package. It is compiled, so --py-files cannot deliver it: install
it on the nodes, or pack a virtual environment with venv-pack and ship it with --archives. Spark 4
passes 64 MiB at a time; for Spark 3 set spark.sql.execution.arrow.maxRecordsPerBatch to 1000.
"""

import sys
from collections.abc import Iterable, Iterator

import pyarrow as pa
from pyspark.sql import SparkSession

from aws_kpl_deagg import AggregateError, UserRecord, unpack

SCHEMA = """sequence_number string, sub_sequence_number int, partition_key string,
            explicit_hash_key string, data binary, damage string"""
TYPES = [pa.string(), pa.int32(), pa.string(), pa.string(), pa.binary(), pa.string()]
ARROW_SCHEMA = pa.schema(zip([each.split()[0] for each in SCHEMA.split(",")], TYPES, strict=True))

# A batch ends with the payload that reaches this number of rows; one alone may add 1.7 million.
ROWS = 10_000


def deaggregate(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Deaggregates the batches of a partition, for mapInArrow."""
    for batch in batches:
        columns: dict[str, list[object]] = {name: [] for name in ARROW_SCHEMA.names}
        archived = batch.select(["sequence_number", "partition_key", "data"]).to_pydict()
        for sequence_number, partition_key, payload in zip(*archived.values(), strict=True):
            try:
                user_records, damage = unpack(payload), None
                numbers: Iterable[int | None] = range(len(user_records))
            except AggregateError as error:
                user_records, numbers = [UserRecord(partition_key, None, payload, ())], [None]
                damage = None if error.reason == "not aggregated" else error.reason
            columns["sequence_number"] += [sequence_number] * len(user_records)
            columns["sub_sequence_number"] += numbers
            columns["partition_key"] += [each.partition_key for each in user_records]
            columns["explicit_hash_key"] += [each.explicit_hash_key for each in user_records]
            columns["data"] += [each.data for each in user_records]
            columns["damage"] += [damage] * len(user_records)
            if len(columns["data"]) >= ROWS:
                yield pa.RecordBatch.from_pydict(columns, ARROW_SCHEMA)
                columns = {name: [] for name in columns}
        yield pa.RecordBatch.from_pydict(columns, ARROW_SCHEMA)


if __name__ == "__main__":
    archive, output = sys.argv[1:]
    spark = SparkSession.builder.getOrCreate()
    user_records = spark.read.parquet(archive).mapInArrow(deaggregate, SCHEMA)
    user_records.write.parquet(output)
    spark.stop()
