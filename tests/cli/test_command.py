"""The command line: what it takes, what it writes and how it fails."""

import json
import os
import shutil
import subprocess
import sysconfig

import aggregates
import pytest
from command_line import COMMAND, TIMEOUT, lines, message, run, run_text, written
from kpl_vectors import LAMBDA_EVENT

from aws_kpl_deagg import deaggregate_records

EVENT = json.loads(LAMBDA_EVENT.read_bytes())
RECORD = EVENT["Records"][0]
USER_RECORDS = deaggregate_records(EVENT["Records"])
PLAIN = {"kinesis": {"sequenceNumber": "1", "partitionKey": "schlüssel 🔑", "data": "cGxhaW4="}}
DAMAGED = aggregates.kinesis_record(aggregates.MAGIC + b"secret" * 6, "4711")
# The variable would have every write fail at once, and none at the end.
BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


def test_event_file_gives_its_user_records():
    assert len(USER_RECORDS) == 4
    process = run(LAMBDA_EVENT)
    assert lines(process) == USER_RECORDS
    assert process.stdout.endswith(b"}\n")
    assert b"\r" not in process.stdout


def test_keys_are_written_in_the_order_of_the_user_record():
    written = lines(run(LAMBDA_EVENT))
    assert [list(record) for record in written] == [list(record) for record in USER_RECORDS]
    assert list(written[0]["kinesis"]) == list(USER_RECORDS[0]["kinesis"])


@pytest.mark.parametrize(
    "document", [EVENT, RECORD, [RECORD]], ids=["event", "one record", "list of records"]
)
def test_each_form_of_input_gives_the_same(document):
    assert lines(run_text(document)) == USER_RECORDS


@pytest.mark.parametrize("arguments", [[], ["-"]], ids=["no file", "dash"])
def test_standard_input(arguments):
    assert lines(run(*arguments, stdin=LAMBDA_EVENT.read_bytes())) == USER_RECORDS


def test_several_files_and_standard_input_in_their_order(tmp_path):
    (tmp_path / "plain.json").write_text(json.dumps(PLAIN))
    process = run(
        "plain.json", "-", LAMBDA_EVENT, stdin=json.dumps([RECORD]).encode(), folder=tmp_path
    )
    assert lines(process) == [PLAIN, *USER_RECORDS, *USER_RECORDS]


def test_plain_records_come_out_as_they_are():
    nothing_of_kinesis = {**PLAIN, "odd": [None, True, 1.5, 10**30, {"deep": "\ud800"}]}
    assert lines(run_text([PLAIN, nothing_of_kinesis])) == [PLAIN, nothing_of_kinesis]


@pytest.mark.parametrize(
    "document", [{"Records": []}, [], b"", b" \n\n"], ids=["event", "list", "empty", "blank"]
)
def test_no_records_give_no_lines(document):
    process = run_text(document)
    assert (process.returncode, process.stdout, process.stderr) == (0, b"", b"")


def test_record_with_an_outer_key_records_is_still_a_record():
    record = {**PLAIN, "Records": [RECORD]}
    assert lines(run_text(record)) == [record]


def test_damaged_aggregate_comes_out_with_a_warning_on_standard_error():
    process = run_text([DAMAGED, RECORD])
    assert process.returncode == 0
    assert written(process) == [DAMAGED, *USER_RECORDS]
    (warning,) = process.stderr.decode().splitlines()
    assert "4711" in warning
    assert "wrong digest" in warning


@pytest.mark.parametrize("arguments", [[], ["--decode=text"], ["--summary"]])
def test_strict_stops_at_the_first_damaged_aggregate(arguments, tmp_path):
    (tmp_path / "records.json").write_text(json.dumps([PLAIN, DAMAGED, PLAIN]))
    process = run("--strict", *arguments, "records.json", LAMBDA_EVENT, folder=tmp_path)
    line = message(process)
    assert "records.json: line 1, record 2: " in line
    assert "4711" in line
    assert line.endswith(": wrong digest")
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


