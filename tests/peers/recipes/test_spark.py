"""The PySpark recipe, run by spark-submit in local mode on an archive of Parquet files."""

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aggregates import MAGIC, message, payload, record
from project import EXAMPLES

RECIPE = EXAMPLES / "spark_archive.py"
SPARK_SUBMIT = Path(sys.executable).with_name("spark-submit")
CONFIGURATION = {
    # Nothing listens to other machines.
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    # Python and Java talk over sockets in the file system: "localhost" does not resolve without
    # /etc/hosts, which a bare Debian 12 lacks. The path of a socket must be short.
    "spark.python.unix.domain.socket.enabled": "true",
    "spark.python.unix.domain.socket.dir": "/tmp",
    # A partition comes in several batches.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "20",
    "spark.ui.enabled": "false",
    # It runs for seconds only, and would spend most of them on optimising itself.
    "spark.sql.codegen.wholeStage": "false",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}
# Spark would look the machine's own name up, which does not resolve in many containers.
ADDRESS = {"SPARK_LOCAL_HOSTNAME": "localhost", "SPARK_LOCAL_IP": "127.0.0.1"}
TIMEOUT = 300

PLAIN = [b"plain", b"", b'{"number": 1}', MAGIC[:3]]
DAMAGED = {
    "too short": MAGIC + bytes(16),
    "wrong digest": MAGIC + message([b"key"], [record(0, b"data")]) + bytes(16),
    "malformed message": payload(b"\0"),
    "index outside its table": payload(message([b"key"], [record(1, b"data")])),
}
NO_USER_RECORDS = payload(message([b"key"]))

# The aggregates in a file of the archive. The recipe hands over 10,000 rows or more at a time.
FILES = 4
SIZES = [*range(0, 300, 10), 20_001, 1, 9_999, 1]


class Row(NamedTuple):
    """A row that the recipe writes."""

    sequence_number: str
    sub_sequence_number: int | None
    partition_key: str
    explicit_hash_key: str | None
    data: bytes
    damage: str | None = None


class Archive:
    """Kinesis records, and the rows that are expected of them."""

    def __init__(self) -> None:
        self.chance = random.Random(7)
        self.kinesis_records: list[dict[str, Any]] = []
        self.rows: list[Row] = []

    def add(self, data: bytes) -> str:
        sequence_number = str(49581544954143914480256700934210 + len(self.kinesis_records))
        self.kinesis_records.append(
            {"sequence_number": sequence_number, "partition_key": "own", "data": data}
        )
        return sequence_number

    def add_passed(self, data: bytes, damage: str | None) -> None:
        """Adds a Kinesis record that has to be passed through."""
        self.rows.append(Row(self.add(data), None, "own", None, data, damage))

    def add_aggregate(self, size: int) -> None:
        chance = self.chance
        keys = [f"é{chance.getrandbits(60)}" for _ in range(7)]
        hash_keys = [str(chance.getrandbits(128)) for _ in range(3)]
        user_records = [
            (chance.randrange(7), chance.choice([None, 0, 1, 2]), chance.randbytes(number % 150))
            for number in range(size)
        ]
        records = [record(key, data, hash_key) for key, hash_key, data in user_records]
        tables = [[each.encode() for each in table] for table in (keys, hash_keys)]
        sequence_number = self.add(payload(message(tables[0], records, tables[1])))
        for number, (key, hash_key, data) in enumerate(user_records):
            explicit_hash_key = None if hash_key is None else hash_keys[hash_key]
            self.rows.append(Row(sequence_number, number, keys[key], explicit_hash_key, data))

    def write(self, folder: Path) -> None:
        """Writes files with all kinds of Kinesis records in each, and one with no user record."""
        for file in range(FILES):
            first = len(self.kinesis_records)
            for size in SIZES:
                self.add_aggregate(size)
            for data in PLAIN:
                self.add_passed(data, None)
            for damage, data in DAMAGED.items():
                self.add_passed(data, damage)
            self.add(NO_USER_RECORDS)
            write_parquet(folder / f"{file}.parquet", self.kinesis_records[first:])
        self.add(NO_USER_RECORDS)
        write_parquet(folder / "none.parquet", self.kinesis_records[-1:])


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)


def read_parquet(path: Path) -> list[Row]:
    import pyarrow.parquet

    return [Row(**row) for row in pyarrow.parquet.read_table(path).to_pylist()]


def spark_submit(archive: Path, output: Path, scratch: Path) -> None:
    """Runs the recipe on two cores with this Python, not with another Spark of the machine."""
    environment = {name: value for name, value in os.environ.items() if "SPARK" not in name}
    environment |= ADDRESS
    environment |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_DIRS": str(scratch)}
    command: list[str | Path] = [SPARK_SUBMIT, "--master", "local[2]"]
    for name, value in CONFIGURATION.items():
        command += ["--conf", f"{name}={value}"]
    command += [RECIPE, archive, output]
    finished = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=TIMEOUT
    )
    assert finished.returncode == 0, finished.stderr


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Row], list[list[Row]]]:
    """Returns the expected rows, and those of each file that the recipe wrote."""
    folder = tmp_path_factory.mktemp("spark")
    for name in ("archive", "scratch"):
        (folder / name).mkdir()
    archive = Archive()
    archive.write(folder / "archive")
    spark_submit(folder / "archive", folder / "output", folder / "scratch")
    files = sorted((folder / "output").glob("*.parquet"))
    return archive.rows, [read_parquet(file) for file in files]


def of_each_kinesis_record(rows: Iterable[Row]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row.sequence_number, []).append(row)
    return grouped


def test_every_user_record_is_written_once_and_in_order(run):
    expected, files = run
    outputs = of_each_kinesis_record(row for rows in files for row in rows)
    assert sum(map(len, outputs.values())) == len(expected) > 100_000
    for sequence_number, rows in of_each_kinesis_record(expected).items():
        assert outputs[sequence_number] == rows


def test_payloads_that_are_not_aggregated_are_passed_through(run):
    _, files = run
    passed = [row for rows in files for row in rows if row.sub_sequence_number is None]
    assert Counter((row.data, row.damage) for row in passed) == {
        **{(data, None): FILES for data in PLAIN},
        **{(data, damage): FILES for damage, data in DAMAGED.items()},
    }


def test_both_cores_take_part(run):
    _, files = run
    assert len(files) > 1
    assert all(files)
