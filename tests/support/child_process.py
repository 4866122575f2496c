"""Runs programs that may crash, each in a process of its own."""

import subprocess
import sys
import textwrap


def run(program):
    """Returns the words that the program prints."""
    command = [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(program)]
    process = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert process.returncode == 0, process.stderr
    return process.stdout.split()
