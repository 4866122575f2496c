"""The command `python -m aws_kpl_deagg`: Kinesis records in, user records out, all as JSON."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from aws_kpl_deagg.deaggregator import iter_deaggregate_records

STANDARD_INPUT = "-"
PROGRAM = "python -m aws_kpl_deagg"


class InputError(Exception):
    """The input holds no Kinesis records; the text says what is wrong with it."""


def build_parser() -> argparse.ArgumentParser:
    """Returns the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Takes the user records out of Kinesis records that the Kinesis Producer "
        "Library (KPL) aggregated.",
        epilog="Each FILE is read whole: one JSON document, which is a Lambda event, a record or "
        "a list of records. Each user record is written as one line of JSON, and so is a record "
        "that is no aggregate, as it is. A damaged aggregate is written as it is, with a warning "
        "on standard error. The exit status is 1 when a FILE could not be read to its end.",
    )
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        default=[STANDARD_INPUT],
        help="a JSON file; standard input when there is none, or for '-'",
    )
    return parser


def read_document(path: str) -> Any:
    """Returns the JSON document in the file at `path`. Raises InputError."""
    source = 0 if path == STANDARD_INPUT else path
    try:
        # As bytes: json tells UTF-8 from UTF-16 by itself, whatever the locale is.
        with open(source, "rb", closefd=source != 0) as file:
            return json.load(file)
    except OSError as error:
        raise InputError(error.strerror) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON: {error}") from error


def kinesis_records(document: Any) -> list[Any]:
    """Returns the records of a Lambda event, a record or a list of records. Raises InputError."""
    if isinstance(document, list):
        return document
    if not isinstance(document, dict):
        raise InputError("neither a Lambda event nor a record nor a list of records")
    if "kinesis" not in document and isinstance(document.get("Records"), list):
        return list(document["Records"])
    return [document]


def user_records(path: str) -> Iterator[Any]:
    """Yields the user records and plain records in the file at `path`. Raises InputError."""
    for position, record in enumerate(kinesis_records(read_document(path)), start=1):
        try:
            yield from iter_deaggregate_records([record])
        except (KeyError, TypeError) as error:
            raise InputError(f"record {position}: {error.args[0]}") from error


def write_user_records(paths: list[str]) -> int:
    """Writes the user records of all files to standard output; returns the exit status.

    A file that cannot be read is reported on standard error and costs none of the others.
    """
    status = 0
    for path in paths:
        try:
            for record in user_records(path):
                sys.stdout.buffer.write(json.dumps(record).encode() + b"\n")
        except InputError as error:
            name = "standard input" if path == STANDARD_INPUT else path
            print(f"{PROGRAM}: {name}: {error}", file=sys.stderr)
            status = 1
    sys.stdout.flush()
    return status


def main() -> int:
    """Runs the command with the arguments of the process; returns its exit status."""
    paths = build_parser().parse_args().files
    try:
        return write_user_records(paths)
    except BrokenPipeError:
        # The reader has had enough. Python flushes standard output once more as it exits, and
        # that must not meet the broken pipe again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
