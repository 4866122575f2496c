"""Compares what two deaggregators make of the same records, and gathers their log lines."""

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

from oracle_sources import DEFAULT_SCHEMA_VERSION

# The keys of 'kinesis' whose values a deaggregator makes; all others are the input's own objects.
MADE_KEYS = {"explicitHashKey", "partitionKey", "subSequenceNumber", "aggregated", "data"}


class LogEntries(logging.Handler):
    """Keeps the arguments of each log line.

    They are the sequence number and the reason of damage, or for a dropped aggregate the sequence
    number alone.
    """

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[tuple[Any, ...]] = []

    def emit(self, record: logging.LogRecord) -> None:
        assert record.levelno == (logging.INFO if len(record.args) == 1 else logging.WARNING)
        self.entries.append(record.args)


@contextlib.contextmanager
def logged() -> Iterator[list[tuple[Any, ...]]]:
    """Gives the list that the package's log lines are gathered in, instead of being printed."""
    logger = logging.getLogger("aws_kpl_deagg")
    handler = LogEntries()
    propagate, level = logger.propagate, logger.level
    logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    try:
        yield handler.entries
    finally:
        logger.setLevel(level)
        logger.propagate = propagate
        logger.removeHandler(handler)


def assert_same_made(actual: Any, expected: Any) -> None:
    assert type(actual) is type(expected)
    assert actual == expected


def assert_same_user_record(actual: dict, expected: dict) -> None:
    assert type(actual) is dict
    assert list(actual) == list(expected)
    for key in expected:
        if key != "kinesis":
            assert actual[key] is expected[key]
    kinesis = actual["kinesis"]
    assert type(kinesis) is dict
    assert list(kinesis) == list(expected["kinesis"])
    for key, value in expected["kinesis"].items():
        if key in MADE_KEYS or value is DEFAULT_SCHEMA_VERSION:
            assert_same_made(kinesis[key], value)
        else:
            assert kinesis[key] is value


def assert_same_outputs(actual: list, expected: list, records: list) -> None:
    """Compares what came out for `records`, down to the order of keys and to shared objects."""
    assert len(actual) == len(expected)
    inputs = {id(record) for record in records}
    for actual_output, expected_output in zip(actual, expected, strict=True):
        if id(expected_output) in inputs:
            assert actual_output is expected_output
        else:
            assert_same_user_record(actual_output, expected_output)


def snapshot(value: Any, depth: int = 2) -> Any:
    """What is in a record: its keys and the identities of its values, `depth` levels deep."""
    if depth == 0 or not hasattr(value, "keys"):
        return id(value)
    return [(key, snapshot(value[key], depth - 1)) for key in value]


def ordered(value: Any) -> Any:
    """Dicts as lists of items, so that the order of keys counts in a comparison."""
    if isinstance(value, dict):
        return [(key, ordered(each)) for key, each in value.items()]
    return value
