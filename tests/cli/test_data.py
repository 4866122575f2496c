"""How data is shown: the options --decode and --data."""

import json

import aggregates
import pytest
from command_line import lines, run_text, written

from aws_kpl_deagg import deaggregate_records

# With what each of them shows the payload as.
SHOWN = {
    b'{"a": [1, null]}': {
        "base64": "eyJhIjogWzEsIG51bGxdfQ==",
        "text": '{"a": [1, null]}',
        "json": {"a": [1, None]},
    },
    b"7": {"base64": "Nw==", "text": "7", "json": 7},
    b"": {"base64": "", "text": "", "json": ""},
    "schlüssel".encode(): {"base64": "c2NobMO8c3NlbA==", "text": "schlüssel", "json": "schlüssel"},
    b"\xff{": {"base64": "/3s=", "text": "\ufffd{", "json": "\ufffd{"},
    b"NaN": {"base64": "TmFO", "text": "NaN", "json": "NaN"},
    b"[" * 100_000: {
        "base64": aggregates.base64_text(b"[" * 100_000),
        "text": "[" * 100_000,
        "json": "[" * 100_000,
    },
}


@pytest.mark.parametrize("form", ["base64", "text", "json"])
def test_decode_chooses_how_data_is_shown(form):
    records = [aggregates.record(0, data) for data in SHOWN]
    aggregate = aggregates.aggregated_kinesis_record(aggregates.message([b"a"], records))
    plain = [aggregates.kinesis_record(data) for data in SHOWN]
    process = run_text([aggregate, *plain], "--decode", form)
    expected = [shown[form] for shown in SHOWN.values()]
    assert [record["kinesis"]["data"] for record in lines(process)] == 2 * expected
    # All else is as it is without the option.
    for record, base64_record in zip(
        lines(process), deaggregate_records([aggregate, *plain]), strict=True
    ):
        record["kinesis"]["data"] = base64_record["kinesis"]["data"]
        assert record == base64_record
        assert list(record["kinesis"]) == list(base64_record["kinesis"])


@pytest.mark.parametrize("form", ["text", "json"])
def test_data_that_does_not_decode_is_shown_as_it_is(form):
    record = aggregates.kinesis_record("8888888", "4711")
    process = run_text(record, "--decode", form)
    assert (process.returncode, written(process)) == (0, [record])
    assert b"4711" in process.stderr


def aggregate(*data):
    """A Kinesis record whose user records have these data."""
    records = [aggregates.record(0, each) for each in data]
    return aggregates.aggregated_kinesis_record(aggregates.message([b"a"], records))


@pytest.mark.parametrize("form", ["base64", "text", "json"])
def test_data_alone(form):
    plain = [aggregates.kinesis_record(data) for data in SHOWN]
    process = run_text([aggregate(*SHOWN), *plain], "--data", "--decode", form)
    assert (process.returncode, process.stderr) == (0, b"")
    output = process.stdout.decode().split("\n")
    assert output.pop() == ""
    if form == "json":
        output = [json.loads(line) for line in output]
    assert output == 2 * [shown[form] for shown in SHOWN.values()]


def test_data_alone_is_base64_by_default():
    process = run_text(
        [aggregate(b"a\nb", b""), aggregates.kinesis_record("YWJj\r\nZGVm")], "--data"
    )
    assert process.stdout == b"YQpi\n\nYWJjZGVm\n"


def test_data_alone_with_newlines():
    record = aggregate(b"two\nlines\n", b"next")
    assert run_text(record, "--data", "--decode=text").stdout == b"two\nlines\n\nnext\n"
    assert run_text(record, "--data", "--decode=json").stdout == b'"two\\nlines\\n"\n"next"\n'


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        ([], b"8888\\ud8008\n"),
        (["--decode=text"], b"8888\\ud8008\n"),
        (["--decode=json"], b'"8888\\ud8008"\n'),
    ],
)
def test_data_alone_that_does_not_decode(arguments, output):
    record = aggregates.kinesis_record("8888\ud8008")
    assert run_text(record, "--data", *arguments).stdout == output


def test_data_alone_of_a_damaged_aggregate():
    record = aggregates.kinesis_record(aggregates.MAGIC + b"damaged")
    process = run_text([record, aggregate(b"sound")], "--data")
    assert (process.returncode, process.stdout) == (0, b"84mawmRhbWFnZWQ=\nc291bmQ=\n")
    assert b": line 1, record 1: warning: " in process.stderr
