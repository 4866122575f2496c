"""Reports problems of the input on standard error, each with its place, for the command line."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import TextIO

from aws_kpl_deagg import AggregateError


class DamagedRecord(Exception):
    """A damaged record ends the run because of --strict. It has been reported."""


def discard(stream: TextIO) -> None:
    """Discards what is written to `stream` from now on, and what it has not flushed yet."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def print_line(line: str) -> None:
    """Writes a line to standard error."""
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        # Nobody can be told. Python flushes again as it exits, and that must not fail.
        discard(sys.stderr)


def printable(text: str) -> str:
    """Returns `text` with escapes for control characters, which a terminal would obey."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def explanation(error: KeyError | TypeError) -> str:
    """Returns the package's message about a record, in the words of the command line."""
    message = str(error.args[0])
    # The command passes one record per call, and its own place says which.
    message = message.replace("record 0", "the record", 1)
    return message.partition(". This looks like a whole event")[0]


class Report:
    """Writes messages to standard error and counts errors."""

    def __init__(self, program: str, strict: bool) -> None:
        self.program = program
        self.strict = strict
        self.errors = 0
        # A progress bar replaces this.
        self.print_line: Callable[[str], object] = print_line

    def write(self, place: str, message: str) -> None:
        self.print_line(printable(f"{self.program}: {place}: {message}"))

    def error(self, place: str, message: str) -> None:
        """Reports a part of the input that is left out."""
        self.errors += 1
        self.write(place, message)

    def damaged(self, place: str, error: AggregateError) -> None:
        """Reports a damaged record: as a warning, or with --strict by raising DamagedRecord."""
        number = "" if error.sequence_number is None else f" {error.sequence_number}"
        message = f"Kinesis record{number} is damaged: {error.reason}"
        if self.strict:
            self.write(place, message)
            raise DamagedRecord
        self.write(place, f"warning: {message}")

    @contextlib.contextmanager
    def errors_at(self, place: str) -> Iterator[None]:
        """Reports errors of the package about the Kinesis record at `place`, and goes on."""
        try:
            yield
        except AggregateError as error:
            self.damaged(place, error)
        except (KeyError, TypeError) as error:
            self.error(place, explanation(error))
