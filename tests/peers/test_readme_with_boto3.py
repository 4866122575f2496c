"""Runs the code of README.md that needs boto3."""

import readme
from aggregates import ALL_HASH_KEYS, boto3_record
from moto_server import client_of

from aws_kpl_deagg import deaggregate_records


def test_the_range_of_a_shard(moto_url, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    with client_of("kinesis", moto_url) as client:
        client.create_stream(StreamName="stream", ShardCount=1)
    names, _ = readme.run(readme.block("range of a shard"))
    names["kinesis"].close()
    hash_key_range = names["hash_key_range"]
    if isinstance(hash_key_range, tuple):
        assert hash_key_range == ALL_HASH_KEYS
    outputs = deaggregate_records(boto3_record(readme.PAYLOAD), hash_key_range=hash_key_range)
    assert len(outputs) == 2
