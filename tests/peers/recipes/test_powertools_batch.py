"""examples/lambda_powertools_batch.py under AWS's runtime client, with moto's DynamoDB."""

import json
import time

import pytest
from aggregates import MAGIC, kinesis_record, message, payload, record
from lambda_runtime_api import running

# Writes down each number that is processed, and fails with those that the test wants to fail.
APP = """
import pathlib
import lambda_powertools_batch

def process(data):
    with open("processed", "a") as file:
        print(data["number"], file=file)
    if str(data["number"]) in pathlib.Path("failing").read_text().split():
        raise RuntimeError("it fails")

lambda_powertools_batch.process = process
lambda_handler = lambda_powertools_batch.lambda_handler
"""


def data(number):
    return json.dumps({"number": number, "text": "secret"}).encode()


def aggregate(numbers, sequence_number):
    records = [record(0, data(number)) for number in numbers]
    return kinesis_record(payload(message([b"key"], records)), sequence_number)


def plain(number, sequence_number):
    return kinesis_record(data(number), sequence_number)


def failures(*sequence_numbers):
    return {"batchItemFailures": [{"itemIdentifier": number} for number in sequence_numbers]}


@pytest.fixture
def table(moto_url, tmp_path):
    """The name of a new idempotency table, and a client."""
    from moto_server import client_of

    with client_of("dynamodb", moto_url) as client:
        client.create_table(
            TableName=tmp_path.name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield tmp_path.name, client


@pytest.fixture
def function(moto_url, table, tmp_path):
    (tmp_path / "app.py").write_text(APP)
    with running(
        "app.lambda_handler",
        tmp_path,
        IDEMPOTENCY_TABLE=table[0],
        AWS_ENDPOINT_URL=moto_url,
        AWS_DEFAULT_REGION="us-east-1",
        AWS_ACCESS_KEY_ID="none",
        AWS_SECRET_ACCESS_KEY="none",
    ) as its_function:
        yield its_function


@pytest.fixture
def invoke(function, tmp_path):
    """Invokes the function with records of which some numbers fail; returns its response and the
    numbers that were processed.
    """

    def invoke(records, *failing):
        processed = tmp_path / "processed"
        processed.write_text("")
        (tmp_path / "failing").write_text(" ".join(map(str, failing)))
        response = function.response({"Records": records})
        assert "secret" not in function.log.read_text()
        return response, [int(number) for number in processed.read_text().split()]

    return invoke


def test_failing_user_record_alone_is_done_again(invoke, function, table):
    records = [aggregate([0, 1, 2], "10"), plain(3, "11"), plain(4, "12"), aggregate([5, 6], "13")]
    assert invoke(records, 1) == (failures("10"), [0, 1, 2, 3, 4, 5, 6])
    assert "user record 10, 1 failed" in function.log.read_text()
    assert invoke(records, 1) == (failures("10"), [1])
    assert invoke(records) == (failures(), [1])
    assert invoke(records) == (failures(), [])
    name, client = table
    items = client.scan(TableName=name)["Items"]
    assert len(items) == 7
    for item in items:
        assert item["status"] == {"S": "COMPLETED"}
        assert float(item["expiration"]["N"]) > time.time() + 23 * 60 * 60
        # When one that was begun counts as failed, if the function was killed meanwhile.
        assert "in_progress_expiration" in item


def test_failing_plain_record(invoke, function):
    records = [aggregate([0, 1], "10"), plain(2, "11"), plain(3, "12")]
    assert invoke(records, 2) == (failures("11"), [0, 1, 2, 3])
    assert "user record 11, None failed" in function.log.read_text()
    assert invoke(records[1:]) == (failures(), [2])


def test_several_failures_of_an_aggregate(invoke):
    records = [aggregate([0, 1, 2], "10"), plain(3, "11")]
    assert invoke(records, 0, 2) == (failures("10", "10"), [0, 1, 2, 3])
    assert invoke(records, 2) == (failures("10"), [0, 2])
    assert invoke(records) == (failures(), [2])


def test_all_fail(invoke):
    records = [aggregate([0, 1], "10")]
    assert invoke(records, 0, 1) == (failures("10", "10"), [0, 1])
    assert invoke(records) == (failures(), [0, 1])


def test_damaged_aggregate_is_reported(invoke):
    records = [kinesis_record(MAGIC + b"secret" * 10, "10"), aggregate([0], "11")]
    assert invoke(records) == (failures("10"), [0])


def test_nothing_but_an_aggregate_without_user_records(invoke):
    assert invoke([aggregate([], "10")]) == (failures(), [])
