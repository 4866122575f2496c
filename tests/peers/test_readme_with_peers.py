"""Runs the code of README.md and docs/ that needs other packages."""

import polars
import pyarrow
import pytest
import readme
from aggregates import kinesis_record

BLOCKS = [block for block in readme.BLOCKS if block.needs_peers]


def test_every_block_is_run():
    shown = [
        "first_records",
        "BatchProcessor",
        "import pyarrow as pa",
        "import duckdb",
        "import polars",
    ]
    assert {*BLOCKS} == {*map(readme.block_with, shown)}


def test_boto3(kinesis_client, tmp_path):
    stream = tmp_path.name
    kinesis_client.create_stream(StreamName=stream, ShardCount=1)
    kinesis_client.put_record(StreamName=stream, Data=readme.PAYLOAD, PartitionKey="a")
    names, _ = readme.run(readme.block_with("first_records").code)
    records = names["first_records"](kinesis_client, stream)
    assert [record["kinesis"]["data"] for record in records] == [b"x", b"yz"]


@pytest.mark.filterwarnings("ignore::UserWarning:aws_lambda_powertools")
def test_powertools(capsys):
    names, _ = readme.run(readme.block_with("BatchProcessor").code)
    event = {"Records": [kinesis_record(readme.PAYLOAD), kinesis_record(b"plain")]}
    assert names["lambda_handler"](event, None) == {"batchItemFailures": []}
    assert capsys.readouterr().out.splitlines() == ["x", "yz", "plain"]


ARCHIVE = {"sequence_number": ["7", "8", "9"], "data": [readme.PAYLOAD, b"", readme.PAYLOAD[:-1]]}


def test_pyarrow():
    names, _ = readme.run(readme.block_with("import pyarrow as pa").code)
    rows = names["user_records"](pyarrow.table(ARCHIVE))
    assert rows["sequence_number"].to_pylist() == ["7", "7", "8", "9"]


def test_duckdb(tmp_path):
    polars.DataFrame(ARCHIVE).write_parquet(tmp_path / "file.parquet")
    names, _ = readme.run(readme.block_with("import duckdb").code)
    sums = names["bytes_per_key"](str(tmp_path / "file.parquet"))
    assert dict(sums) == {"a": 1, "key": 2, None: len(readme.PAYLOAD) - 1}


def test_polars(tmp_path):
    polars.DataFrame(ARCHIVE).write_parquet(tmp_path / "file.parquet")
    names, _ = readme.run(readme.block_with("import polars").code)
    assert names["damaged"](str(tmp_path / "*.parquet"))["damage"].to_list() == ["wrong digest"]
