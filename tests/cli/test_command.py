"""The input and output of the command line."""

import importlib.metadata
import json
import re
import shlex
import shutil
import subprocess
import sysconfig

import pytest
from command_line import TIMEOUT, lines, run, run_text
from kpl_vectors import LAMBDA_EVENT

from aws_kpl_deagg import deaggregate_records

EVENT = json.loads(LAMBDA_EVENT.read_bytes())
RECORD = EVENT["Records"][0]
USER_RECORDS = deaggregate_records(EVENT["Records"])
PLAIN = {"kinesis": {"sequenceNumber": "1", "partitionKey": "schlüssel 🔑", "data": "cGxhaW4="}}


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


def test_plain_records_are_written_unchanged():
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


@pytest.mark.parametrize("option", ["--no-such-option", "--dat", "--summary=xml", "--decode"])
def test_wrong_option_is_refused(option):
    process = run(option)
    assert (process.returncode, process.stdout) == (2, b"")
    assert b"usage: python -m aws_kpl_deagg" in process.stderr


def test_help_says_how_it_is_called_and_what_is_read_whole():
    process = run("--help")
    assert (process.returncode, process.stderr) == (0, b"")
    assert process.stdout.startswith(b"usage: python -m aws_kpl_deagg [-h]")
    assert "documents of several lines is read whole" in process.stdout.decode().replace("\n", " ")


def test_command_is_installed_by_its_own_name():
    command = shutil.which("aws-kpl-deagg", path=sysconfig.get_path("scripts"))
    assert command is not None
    help_text = subprocess.run([command, "--help"], capture_output=True, timeout=TIMEOUT)
    assert help_text.stdout.startswith(b"usage: aws-kpl-deagg [-h]")
    process = subprocess.run([command, LAMBDA_EVENT], capture_output=True, timeout=TIMEOUT)
    assert lines(process) == USER_RECORDS


@pytest.mark.parametrize("arguments", [["--decode=text"], ["--data"], ["--decode=base64"]])
@pytest.mark.parametrize("summary", ["--summary", "--summary=json"])
def test_summary_excludes_other_forms_of_output(arguments, summary):
    process = run(*arguments, summary)
    assert (process.returncode, process.stdout) == (2, b"")


def test_version_is_that_of_the_package():
    process = run("--version")
    assert (process.returncode, process.stderr) == (0, b"")
    version = importlib.metadata.version("aws_kpl_deagg")
    assert process.stdout.decode().rstrip() == f"python -m aws_kpl_deagg {version}"


def test_examples_of_the_help_text_can_be_run():
    text = run("--help").stdout.decode()
    examples = re.findall(r"^  .*python -m aws_kpl_deagg (--.*)", text, re.MULTILINE)
    assert len(examples) == 2
    for example in examples:
        options = [each for each in shlex.split(example) if not each.endswith(".gz")]
        process = run(*options, stdin=LAMBDA_EVENT.read_bytes())
        assert (process.returncode, process.stderr) == (0, b"")
        assert process.stdout
