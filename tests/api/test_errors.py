"""Errors about the shape of the input say what to do."""

import pytest
from aggregates import kinesis_record

from aws_kpl_deagg import deaggregate_records, is_aggregated, iter_deaggregate_records

on_both_functions = pytest.mark.parametrize(
    "deaggregate",
    [
        deaggregate_records,
        lambda *args, **options: list(iter_deaggregate_records(*args, **options)),
    ],
    ids=["list", "iterator"],
)
PLAIN = kinesis_record(b"plain")


@on_both_functions
@pytest.mark.parametrize("wrap", [list, iter], ids=["list", "iterator"])
def test_unknown_source_names_the_index_and_the_keys(deaggregate, wrap):
    with pytest.raises(KeyError, match=r"record 2 .* Its keys: 'one', 2\. ") as error:
        deaggregate(wrap([PLAIN, PLAIN, {"one": "secret", 2: b"secret"}]))
    assert "secret" not in str(error.value)


def test_at_most_ten_keys_are_named():
    def named(count):
        with pytest.raises(KeyError) as error:
            deaggregate_records([{f"key{i}": i for i in range(count)}])
        return error.value.args[0].split("Its keys: ")[1].split(". ")[0]

    assert named(0) == "none"
    assert named(10) == ", ".join(f"'key{i}'" for i in range(10))
    assert named(11) == named(10) + ", ..."
    assert named(1000) == named(11)


def test_long_keys_are_shortened():
    with pytest.raises(KeyError) as error:
        deaggregate_records([{"x" * 1_000_000: 1}])
    assert len(error.value.args[0]) < 500


@on_both_functions
@pytest.mark.parametrize(
    ("record", "hint"),
    [
        ({"messageId": "1", "body": "{}"}, "SQS"),
        ({"body": "{}"}, "SQS"),
        ({"EventSource": "aws:sns", "Sns": {}}, "SNS"),
        ({"eventID": "1", "dynamodb": {}}, "DynamoDB"),
        ({"Records": [PLAIN]}, "as the argument itself"),
        ({"records": [PLAIN]}, "as the argument itself"),
    ],
)
def test_familiar_records_have_a_hint(deaggregate, record, hint):
    with pytest.raises(KeyError, match=hint):
        deaggregate([record])


def test_a_kinesis_record_that_carries_a_dynamodb_change_is_one():
    record = {**PLAIN, "dynamodb": {}}
    assert deaggregate_records([record]) == [record]


class UserError(Exception):
    pass


@pytest.mark.parametrize("failing", ["keys", "in"])
def test_the_error_of_a_mapping_wins(failing):
    from collections.abc import Mapping

    class Failing(Mapping):
        looked_up = 0

        def __getitem__(self, key):
            raise KeyError(key)

        def __len__(self):
            return 0

        def __iter__(self):
            raise UserError

        def __contains__(self, key):
            if failing == "in" and key == "body":
                raise UserError
            return False

    with pytest.raises(UserError):
        deaggregate_records([Failing()])


@on_both_functions
@pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
def test_a_payload_instead_of_records_points_to_unpack(deaggregate, form):
    for content in (b"", b"payload"):
        with pytest.raises(TypeError, match=r"unpack\(\) takes a payload"):
            deaggregate(form(content))


@on_both_functions
@pytest.mark.parametrize("text", ["", "84mawg==", '{"Records": []}'])
def test_text_instead_of_records_has_a_hint(deaggregate, text):
    with pytest.raises(TypeError, match=r"json\.loads\(\) reads an event"):
        deaggregate(text)


@on_both_functions
@pytest.mark.parametrize(
    ("record", "error"),
    [
        (7, TypeError),
        ({"kinesis": 7}, TypeError),
        ({"kinesis": {}}, KeyError),
        ({"kinesisRecordMetadata": {}}, KeyError),
    ],
)
def test_a_wrong_shape_names_the_index(deaggregate, record, error):
    with pytest.raises(error, match="record 1 "):
        deaggregate([PLAIN, record])


def test_is_aggregated_takes_its_keyword():
    assert is_aggregated(payload=b"") is False
    with pytest.raises(TypeError):
        is_aggregated(data=b"")
    with pytest.raises(TypeError):
        is_aggregated()
