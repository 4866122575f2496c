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
import pyarrow.compute as pc
from pyspark.sql import SparkSession

from aws_kpl_deagg import unpack_arrow

SCHEMA = """sequence_number string, sub_sequence_number int, partition_key string,
            explicit_hash_key string, data binary, damage string"""
NAMES = [each.split()[0] for each in SCHEMA.split(",")]


def deaggregate(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Deaggregates the batches of a partition, for mapInArrow."""
    for batch in batches:
        for rows in pa.RecordBatchReader.from_stream(unpack_arrow(batch["data"])):
            index = rows["payload_index"]
            # A plain record has only the key of its Kinesis record.
            keys = pc.fill_null(rows["partition_key"], batch["partition_key"].take(index))
            columns = [
                batch["sequence_number"].take(index),
                rows["sub_sequence_number"],
                keys,
                rows["explicit_hash_key"],
                rows["data"],
                rows["damage"],
            ]
            yield pa.RecordBatch.from_arrays(columns, NAMES)


if __name__ == "__main__":
    archive, output = sys.argv[1:]
    spark = SparkSession.builder.getOrCreate()
    user_records = spark.read.parquet(archive).mapInArrow(deaggregate, SCHEMA)
    user_records.write.parquet(output)
    spark.stop()
