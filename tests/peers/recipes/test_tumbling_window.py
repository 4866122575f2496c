"""examples/lambda_tumbling_window.py under AWS's runtime client, over several invocations."""

import json

import pytest
from aggregates import MAGIC, kinesis_record, message, payload, record
from lambda_runtime_api import running

HANDLER = "lambda_tumbling_window.lambda_handler"
WINDOW = {"start": "2026-11-24T12:00:00Z", "end": "2026-11-24T12:02:00Z"}
SHARD = "shardId-000000000006"


def aggregate(*amounts, sequence_number):
    """A Kinesis record of user records with these pairs of partition key and amount."""
    keys = list(dict.fromkeys(key for key, _ in amounts))
    records = [
        record(keys.index(key), json.dumps({"amount": amount}).encode()) for key, amount in amounts
    ]
    return kinesis_record(
        payload(message([key.encode() for key in keys], records)), sequence_number
    )


def plain(content, sequence_number):
    return kinesis_record(content, sequence_number)


def window_event(records, state, *, final=False, early=False):
    """What AWS documents as KinesisTimeWindowEvent."""
    return {
        "Records": records,
        "window": WINDOW,
        "state": state,
        "shardId": SHARD,
        "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/stream",
        "isFinalInvokeForWindow": final,
        "isWindowTerminatedEarly": early,
    }


@pytest.fixture
def function(tmp_path):
    with running(HANDLER, tmp_path) as its_function:
        yield its_function


def published(function):
    """The sums that were published so far, a dict for each time."""
    lines = [json.loads(line) for line in function.log.read_text().splitlines() if line[:1] == "{"]
    assert all(each["window"] == WINDOW and each["shardId"] == SHARD for each in lines)
    return [each["sums"] for each in lines]


def test_window_of_several_invocations(function):
    state = function.response(
        window_event(
            [
                aggregate(("a", 1), ("b", 20), ("a", 300), sequence_number="1"),
                plain(b'{"amount": 4000}', "2"),
            ],
            {},
        )
    )
    assert state == {"state": {"a": 4301, "b": 20}, "batchItemFailures": []}
    state = function.response(
        window_event([aggregate(("b", 5), ("c", 0), sequence_number="3")], state["state"])
    )
    assert state == {"state": {"a": 4301, "b": 25, "c": 0}, "batchItemFailures": []}
    assert published(function) == []
    final = function.response(window_event([], state["state"], final=True))
    assert final == {"state": {}, "batchItemFailures": []}
    assert published(function) == [{"a": 4301, "b": 25, "c": 0}]


def test_aggregate_with_a_failing_user_record_counts_once_after_its_retry(function):
    before = aggregate(("a", 1), sequence_number="1")
    failing = aggregate(("a", 20), ("b", "secret"), ("a", 300), sequence_number="2")
    after = aggregate(("a", 4000), sequence_number="3")
    answer = function.response(window_event([before, failing, after], {"b": 7}))
    assert answer == {"state": {"a": 1, "b": 7}, "batchItemFailures": [{"itemIdentifier": "2"}]}
    log = function.log.read_text()
    assert "record 2 failed" in log
    assert "secret" not in log

    mended = aggregate(("a", 20), ("b", 50), ("a", 300), sequence_number="2")
    answer = function.response(window_event([mended, after], answer["state"]))
    assert answer == {"state": {"a": 4321, "b": 57}, "batchItemFailures": []}


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"secret", "JSONDecodeError"), (MAGIC + b"secret" * 10, "AggregateError")],
)
def test_what_is_no_json_and_what_is_damaged_is_reported(function, content, error):
    records = [aggregate(("a", 1), sequence_number="1"), plain(content, "2")]
    answer = function.response(window_event(records, {}))
    assert answer == {"state": {"a": 1}, "batchItemFailures": [{"itemIdentifier": "2"}]}
    log = function.log.read_text()
    assert error in log
    assert "secret" not in log


def test_window_that_is_ended_early(function):
    records = [aggregate(("a", 1), sequence_number="1")]
    answer = function.response(window_event(records, {"a": 10, "b": 2}, early=True))
    assert answer == {"state": {}, "batchItemFailures": []}
    answer = function.response(window_event(records, answer["state"]))
    function.response(window_event([], answer["state"], final=True))
    assert published(function) == [{"a": 11, "b": 2}, {"a": 1}]
