"""Runs the code of README.md and docs/ that needs other packages."""

import pytest
import readme
from aggregates import kinesis_record

BLOCKS = [block for block in readme.BLOCKS if block.needs_peers]


def test_every_block_is_run():
    assert {*BLOCKS} == {readme.block_with("first_records"), readme.block_with("BatchProcessor")}


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
