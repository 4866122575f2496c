"""The command `python -m aws_kpl_deagg`, run as its users run it: in a process of its own."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aws_kpl_deagg import deaggregate_records

EVENT_FILE = Path(__file__).parent / "data" / "kpl-explicit-hash-keys.lambda.json"
EVENT = json.loads(EVENT_FILE.read_bytes())
RECORD = EVENT["Records"][0]
USER_RECORDS = deaggregate_records(EVENT["Records"])
PLAIN = {"kinesis": {"sequenceNumber": "1", "partitionKey": "schlüssel 🔑", "data": "cGxhaW4="}}
COMMAND = [sys.executable, "-m", "aws_kpl_deagg"]
TIMEOUT = 60


def run(*arguments, stdin=b"", folder=None, **environment):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        cwd=folder,
        env={**os.environ, **environment},
        timeout=TIMEOUT,
    )


def run_text(document, **environment):
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return run(stdin=text, **environment)


def lines(process):
    """Returns the records that a successful run wrote."""
    assert (process.returncode, process.stderr) == (0, b"")
    return [json.loads(line) for line in process.stdout.splitlines()]


def test_event_file_gives_its_user_records():
    assert len(USER_RECORDS) == 4
    process = run(EVENT_FILE)
    assert lines(process) == USER_RECORDS
    assert process.stdout.endswith(b"}\n")
    assert b"\r" not in process.stdout


def test_keys_are_written_in_the_order_of_the_user_record():
    written = lines(run(EVENT_FILE))
    assert [list(record) for record in written] == [list(record) for record in USER_RECORDS]
    assert list(written[0]["kinesis"]) == list(USER_RECORDS[0]["kinesis"])


@pytest.mark.parametrize(
    "document", [EVENT, RECORD, [RECORD]], ids=["event", "one record", "list of records"]
)
def test_each_form_of_input_gives_the_same(document):
    assert lines(run_text(document)) == USER_RECORDS


@pytest.mark.parametrize("arguments", [[], ["-"]], ids=["no file", "dash"])
def test_standard_input(arguments):
    assert lines(run(*arguments, stdin=EVENT_FILE.read_bytes())) == USER_RECORDS


def test_several_files_and_standard_input_in_their_order(tmp_path):
    (tmp_path / "plain.json").write_text(json.dumps(PLAIN))
    process = run(
        "plain.json", "-", EVENT_FILE, stdin=json.dumps([RECORD]).encode(), folder=tmp_path
    )
    assert lines(process) == [PLAIN, *USER_RECORDS, *USER_RECORDS]


def test_plain_records_come_out_as_they_are():
    nothing_of_kinesis = {**PLAIN, "odd": [None, True, 1.5, 10**30, {"deep": "\ud800"}]}
    assert lines(run_text([PLAIN, nothing_of_kinesis])) == [PLAIN, nothing_of_kinesis]


@pytest.mark.parametrize("document", [{"Records": []}, []], ids=["event", "list"])
def test_no_records_give_no_lines(document):
    process = run_text(document)
    assert (process.returncode, process.stdout, process.stderr) == (0, b"", b"")


def test_record_with_an_outer_key_records_is_still_a_record():
    record = {**PLAIN, "Records": [RECORD]}
    assert lines(run_text(record)) == [record]


def test_damaged_aggregate_comes_out_with_a_warning_on_standard_error():
    payload = base64.b64decode(RECORD["kinesis"]["data"])
    data = base64.b64encode(payload[:-1] + bytes([payload[-1] ^ 1])).decode()
    damaged = {**RECORD, "kinesis": {**RECORD["kinesis"], "data": data}}
    process = run_text([damaged, RECORD])
    assert process.returncode == 0
    written = [json.loads(line) for line in process.stdout.splitlines()]
    assert written == [damaged, *USER_RECORDS]
    (warning,) = process.stderr.decode().splitlines()
    assert RECORD["kinesis"]["sequenceNumber"] in warning


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "utf-16"},
        {"PYTHONIOENCODING": "ascii"},
    ],
    ids=["C locale", "utf-16", "ascii"],
)
@pytest.mark.parametrize("from_file", [True, False], ids=["file", "standard input"])
def test_utf8_whatever_the_locale(environment, from_file, tmp_path):
    text = json.dumps(PLAIN, ensure_ascii=False).encode()
    assert "🔑".encode() in text
    path = tmp_path / "plain.json"
    path.write_bytes(text)
    process = run(path if from_file else "-", stdin=text, **environment)
    assert lines(process) == [PLAIN]


BAD_INPUT = {
    "empty": (b"", "not JSON: Expecting value"),
    "no JSON": (b"{'kinesis': 1}", "line 1 column 2"),
    "two documents": (b"{}\n{}", "line 2 column 1"),
    "not UTF-8": (b'{"kinesis": "\xff"}', "not JSON: 'utf-8' codec"),
    "too deep": (b"[" * 200_000, "not JSON: "),
    "endless number": (b"9" * 5000, "not JSON: "),
    "text": (b'"kinesis"', "neither a Lambda event nor a record"),
    "null": (b"null", "neither a Lambda event nor a record"),
    "number": (b"1.5", "neither a Lambda event nor a record"),
    "no record": (b'{"a": 1}', "record 1: "),
    "records that are no list": (b'{"Records": {}}', "'kinesis'"),
    "record that is no object": (b'[{"kinesis": {"data": ""}}, 7]', "record 2: "),
    "event in a list": (b'[{"Records": []}]', "'kinesis'"),
    "kinesis is no object": (b'{"kinesis": 1}', "'kinesis'"),
    "no data": (b'{"kinesis": {}}', "'data'"),
    "data is no text": (b'{"kinesis": {"data": 1}}', "data"),
}


@pytest.mark.parametrize("case", BAD_INPUT)
@pytest.mark.parametrize("from_file", [True, False], ids=["file", "standard input"])
def test_bad_input_is_named_with_what_is_wrong(case, from_file, tmp_path):
    text, wrong = BAD_INPUT[case]
    (tmp_path / "bad.json").write_bytes(text)
    process = run("bad.json" if from_file else "-", stdin=text, folder=tmp_path)
    assert process.returncode == 1
    (message,) = process.stderr.decode().splitlines()
    assert ("bad.json: " if from_file else "standard input: ") in message
    assert wrong in message
    assert "Traceback" not in message


def test_file_that_cannot_be_opened(tmp_path):
    process = run("missing.json", tmp_path, folder=tmp_path)
    assert (process.returncode, process.stdout) == (1, b"")
    missing, folder = process.stderr.decode().splitlines()
    assert "missing.json: No such file or directory" in missing
    assert str(tmp_path) in folder


def test_bad_file_costs_neither_what_comes_before_nor_after(tmp_path):
    (tmp_path / "bad.json").write_text(json.dumps([PLAIN, 7, PLAIN]))
    process = run(EVENT_FILE, "bad.json", EVENT_FILE, folder=tmp_path)
    assert process.returncode == 1
    written = [json.loads(line) for line in process.stdout.splitlines()]
    assert written == [*USER_RECORDS, PLAIN, *USER_RECORDS]
    (message,) = process.stderr.decode().splitlines()
    assert "bad.json: record 2: " in message


def test_unknown_option_is_refused():
    process = run("--no-such-option")
    assert (process.returncode, process.stdout) == (2, b"")
    assert b"usage: python -m aws_kpl_deagg" in process.stderr


def test_help_says_how_it_is_called():
    process = run("--help")
    assert (process.returncode, process.stderr) == (0, b"")
    assert process.stdout.startswith(b"usage: python -m aws_kpl_deagg [-h] [FILE ...]")


@pytest.mark.skipif(os.name == "nt", reason="pipes of Windows break with another error")
@pytest.mark.parametrize("count", [1, 20_000], ids=["at the last flush", "in the middle"])
def test_broken_pipe_ends_quietly(count, tmp_path):
    path = tmp_path / "records.json"
    path.write_text(json.dumps([PLAIN] * count))
    reader, writer = os.pipe()
    os.close(reader)
    try:
        process = subprocess.run(
            [*COMMAND, str(path)], stdout=writer, stderr=subprocess.PIPE, timeout=TIMEOUT
        )
    finally:
        os.close(writer)
    assert (process.returncode, process.stderr) == (0, b"")
