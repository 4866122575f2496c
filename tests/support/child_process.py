"""Runs programs in a process of their own, as what they do may crash it."""

import subprocess
import sys
import textwrap


def run(program):
    """Returns the words that the program prints."""
    command = [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(program)]
    process = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert process.returncode == 0, process.stderr
    return process.stdout.split()
