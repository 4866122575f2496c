"""How the command ends early: on Ctrl-C, a closed pipe or a full disk."""

import contextlib
import json
import os
import signal
import subprocess

import pytest
from command_line import (
    COMMAND,
    TIMEOUT,
    interrupted,
    json_lines,
    message,
    on_terminal,
    run,
    written,
)
from kpl_vectors import LAMBDA_EVENT

from aws_kpl_deagg._command_input import LONG_FILE

PLAIN = {"kinesis": {"sequenceNumber": "1", "partitionKey": "a", "data": "cGxhaW4="}}
# The variable would have every write fail at once, and none at the end.
BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
# In place of a module: Ctrl-C while it is imported.
INTERRUPT = """
import os, signal, time
os.kill(os.getpid(), signal.SIGINT)
time.sleep(60)
"""


def test_interrupt_on_a_terminal_is_quiet():
    status, shown = interrupted(COMMAND[1:], PLAIN)
    assert status == 130
    assert shown == "^C"


@pytest.mark.parametrize("module", ["statistics", "argparse", "gzip"])
def test_interrupt_during_imports_is_quiet(module, tmp_path):
    (tmp_path / f"{module}.py").write_text(INTERRUPT)
    process = run(LAMBDA_EVENT, PYTHONPATH=str(tmp_path))
    assert (process.returncode, process.stdout, process.stderr) == (130, b"", b"")


def test_interrupt_during_the_import_of_tqdm_is_quiet(tmp_path):
    (tmp_path / "tqdm.py").write_text(INTERRUPT)
    path = tmp_path / "long.jsonl"
    path.touch()
    os.truncate(path, LONG_FILE)
    assert on_terminal(COMMAND[1:], path, status=130, PYTHONPATH=str(tmp_path)) == ([], "")


def full_pipe():
    """Returns both ends of a pipe that takes no more."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, bytes(4096))
    os.set_blocking(writer, True)
    return reader, writer


def test_interrupt_with_records_for_a_full_pipe_is_quiet():
    reader, writer = full_pipe()
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=writer, stderr=subprocess.PIPE, env=BUFFERED
    ) as process:
        os.close(writer)
        try:
            process.stdin.write(json_lines([PLAIN, 7]))
            process.stdin.flush()
            # The plain record comes before the error about the number.
            assert b": line 2: neither" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            # Nobody reads: a flush would wait for ever.
            assert process.wait(TIMEOUT) == 130
            assert process.stderr.read() == b""
        finally:
            process.kill()
            os.close(reader)


@pytest.mark.skipif(os.name == "nt", reason="pipes of Windows break with another error")
@pytest.mark.parametrize(
    "arguments",
    [["one.json"], ["many.json"], ["--data", "many.json"], ["--summary", "one.json"], ["--help"]],
    ids=" ".join,
)
def test_broken_pipe_ends_quietly(arguments, tmp_path):
    (tmp_path / "one.json").write_text(json.dumps(PLAIN))
    (tmp_path / "many.json").write_text(json.dumps([PLAIN] * 20_000))
    reader, writer = os.pipe()
    os.close(reader)
    try:
        process = subprocess.run(
            [*COMMAND, *arguments],
            stdout=writer,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env=BUFFERED,
            timeout=TIMEOUT,
        )
    finally:
        os.close(writer)
    assert (process.returncode, process.stderr) == (0, b"")


needs_full_device = pytest.mark.skipif(
    not os.path.exists("/dev/full"), reason="needs a device that is always full"
)


@needs_full_device
@pytest.mark.parametrize("arguments", [[], ["--summary"], ["--data"], ["--help"]])
def test_full_disk_is_named(arguments):
    with open("/dev/full", "wb") as full:
        process = subprocess.run(
            [*COMMAND, *arguments, LAMBDA_EVENT],
            stdout=full,
            stderr=subprocess.PIPE,
            env=BUFFERED,
            timeout=TIMEOUT,
        )
    assert message(process).endswith(": standard output: No space left on device")


@needs_full_device
def test_full_disk_under_standard_error_does_not_hide_the_records():
    with open("/dev/full", "wb") as full:
        process = subprocess.run(
            COMMAND,
            input=json_lines([PLAIN, 7, PLAIN]),
            stdout=subprocess.PIPE,
            stderr=full,
            timeout=TIMEOUT,
        )
    assert (process.returncode, written(process)) == (1, [PLAIN, PLAIN])


def run_with_closed(stream):
    """Runs the command with a bad line and a plain record, and with a stream closed."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {stream}>&-', "sh", *COMMAND],
        input=json_lines([7, PLAIN]),
        capture_output=True,
        timeout=TIMEOUT,
    )


@pytest.mark.skipif(os.name == "nt", reason="needs a shell")
def test_closed_standard_output_is_named():
    assert message(run_with_closed(1)).endswith(": standard output is closed")


@pytest.mark.skipif(os.name == "nt", reason="needs a shell")
def test_messages_never_go_to_standard_output():
    process = run_with_closed(2)
    assert (process.returncode, written(process)) == (1, [PLAIN])
