"""Whatever comes from any source, with any options, the package and the oracle agree."""

from typing import Any

import oracle
import pytest
import source_strategies
from comparison import assert_same_outputs, logged, snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

from aws_kpl_deagg import AggregateError, deaggregate_records, iter_deaggregate_records


def drained(iterator: Any, error: type[Exception]) -> tuple[list[Any], tuple[Any, ...] | None]:
    """Returns what comes out of an iterator, and the arguments of the error that ends it."""
    outputs = []
    try:
        for output in iterator:
            outputs.append(output)
    except error as raised:
        return outputs, raised.args
    return outputs, None


def check(records: list[Any], options: dict[str, Any]) -> None:
    """Compares both functions with the oracle on one list."""
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


@given(source_strategies.MIXED_RECORDS)
def test_no_option(records):
    check(records, {})


@settings(max_examples=3 * settings.default.max_examples)
@given(source_strategies.MIXED_RECORDS, st.fixed_dictionaries(source_strategies.OPTIONS))
def test_options_together(records, options):
    check(records, options)


@given(
    source_strategies.LAMBDA_RECORDS | source_strategies.OTHER_RECORDS,
    st.fixed_dictionaries(source_strategies.OPTIONS),
)
def test_a_single_record(record, options):
    options["strict"] = False
    expected, expected_log = oracle.deaggregate(record, **options)
    with logged() as log:
        outputs = deaggregate_records(record, **options)
    assert_same_outputs(outputs, expected, [record])
    assert log == expected_log


EVENT_FORMS = {
    "Records": lambda records: {"Records": records},
    "records": lambda records: {"records": records},
    "a tuple": lambda records: {"Records": tuple(records)},
    "SubscribeToShardEvent": lambda records: {"SubscribeToShardEvent": {"Records": records}},
}


@given(
    st.sampled_from(list(EVENT_FORMS)),
    source_strategies.MIXED_RECORDS,
    st.fixed_dictionaries(source_strategies.OPTIONS),
)
def test_a_whole_event(form, records, options):
    options["strict"] = False
    expected, expected_log = oracle.deaggregate(records, **options)
    event = EVENT_FORMS[form](records)
    assert oracle.deaggregate(event, **options)[1] == expected_log
    with logged() as log:
        outputs = deaggregate_records(event, **options)
    assert_same_outputs(outputs, expected, records)
    assert log == expected_log


@given(source_strategies.MIXED_RECORDS, st.fixed_dictionaries(source_strategies.OPTIONS))
def test_each_log_line_comes_with_its_record(records, options):
    options["strict"] = False
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
            if not expected:  # its line, if any, comes with the next one's
                expected_log += entries
        assert next(iterator, None) is None
        assert log == expected_log
