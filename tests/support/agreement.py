"""Asserts that the package and the oracle agree; for the property tests and for fuzzing."""

import array
from typing import Any

import oracle
import pytest
from comparison import assert_same_outputs, logged, snapshot

from aws_kpl_deagg import (
    AggregateError,
    deaggregate_records,
    is_aggregated,
    iter_deaggregate_records,
    unpack,
)

BYTES_LIKE = {
    "bytes": bytes,
    "bytearray": bytearray,
    "memoryview": memoryview,
    "array": lambda content: array.array("B", content),
}

EVENT_FORMS = {
    "Records": lambda records: {"Records": records},
    "records": lambda records: {"records": records},
    "a tuple": lambda records: {"Records": tuple(records)},
    "SubscribeToShardEvent": lambda records: {"SubscribeToShardEvent": {"Records": records}},
}


def drained(iterator: Any, error: type[Exception]) -> tuple[list[Any], tuple[Any, ...] | None]:
    """Returns the items of an iterator, and the arguments of the error that ends it."""
    outputs = []
    try:
        for output in iterator:
            outputs.append(output)
    except error as raised:
        return outputs, raised.args
    return outputs, None


def check_records(records: list[Any], options: dict[str, Any]) -> list[Any]:
    """Compares both functions on one list, and that they leave it unchanged; returns the log."""
    before = [snapshot(record) for record in records]
    expected_log: list[Any] = []
    expected, expected_error = drained(
        oracle.iter_deaggregate(records, expected_log, oracle.Options(**options)),
        oracle.StrictError,
    )
    with logged() as log:
        iterator = iter_deaggregate_records(iter(records), **options)
        outputs, error = drained(iterator, AggregateError)
    assert error == expected_error
    assert_same_outputs(outputs, expected, records)
    assert log == expected_log
    with logged() as log:
        if expected_error is None:
            assert_same_outputs(deaggregate_records(records, **options), expected, records)
        else:
            with pytest.raises(AggregateError) as caught:
                deaggregate_records(records, **options)
            assert caught.value.args == expected_error
    assert log == expected_log
    assert [snapshot(record) for record in records] == before
    return log


def check_event(form: str, records: list[Any], options: dict[str, Any]) -> None:
    """Compares on a whole event of these records."""
    options = {**options, "strict": False}
    expected, expected_log = oracle.deaggregate(records, **options)
    event = EVENT_FORMS[form](records)
    assert oracle.deaggregate(event, **options)[1] == expected_log
    with logged() as log:
        outputs = deaggregate_records(event, **options)
    assert_same_outputs(outputs, expected, records)
    assert log == expected_log


def check_log_lines(records: list[Any], options: dict[str, Any]) -> None:
    """Compares when each log line is written: as its record's turn comes."""
    options = {**options, "strict": False}
    expected_log = []
    with logged() as log:
        iterator = iter_deaggregate_records(records, **options)
        for record in records:
            expected, entries = oracle.deaggregate([record], **options)
            for place, expected_output in enumerate(expected):
                output = next(iterator)
                expected_log += entries if place == 0 else []
                assert_same_outputs([output], [expected_output], [record])
                assert log == expected_log
            if not expected:  # its line, if any, is written on the way to the next result
                expected_log += entries
        assert next(iterator, None) is None
        assert log == expected_log


def check_unpack(content: bytes, verify: bool, form: Any) -> None:
    try:
        expected = oracle.read_payload(content, verify)
        error = None if expected is not None else (None, "not aggregated")
    except oracle.DamagedError as damage:
        error = (None, str(damage))
    if error is not None:
        with pytest.raises(AggregateError) as caught:
            unpack(form(content), verify=verify)
        assert caught.value.args == error
    else:
        user_records = unpack(form(content), verify=verify)
        assert user_records == [(*each[:3], tuple(each.tags)) for each in expected]
        assert all(type(each.tags) is tuple for each in user_records)


def check_is_aggregated(content: bytes) -> None:
    rest = content[len(oracle.MAGIC) :]
    has_frame = content.startswith(oracle.MAGIC) and len(rest) > 16
    assert is_aggregated(content) is (has_frame and oracle.md5(rest[:-16]) == rest[-16:])
