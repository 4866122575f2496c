"""examples/boto3_producer.py with boto3, putting into moto's Kinesis over HTTP."""

import types

import pytest
from project import EXAMPLES

from aws_kpl_deagg import deaggregate_records, is_aggregated

USER_RECORDS = [(f"key {number % 50}", None, b"%d" % number) for number in range(1_000)]


@pytest.fixture
def recipe(monkeypatch):
    """The module, which keeps its delays instead of waiting."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import boto3_producer

    waits = []
    monkeypatch.setattr(boto3_producer, "time", types.SimpleNamespace(sleep=waits.append))
    monkeypatch.setattr(boto3_producer, "waits", waits, raising=False)
    return boto3_producer


@pytest.fixture
def throttle(monkeypatch):
    """The server's put_records: it refuses the entries whose turn in `refusals` is true."""
    from moto.kinesis.models import KinesisBackend

    moto_put_records = KinesisBackend.put_records
    faults = types.SimpleNamespace(refusals=iter(()), calls=[])
    refused = {
        "ErrorCode": "ProvisionedThroughputExceededException",
        "ErrorMessage": "by the test",
    }

    def put_records(backend, stream_arn, stream_name, records):
        faults.calls.append(len(records))
        refusals = [next(faults.refusals, False) for _ in records]
        taken = [each for each, no in zip(records, refusals, strict=True) if not no]
        results = iter(moto_put_records(backend, stream_arn, stream_name, taken)["Records"])
        return {
            "FailedRecordCount": sum(refusals),
            "Records": [refused if no else next(results) for no in refusals],
        }

    monkeypatch.setattr(KinesisBackend, "put_records", put_records)
    return faults


@pytest.fixture
def stream(kinesis_client, tmp_path):
    kinesis_client.create_stream(StreamName=tmp_path.name, ShardCount=3)
    return tmp_path.name


def payloads(kinesis_client, stream, shard):
    iterator = kinesis_client.get_shard_iterator(
        StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return kinesis_client.get_records(ShardIterator=iterator)["Records"]


def received(kinesis_client, stream):
    """The user records of each shard, as a consumer gets that checks the hash keys."""
    return [
        [
            (kinesis["partitionKey"], kinesis.get("explicitHashKey"), kinesis["data"])
            for record in deaggregate_records(
                payloads(kinesis_client, stream, shard),
                decode=True,
                hash_key_range=shard["HashKeyRange"],
            )
            for kinesis in [record["kinesis"]]
        ]
        for shard in kinesis_client.list_shards(StreamName=stream)["Shards"]
    ]


def test_everything_arrives_in_order(kinesis_client, recipe, stream, throttle):
    recipe.send(kinesis_client, stream, USER_RECORDS)
    of_shards = received(kinesis_client, stream)
    assert all(of_shards)
    for of_shard in of_shards:
        keys = {partition_key for partition_key, _, _ in of_shard}
        assert of_shard == [each for each in USER_RECORDS if each[0] in keys]
    assert sum(map(len, of_shards)) == len(USER_RECORDS)
    assert throttle.calls == [3]
    assert recipe.waits == []


def test_after_a_reshard(kinesis_client, recipe, stream):
    kinesis_client.split_shard(
        StreamName=stream, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**100)
    )
    ranges = recipe.open_ranges(kinesis_client, stream)
    assert len(ranges) == 4 < len(kinesis_client.list_shards(StreamName=stream)["Shards"])
    recipe.send(kinesis_client, stream, USER_RECORDS)
    assert sum(map(len, received(kinesis_client, stream))) == len(USER_RECORDS)


def test_only_refused_entries_are_put_again(kinesis_client, recipe, stream, throttle):
    throttle.refusals = iter([True, False, True, False, True])
    recipe.send(kinesis_client, stream, USER_RECORDS)
    assert throttle.calls == [3, 2, 1]
    assert recipe.waits == recipe.DELAYS[:2]
    of_shards = received(kinesis_client, stream)
    assert sorted(each for of_shard in of_shards for each in of_shard) == sorted(USER_RECORDS)


def test_it_gives_up(kinesis_client, recipe, stream, throttle):
    throttle.refusals = iter([False] + [True] * 100)
    with pytest.raises(recipe.NotPutError, match="2 entries were not put: Provisioned") as raised:
        recipe.send(kinesis_client, stream, USER_RECORDS)
    assert len(throttle.calls) == len(recipe.DELAYS) + 1
    throttle.refusals = iter(())
    recipe.put(kinesis_client, stream, raised.value.entries)
    assert sum(map(len, received(kinesis_client, stream))) == len(USER_RECORDS)


def test_limits_of_a_call(kinesis_client, recipe, stream, throttle, monkeypatch):
    monkeypatch.setattr(recipe, "MOST_BYTES", 1_000_000)
    large = [(str(number), str(number), bytes(60_000)) for number in range(30)]
    small = [(str(number), str(number), b"") for number in range(30, 1_100)]
    monkeypatch.setattr(recipe, "open_ranges", lambda *_: [])
    recipe.send(kinesis_client, stream, [*large, *small])
    assert throttle.calls == [16, 500, 500, 84]


def test_a_wrong_user_record(kinesis_client, recipe, stream):
    with pytest.raises(ValueError, match="^user record 1000: "):
        recipe.send(kinesis_client, stream, [*USER_RECORDS, ("", None, b""), *USER_RECORDS])
    assert sum(map(len, received(kinesis_client, stream))) == len(USER_RECORDS)
    assert any(
        is_aggregated(each["Data"])
        for shard in kinesis_client.list_shards(StreamName=stream)["Shards"]
        for each in payloads(kinesis_client, stream, shard)
    )
