"""Runs the code of README.md and docs/ that needs other packages."""

import pytest
import readme
from aggregates import kinesis_record
from moto_server import client_of

BLOCKS = [block for block in readme.BLOCKS if block.needs_peers]


def test_every_block_is_run():
    assert {*BLOCKS} == {readme.block_with("import boto3"), readme.block_with("BatchProcessor")}


def test_boto3(moto_url, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    with client_of("kinesis", moto_url) as client:
        client.create_stream(StreamName="stream", ShardCount=1)
        client.put_record(StreamName="stream", Data=readme.PAYLOAD, PartitionKey="a")
    names, _ = readme.run(readme.block_with("import boto3").code)
    names["kinesis"].close()
    assert [record["kinesis"]["data"] for record in names["records"]] == [b"x", b"yz"]


@pytest.mark.filterwarnings("ignore::UserWarning:aws_lambda_powertools")
def test_powertools(capsys):
    names, _ = readme.run(readme.block_with("BatchProcessor").code)
    event = {"Records": [kinesis_record(readme.PAYLOAD), kinesis_record(b"plain")]}
    assert names["lambda_handler"](event, None) == {"batchItemFailures": []}
    assert capsys.readouterr().out.splitlines() == ["x", "yz", "plain"]
