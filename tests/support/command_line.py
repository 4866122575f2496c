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


def on_terminal(program, path):
    """Runs the command with a terminal as standard error; returns its output and that."""
    terminal, other_end = pty.openpty()
    fcntl.ioctl(other_end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    try:
        process = subprocess.run(
            [sys.executable, *program, path],
            stdout=subprocess.PIPE,
            stderr=other_end,
            timeout=TIMEOUT,
        )
        os.close(other_end)
        shown = b""
        # Linux tells by an error that the other end is closed.
        with contextlib.suppress(OSError):
            while part := os.read(terminal, 65536):
                shown += part
    finally:
        os.close(terminal)
    assert process.returncode == 0
    return [json.loads(line) for line in process.stdout.splitlines()], shown.decode()
