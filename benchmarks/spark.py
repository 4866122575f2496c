"""Measures how many user records per second the PySpark recipe extracts from an archive.

Compares Spark on one core and on two, each with as many tasks at a time, and the recipe's function
called without Spark, on one core. Each has its own process that keeps running; they take turns. A
run reads the Parquet files, deaggregates them, and passes every row to a sink that drops it. Time
is wall-clock time, so other work on the machine shows.
"""

import argparse
import contextlib
import functools
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import aggregates  # from tests/support, which benchmarks/spark puts on the path
import pyarrow
import pyarrow.parquet
import pyspark
import spark_archive  # from examples, likewise
from pyspark.sql import DataFrame, SparkSession

FILES = 8
WARM_UPS = 3
CONFIGURATION = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.log.level": "ERROR",
    "spark.sql.files.maxPartitionBytes": "16m",  # several for each core
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


class Workload(NamedTuple):
    """Similar aggregates, each of `user_records` of `size` bytes that share `keys` keys."""

    name: str
    aggregates: int
    user_records: int
    size: int
    keys: int

    def write(self, folder: Path) -> None:
        for file in range(FILES):
            rng = random.Random(file)
            payloads = [self.payload(rng) for _ in range(self.aggregates // FILES)]
            columns = {
                "sequence_number": [str(2**180 + number) for number in range(len(payloads))],
                "partition_key": ["a"] * len(payloads),
                "data": payloads,
            }
            pyarrow.parquet.write_table(pyarrow.table(columns), folder / f"{file}.parquet")

    def payload(self, rng: random.Random) -> bytes:
        keys = [b"%d" % rng.getrandbits(100) for _ in range(self.keys)]
        records = [
            aggregates.record(number % self.keys, rng.randbytes(self.size))
            for number in range(self.user_records)
        ]
        return aggregates.payload(aggregates.message(keys, records))


WORKLOADS = [
    Workload("aggregates of 220 x 200 B", 4000, 220, 200, 50),
    Workload("aggregates of 10 x 500 B", 32000, 10, 500, 10),
]
# The number of Spark's cores in each contender's process; 0 stands for the one without Spark.
CORES = [0, 1, 2]


# In a contender's process


def without_spark(archive: Path) -> int:
    """Returns the number of rows."""
    return sum(
        batch.num_rows
        for file in sorted(archive.iterdir())
        for batch in spark_archive.deaggregate(pyarrow.parquet.ParquetFile(file).iter_batches())
    )


def with_spark(archive: Path, cores: int) -> DataFrame:
    """Returns the rows, lazily: each use deaggregates again."""
    builder = SparkSession.builder.master(f"local[{cores}]")
    for name, value in CONFIGURATION.items():
        builder.config(name, value)
    records = builder.getOrCreate().read.parquet(str(archive))
    return records.mapInArrow(spark_archive.deaggregate, spark_archive.SCHEMA)


def run_contender(cores: int, archive: Path) -> None:
    """Prints the number of rows; then, for each line of standard input, the seconds of a run."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: max(cores, 1)])
    if cores:
        rows = with_spark(archive, cores)
        print(rows.count(), flush=True)
        run = rows.write.format("noop").mode("overwrite").save
    else:
        print(without_spark(archive), flush=True)
        run = functools.partial(without_spark, archive)
    for _ in sys.stdin:
        start = time.perf_counter()
        run()
        print(time.perf_counter() - start, flush=True)


# In the main process


def start_contender(cores: int, archive: Path, folder: Path) -> subprocess.Popen[str]:
    """Starts a contender's process outside the project folder, to import the installed package."""
    command = [sys.executable, str(Path(__file__).resolve())]
    command += ["--contend", str(cores), str(archive)]
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdin=pipe, stdout=pipe, text=True
    )


def seconds(contender: subprocess.Popen[str]) -> float:
    """Returns the seconds that the contender takes for one run."""
    print(file=contender.stdin, flush=True)
    return float(contender.stdout.readline())


def measure(workload: Workload, runs: int) -> None:
    """Prints the workload's row of the table."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        archive = folder / "archive"
        archive.mkdir()
        workload.write(archive)
        count = workload.aggregates * workload.user_records
        contenders = []
        for cores in CORES:
            contenders.append(stack.enter_context(start_contender(cores, archive, folder)))
            if int(contenders[-1].stdout.readline()) != count:
                sys.exit("benchmark: user records are missing")
        rounds = [[seconds(each) for each in contenders] for _ in range(WARM_UPS + runs)]
        times = list(zip(*rounds[WARM_UPS:], strict=True))
    rates = [f"{count / statistics.median(each):,.0f}" for each in times]
    gain = statistics.median(one / two for _, one, two in zip(*times, strict=True))
    print("|", " | ".join([workload.name, *rates, f"{gain:.2f}"]), "|", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks/spark", description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="default: %(default)s")
    parser.add_argument("--contend", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.contend:
        cores, archive = arguments.contend
        run_contender(int(cores), Path(archive))
        return
    print(
        f"Python {sys.version.split()[0]}, PySpark {pyspark.__version__}, user records per second"
    )
    print()
    print("| workload | without Spark, 1 core | Spark, 1 core | 2 cores | 2 cores / 1 |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for workload in WORKLOADS:
        measure(workload, arguments.runs)


if __name__ == "__main__":
    main()
