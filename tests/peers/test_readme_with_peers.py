"""Runs the code of README.md and docs/ that needs other packages."""

import polars
import pyarrow
import pytest
import readme
from aggregates import kinesis_record
from user_records import entry_hash_key, is_packed, user_records_in

BLOCKS = [block for block in readme.BLOCKS if block.needs_peers]


def test_every_block_is_run():
    shown = ["first_records", "BatchProcessor", "import pyarrow as pa", "import duckdb"]
    shown += ["import polars", "entries_for", "old_entries"]
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


USER_RECORDS = [(f"key {number}", None, b"%d" % number) for number in range(100)]


def test_ranges_from_boto3(kinesis_client, tmp_path):
    stream = tmp_path.name
    kinesis_client.create_stream(StreamName=stream, ShardCount=2)
    kinesis_client.merge_shards(
        StreamName=stream,
        ShardToMerge="shardId-000000000000",
        AdjacentShardToMerge="shardId-000000000001",
    )
    names, _ = readme.run(readme.block_with("entries_for").code)
    (entry,) = names["entries_for"](kinesis_client, stream, USER_RECORDS)
    assert [each[:3] for each in user_records_in(entry)] == USER_RECORDS


def test_record_aggregator():
    """Its loop and ours are given the same, and both pack it."""
    theirs, _ = readme.run(readme.block_with("old_entries").code)
    ours, _ = readme.run(readme.block_with("new_entries").code)
    shard = {"HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": str(2**128 - 1)}}
    old = list(theirs["old_entries"](USER_RECORDS))
    new = list(ours["new_entries"](USER_RECORDS, [shard]))
    assert user_records_in(old[0]) == user_records_in(new[0])
    assert len(old) == len(new) == 1
    assert entry_hash_key(old[0]) == entry_hash_key(new[0])
    assert is_packed(new[0])
