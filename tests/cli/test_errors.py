"""Errors in the input are reported with their place, and the rest is written."""

import argparse
import json
import sys

import aggregates
import pytest
from command_line import json_lines, lines, message, run, run_text, written
from kpl_vectors import LAMBDA_EVENT

from aws_kpl_deagg import deaggregate_records
from aws_kpl_deagg._command import write_lines
from aws_kpl_deagg._command_report import Report

EVENT = json.loads(LAMBDA_EVENT.read_bytes())
RECORD = EVENT["Records"][0]
USER_RECORDS = deaggregate_records(EVENT["Records"])
PLAIN = {"kinesis": {"sequenceNumber": "1", "partitionKey": "schlüssel 🔑", "data": "cGxhaW4="}}
DAMAGED = aggregates.kinesis_record(aggregates.MAGIC + b"secret" * 6, "4711")


@pytest.mark.parametrize("arguments", [[], ["--decode=json"]])
def test_damaged_aggregate_is_passed_through_with_a_warning_that_names_its_place(
    arguments, tmp_path
):
    (tmp_path / "records.jsonl").write_bytes(json_lines([[], [RECORD, DAMAGED, RECORD]]))
    process = run(*arguments, "records.jsonl", folder=tmp_path)
    assert process.returncode == 0
    numbers = [record["kinesis"]["sequenceNumber"] for record in written(process)]
    assert (len(numbers), numbers[4]) == (9, "4711")
    (warning,) = process.stderr.decode().splitlines()
    assert warning.endswith(
        "records.jsonl: line 2, record 2: warning: Kinesis record 4711 is damaged: wrong digest"
    )


def test_damaged_aggregate_comes_out_untouched():
    process = run_text([DAMAGED, RECORD])
    assert written(process) == [DAMAGED, *USER_RECORDS]


def test_damaged_aggregate_without_a_sequence_number():
    record = {"kinesis": {"data": DAMAGED["kinesis"]["data"]}}
    warning = run_text(record).stderr.decode()
    assert ": warning: Kinesis record is damaged: wrong digest" in warning


def test_messages_are_not_commands_to_the_terminal():
    warning = run_text(aggregates.kinesis_record(aggregates.MAGIC, "\x1b[2J\n")).stderr.decode()
    assert r"Kinesis record \x1b[2J\n is" in warning


@pytest.mark.parametrize("arguments", [[], ["--decode=text"], ["--summary"]])
def test_strict_stops_at_the_first_damaged_aggregate(arguments, tmp_path):
    (tmp_path / "records.json").write_text(json.dumps([PLAIN, DAMAGED, PLAIN]))
    process = run("--strict", *arguments, "records.json", LAMBDA_EVENT, folder=tmp_path)
    line = message(process)
    assert "records.json: line 1, record 2: " in line
    assert "4711" in line
    assert line.endswith(": wrong digest")
    assert "warning" not in line
    assert "secret" not in line
    assert DAMAGED["kinesis"]["data"] not in line
    if arguments != ["--summary"]:
        (plain,) = written(process)
        assert plain["kinesis"]["sequenceNumber"] == "1"


def test_damaged_aggregate_with_an_outer_key_records_is_still_a_record():
    record = {**DAMAGED, "Records": [RECORD]}
    assert written(run_text(record)) == [record]


def test_strict_costs_sound_records_nothing():
    assert lines(run("--strict", LAMBDA_EVENT)) == USER_RECORDS


def test_value_too_deep_to_be_written_does_not_hide_the_next(capfdbinary):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    report = Report("program", strict=False)
    arguments = argparse.Namespace(data=False, decode=None)
    write_lines([{**PLAIN, "deep": deep}, PLAIN], "place", arguments, report)
    sys.stdout.flush()
    output, errors = capfdbinary.readouterr()
    assert json.loads(output) == PLAIN
    assert (errors, report.errors) == (b"program: place: nested too deeply\n", 1)


