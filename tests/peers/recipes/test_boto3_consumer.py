"""examples/boto3_consumer.py with boto3, reading from moto's Kinesis over HTTP."""

import types

import pytest
from aggregates import MAGIC, message, payload, record
from project import EXAMPLES


def aggregate(*contents, key=b"key"):
    return payload(message([key], [record(0, content) for content in contents]))


DAMAGED = MAGIC + bytes(30)
STREAM = [
    b"plain",
    aggregate(b"0", b"1", b"2"),
    aggregate(b"alone"),
    aggregate(),
    b"",
    DAMAGED,
    aggregate(b"3", b"4"),
    b"last",
]
USER_DATA = [b"plain", b"0", b"1", b"2", b"alone", b"", DAMAGED, b"3", b"4", b"last"]


class Killed(Exception):
    """Ends a consumer before it processes a user record."""


@pytest.fixture
def recipe(monkeypatch):
    """The module, which counts its sleeps instead of sleeping."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import boto3_consumer

    sleeps = []
    monkeypatch.setattr(boto3_consumer, "time", types.SimpleNamespace(sleep=sleeps.append))
    monkeypatch.setattr(boto3_consumer, "sleeps", sleeps, raising=False)
    return boto3_consumer


@pytest.fixture
def server(monkeypatch):
    """The server's get_records with shards that end, which those of moto do not.

    It returns two Kinesis records at a time, and raises the `errors` first, one per call.
    """
    from moto.core.exceptions import JsonRESTError
    from moto.kinesis.models import KinesisBackend

    moto_get_records = KinesisBackend.get_records
    faults = types.SimpleNamespace(errors=[], reads=0)

    def get_records(backend, stream_arn, shard_iterator, limit):
        faults.reads += 1
        if faults.errors and (error := faults.errors.pop(0)):
            raise JsonRESTError(error, "raised by the test")
        iterator, *others = moto_get_records(backend, stream_arn, shard_iterator, 2)
        return iterator if len(others[0]) == 2 else None, *others

    monkeypatch.setattr(KinesisBackend, "get_records", get_records)
    return faults


def new_stream(kinesis_client, name, contents, shards=1):
    """Creates a stream with these payloads; returns its shards."""
    kinesis_client.create_stream(StreamName=name, ShardCount=shards)
    for content in contents:
        kinesis_client.put_record(StreamName=name, Data=content, PartitionKey="a")
    return kinesis_client.list_shards(StreamName=name)["Shards"]


@pytest.fixture
def shard(kinesis_client, server, tmp_path):
    """The only shard of a stream that is named like `tmp_path`."""
    (its_shard,) = new_stream(kinesis_client, tmp_path.name, STREAM)
    return its_shard


@pytest.fixture
def consumer(kinesis_client, recipe, shard, tmp_path):
    """Runs the consumer until the shard's end, or until it has processed as many as it may."""
    processed = []

    def consume(limit=None):
        def process(kinesis):
            if len(processed) == stop:
                raise Killed
            processed.append(kinesis["data"])

        stop = None if limit is None else len(processed) + limit
        recipe.consume(kinesis_client, tmp_path.name, shard, tmp_path / "checkpoint", process)
        return processed

    consume.processed = processed
    return consume


def test_whole_shard(consumer, recipe, server):
    assert consumer() == USER_DATA
    assert server.reads == 5
    assert recipe.sleeps == [recipe.SECONDS_BETWEEN_READS] * 5
    assert consumer() == USER_DATA


@pytest.mark.parametrize("position", range(len(USER_DATA)))
def test_killed_once(consumer, position):
    with pytest.raises(Killed):
        consumer(position)
    assert consumer.processed == USER_DATA[:position]
    assert consumer() == USER_DATA


def test_killed_after_each_user_record(consumer):
    for _ in USER_DATA[1:]:
        with pytest.raises(Killed):
            consumer(1)
    assert consumer(1) == USER_DATA


def test_checkpoints_of_two_shards_in_one_folder(recipe, tmp_path, monkeypatch):
    files = [tmp_path / f"orders.shardId-{number}" for number in range(2)]
    written = []
    replace = recipe.os.replace
    monkeypatch.setattr(
        recipe.os, "replace", lambda *paths: written.append(paths[0]) or replace(*paths)
    )
    for number, file in enumerate(files):
        recipe.save(file, ("1", number))
    assert [recipe.load(file) for file in files] == [("1", 0), ("1", 1)]
    assert len({*written, *files}) == 4


def test_more_arrives_after_the_last(consumer, kinesis_client, tmp_path):
    consumer()
    for content in [aggregate(b"more", b"and more"), b"plain again"]:
        kinesis_client.put_record(StreamName=tmp_path.name, Data=content, PartitionKey="a")
    assert consumer() == [*USER_DATA, b"more", b"and more", b"plain again"]


@pytest.mark.parametrize("read", range(5))
def test_expired_iterator(consumer, server, read):
    server.errors = [None] * read + ["ExpiredIteratorException"]
    assert consumer() == USER_DATA
    assert server.errors == []


def test_throttling_is_left_to_boto3(consumer, server):
    server.errors = [None, "ProvisionedThroughputExceededException", None]
    assert consumer() == USER_DATA
    assert server.errors == []


def test_other_errors_end_it_and_it_resumes(consumer, kinesis_client, server):
    server.errors = [None, None, "AccessDeniedException"]
    with pytest.raises(kinesis_client.exceptions.AccessDeniedException):
        consumer()
    assert consumer.processed == USER_DATA[:5]
    assert consumer() == USER_DATA


def test_aggregate_in_the_wrong_shard_is_not_processed(kinesis_client, recipe, server, tmp_path):
    """It was put during a reshard; the KPL has put it again, into the right one."""
    shards = new_stream(kinesis_client, tmp_path.name, [], shards=2)
    content = aggregate(b"once", b"and for all", key=b"a")
    for each in shards:
        kinesis_client.put_record(
            StreamName=tmp_path.name,
            Data=content,
            PartitionKey="a",
            ExplicitHashKey=each["HashKeyRange"]["StartingHashKey"],
        )
    processed = []
    for each in shards:
        recipe.consume(
            kinesis_client,
            tmp_path.name,
            each,
            tmp_path / each["ShardId"],
            lambda kinesis: processed.append(kinesis["data"]),
        )
    assert processed == [b"once", b"and for all"]
    assert server.reads == 2
