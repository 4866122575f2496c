"""Runs the command as its users run it: in a process of its own."""

import json
import os
import subprocess
import sys

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
