"""examples/boto3_parquet.py with boto3, reading from moto's Kinesis over HTTP."""

import types

import pyarrow.parquet
import pytest
from aggregates import MAGIC, message, payload, record
from project import EXAMPLES

DAMAGED = MAGIC + bytes(30)
EXPECTED = [
    ("own", None, None, b"plain", None),
    ("key", 0, "7", b"0", None),
    ("key", 1, None, b"1", None),
    ("own", None, None, DAMAGED, "wrong digest"),
]


@pytest.fixture
def recipe(monkeypatch):
    """The module, which does not sleep."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import boto3_parquet

    monkeypatch.setattr(boto3_parquet, "time", types.SimpleNamespace(sleep=lambda seconds: None))
    return boto3_parquet


def test_a_shard_becomes_files(kinesis_client, recipe, tmp_path):
    stream = tmp_path.name
    aggregate = payload(message([b"key"], [record(0, b"0", 0), record(0, b"1")], [b"7"]))
    kinesis_client.create_stream(StreamName=stream, ShardCount=1)
    numbers = [
        kinesis_client.put_record(StreamName=stream, Data=content, PartitionKey="own")[
            "SequenceNumber"
        ]
        for content in [b"plain", aggregate, payload(message([b"key"])), DAMAGED]
    ]
    (shard,) = kinesis_client.list_shards(StreamName=stream)["Shards"]
    for _ in range(2):
        recipe.archive(kinesis_client, stream, shard["ShardId"], tmp_path)
    (file,) = tmp_path.glob("*.parquet")
    assert file.stem == numbers[0]
    rows = pyarrow.parquet.read_table(file).to_pylist()
    names = ["partition_key", "sub_sequence_number", "explicit_hash_key", "data", "damage"]
    assert [tuple(row[name] for name in names) for row in rows] == EXPECTED
    assert [row["sequence_number"] for row in rows] == [numbers[i] for i in (0, 1, 1, 3)]
    assert all(row["arrival_time"].tzinfo for row in rows)
