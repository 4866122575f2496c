"""Runs the command as its users run it: in a process of its own."""

import contextlib
import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

COMMAND = [sys.executable, "-m", "aws_kpl_deagg"]
TIMEOUT = 60  # seconds


def run(*arguments, stdin=b"", folder=None, **environment):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        cwd=folder,
        env={**os.environ, **environment},
        timeout=TIMEOUT,
    )


def run_text(document, *arguments, **environment):
    """Runs the command on `document`, bytes or what JSON is made of."""
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return run(*arguments, stdin=text, **environment)


def json_lines(documents):
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


def written(process):
    """Returns the records that a run wrote, failed or not."""
    return [json.loads(line) for line in process.stdout.splitlines()]


def lines(process):
    """Returns the records that a successful run wrote."""
    assert (process.returncode, process.stderr) == (0, b"")
    return written(process)


def message(process):
    """Returns the one line that a failed run wrote to standard error."""
    assert process.returncode == 1
    (line,) = process.stderr.decode().splitlines()
    assert "Traceback" not in line
    return line


def open_terminal():
    """Opens a pseudo-terminal. A bare chroot often lacks /dev/pts, and so has none."""
    try:
        return pty.openpty()
    except OSError as error:
        pytest.skip(f"this system has no pseudo-terminals: {error}")


def interrupted(program, document, **environment):
    """Runs the command in a terminal, and presses Ctrl-C when it has written `document`.

    Returns the exit status and what the terminal showed.
    """
    terminal, other_end = open_terminal()
    with subprocess.Popen(
        [sys.executable, *program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=other_end,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(2, termios.TIOCSCTTY, 0),
    ) as process:
        os.close(other_end)
        process.stdin.write(json.dumps(document).encode() + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline()) == document
        os.write(terminal, b"\x03")
        status = process.wait(TIMEOUT)
    return status, read_to_the_end(terminal)


def read_to_the_end(terminal):
    """Returns what the terminal showed, and closes it."""
    shown = b""
    # Linux reports by an error that the other end is closed.
    with contextlib.suppress(OSError):
        while part := os.read(terminal, 65536):
            shown += part
    os.close(terminal)
    return shown.decode()


def on_terminal(program, path, status=0, **environment):
    """Runs the command with a terminal as standard error; returns its output and that."""
    terminal, other_end = open_terminal()
    fcntl.ioctl(other_end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    try:
        process = subprocess.run(
            [sys.executable, *program, path],
            stdout=subprocess.PIPE,
            stderr=other_end,
            env={**os.environ, **environment},
            timeout=TIMEOUT,
        )
    finally:
        os.close(other_end)
    shown = read_to_the_end(terminal)
    assert process.returncode == status
    return written(process), shown