def test_record_that_nests_as_deep_as_can_be_read():
    # Deeper than can be written, for Pythons that have a limit of their own for each.
    for depth in range(900, 1000, 10):
        text = json.dumps(PLAIN)[:-1] + ', "deep": ' + "[" * depth + "]" * depth + "}"
        process = run_text(text.encode())
        assert b"Traceback" not in process.stderr


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
    "no JSON": (b"{'kinesis': 1}", "line 1, column 2: not JSON: "),
    "cut off": (b'{"kinesis":', "line 1, column 12: not JSON: "),
    "not UTF-8": (b'{"kinesis": "\xff"}', "line 1: not JSON: not utf-8"),
    "too deep": (b"[" * 200_000, "line 1: not JSON: "),
    "endless number": (b"9" * 5000, "line 1: not JSON: "),
    "text": (b'"secret"', "line 1, neither a record nor"),
    "null": (b"null", "line 1, neither a record nor"),
    "number": (b"1.5", "line 1, neither a record nor"),
    "no record": (b'{"secret": 1}', "line 1, record 1: "),
    "records that are no list": (b'{"Records": {}}', "'kinesis'"),
    "record that is no object": (b'[{"kinesis": {"data": ""}}, 7]', "line 1, record 2: "),
    "event in a list": (b'[{"Records": []}]', "'kinesis'"),
    "kinesis is no object": (b'{"kinesis": "secret"}', "mapping"),
    "records beside a bad record": (b'{"kinesis": "secret", "Records": []}', "mapping"),
    "no data": (b'{"kinesis": {}}', "'data'"),
    "data is no text": (b'{"kinesis": {"data": 1}}', "data"),
    "bad line": (b'[]\n\n[]\n{"secret"]\n', "line 4, column 10: not JSON: "),
    "bad record in a line": (b"[]\n[7]\n", "line 2, record 1: "),
    "bad line of a document": (b'{"Records": [\n"secret"\n7]}\n', "line 3, column 1: not JSON: "),
    "bad UTF-8 in a document": (b'[\n1,\n"\xff"]', "line 3: not JSON: not utf-8"),
    "bad record of a document": (b'{"Records": [\n7]}\n', ": record 1: "),
    "document that goes on": (b"{\n}\n{}", "line 3, column 1: not JSON: Extra data"),
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


def test_bad_file_costs_neither_what_comes_before_nor_after(tmp_path):
    (tmp_path / "bad.json").write_text(json.dumps([PLAIN, 7, PLAIN]))
    process = run(LAMBDA_EVENT, "bad.json", LAMBDA_EVENT, folder=tmp_path)
    assert "bad.json: line 1, record 2: " in message(process)
    assert written(process) == [*USER_RECORDS, PLAIN, *USER_RECORDS]


def test_unknown_option_is_refused():
    process = run("--no-such-option")
    assert (process.returncode, process.stdout) == (2, b"")
    assert b"usage: python -m aws_kpl_deagg" in process.stderr


def test_help_says_how_it_is_called_and_what_is_read_whole():
    process = run("--help")
    assert (process.returncode, process.stderr) == (0, b"")
    assert process.stdout.startswith(b"usage: python -m aws_kpl_deagg [-h]")
    assert "a document of several lines is read whole" in process.stdout.decode().replace(
        "\n", " "
    )


def test_command_is_installed_by_its_own_name():
    command = shutil.which("aws-kpl-deagg", path=sysconfig.get_path("scripts"))
    assert command is not None
    help_text = subprocess.run([command, "--help"], capture_output=True, timeout=TIMEOUT)
    assert help_text.stdout.startswith(b"usage: aws-kpl-deagg [-h]")
    process = subprocess.run([command, LAMBDA_EVENT], capture_output=True, timeout=TIMEOUT)
    assert lines(process) == USER_RECORDS


def test_decode_and_summary_exclude_each_other():
    process = run("--decode=text", "--summary")
    assert (process.returncode, process.stdout) == (2, b"")


@pytest.mark.skipif(os.name == "nt", reason="pipes of Windows break with another error")
@pytest.mark.parametrize("count", [1, 20_000], ids=["at the last flush", "in the middle"])
def test_broken_pipe_ends_quietly(count, tmp_path):
    path = tmp_path / "records.json"
    path.write_text(json.dumps([PLAIN] * count))
    reader, writer = os.pipe()
    os.close(reader)
    try:
        process = subprocess.run(
            [*COMMAND, str(path)],
            stdout=writer,
            stderr=subprocess.PIPE,
            env=BUFFERED,
            timeout=TIMEOUT,
        )
    finally:
        os.close(writer)
    assert (process.returncode, process.stderr) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_full_disk_is_named():
    with open("/dev/full", "wb") as full:
        process = subprocess.run(
            [*COMMAND, LAMBDA_EVENT],
            stdout=full,
            stderr=subprocess.PIPE,
            env=BUFFERED,
            timeout=TIMEOUT,
        )
    assert message(process).endswith(": standard output: No space left on device")