BAD_INPUT = {
    "no JSON": (b"{'kinesis': 1}", "line 1, column 2: not JSON: "),
    "cut off": (b'{"kinesis":', "line 1, column 12: not JSON: "),
    "not UTF-8": (b'{"kinesis": "\xff"}', "line 1: not JSON: not utf-8"),
    "too deep": (b"[" * 200_000, "line 1: not JSON: "),
    "endless number": (b"9" * 5000, "line 1: not JSON: "),
    "text": (b'"secret"', "line 1: neither a record nor"),
    "null": (b"null", "line 1: neither a record nor"),
    "number": (b"1.5", "line 1: neither a record nor"),
    "no record": (b'{"key": "secret"}', "line 1, record 1: "),
    "records that are not a list": (b'{"Records": {}}', "'kinesis'"),
    "record that is not an object": (b'[{"kinesis": {"data": ""}}, 7]', "line 1, record 2: "),
    "event in a list": (b'[{"Records": []}]', "'kinesis'"),
    "kinesis that is not an object": (b'{"kinesis": "secret"}', "mapping"),
    "records beside a bad record": (b'{"kinesis": "secret", "Records": []}', "mapping"),
    "no data": (b'{"kinesis": {}}', "'data'"),
    "data that is not text": (b'{"kinesis": {"data": 1}}', "data"),
    "bad line": (b'[]\n\n[]\n{"secret"]\n', "line 4, column 10: not JSON: "),
    "bad record in a line": (b"[]\n[7]\n", "line 2, record 1: "),
    "bad line of a document": (b'{"Records": [\n"secret"\n7]}\n', "line 3, column 1: not JSON: "),
    "bad UTF-8 in a document": (b'[\n1,\n"\xff"]', "line 3: not JSON: not utf-8"),
    "bad record of a document": (b'{"Records": [\n7]}\n', ": record 1: "),
    "document that goes on": (b'{"Records": [\n]\n}\n]', "line 4, column 1: not JSON"),
}


@pytest.mark.parametrize("case", BAD_INPUT)
@pytest.mark.parametrize("from_file", [True, False], ids=["file", "standard input"])
def test_bad_input_is_named_with_what_is_wrong(case, from_file, tmp_path):
    text, wrong = BAD_INPUT[case]
    (tmp_path / "bad.json").write_bytes(text)
    line = message(run("bad.json" if from_file else "-", stdin=text, folder=tmp_path))
    assert ("bad.json: " if from_file else "standard input: ") in line
    assert wrong in line
    assert "secret" not in line


def test_file_that_cannot_be_opened(tmp_path):
    process = run("missing.json", tmp_path, folder=tmp_path)
    assert (process.returncode, process.stdout) == (1, b"")
    missing, folder = process.stderr.decode().splitlines()
    assert "missing.json: No such file or directory" in missing
    assert str(tmp_path) in folder


MIXED = [
    (PLAIN, None),
    (b"{broken", "line 2, column 2: not JSON: "),
    ([RECORD, {"foreign": 1}, 7], "line 3, record 2: the record is from an unknown source"),
    (None, "line 3, record 3: the record must be a mapping, not 'int'"),
    (b"null", "line 4: neither a record nor"),
    (b'"\xff"', "line 5: not JSON: not utf-8"),
    ({"kinesis": 7}, "line 6, record 1: 'kinesis' of the record must be a mapping"),
    (RECORD, None),
]


def write_mixed(path):
    documents = [document for document, _ in MIXED if document is not None]
    lines_of_file = [
        each if isinstance(each, bytes) else json.dumps(each).encode() for each in documents
    ]
    path.write_bytes(b"\n".join(lines_of_file))


def test_every_error_is_reported_with_its_place_and_the_rest_is_written(tmp_path):
    write_mixed(tmp_path / "mixed.jsonl")
    process = run("mixed.jsonl", LAMBDA_EVENT, folder=tmp_path)
    assert process.returncode == 1
    assert written(process) == [PLAIN, *USER_RECORDS, *USER_RECORDS, *USER_RECORDS]
    errors = process.stderr.decode().splitlines()
    expected = [error for _, error in MIXED if error is not None]
    for error, start in zip(errors, expected, strict=True):
        assert error.startswith(f"python -m aws_kpl_deagg: mixed.jsonl: {start}")


def test_unknown_source_is_explained_in_the_words_of_the_command_line():
    line = message(run_text([PLAIN, {"foreign": 1, "Records": []}]))
    assert "line 1, record 2: " in line
    assert "'foreign', 'Records'" in line
    assert "record 0" not in line
    assert "argument" not in line


@pytest.mark.parametrize("first", [b'{"kinesis":', b"[", b'{"kinesis": {"da'])
@pytest.mark.parametrize("rest", [[PLAIN], [PLAIN, RECORD]], ids=["one line", "two lines"])
def test_first_line_that_is_cut_off_does_not_hide_the_rest(first, rest):
    process = run_text(first + b"\n\n" + json_lines(rest))
    assert "standard input: line 1" in message(process)
    assert written(process) == deaggregate_records(rest)


def test_line_numbers_after_a_first_line_that_is_cut_off():
    process = run_text(b'\n{"kinesis":\n' + json_lines([[], 7]))
    cut_off, number = process.stderr.decode().splitlines()
    assert cut_off.endswith(": line 2: not JSON: the line is cut off")
    assert ": line 4: neither" in number


def test_list_around_lines_is_a_document():
    assert lines(run_text(b"[\n" + json_lines([PLAIN]) + b"]\n")) == [PLAIN]
