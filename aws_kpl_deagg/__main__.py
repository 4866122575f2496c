"""The command `aws-kpl-deagg`: reads Kinesis records and writes user records, all as JSON."""

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from aws_kpl_deagg import AggregateError, iter_deaggregate_records
from aws_kpl_deagg._command_input import STANDARD_INPUT, InputError, kinesis_records
from aws_kpl_deagg._command_summary import Summary

DESCRIPTION = """\
Extracts the user records from Kinesis records that the Kinesis Producer Library (KPL) aggregated.
"""

EPILOG = """\
A FILE holds JSON lines or one JSON document, and may be compressed by gzip. Each line, or the
document, is a Kinesis record, a list of records, or a whole event or response: from Lambda, 'aws
kinesis get-records', boto3, a Firehose transformation, Kinesis Data Analytics or EventBridge
Pipes. JSON lines are read one at a time, however large the file; a document of several lines is
read whole.

Each user record is written as one line of JSON, and so is each record that is not an aggregate. A
damaged aggregate is passed through, with a warning on standard error.

The exit status is 1 if a FILE could not be read to its end or --strict found a damaged aggregate.
"""


class DamagedRecord(Exception):
    """A damaged aggregate, with --strict; the message says where it is."""


def build_parser() -> argparse.ArgumentParser:
    """Returns the parser of the command line."""
    program = os.path.basename(sys.argv[0])
    parser = argparse.ArgumentParser(
        prog="python -m aws_kpl_deagg" if program == "__main__.py" else program,
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        default=[STANDARD_INPUT],
        help="a file; standard input if none is given, or for '-'",
    )
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument(
        "--decode",
        choices=["text", "json", "base64"],
        default="base64",
        help="show data as text (UTF-8, with U+FFFD for invalid bytes), as the JSON value in it "
        "(as text if it is not JSON), or as base64, which is the default",
    )
    shown.add_argument(
        "--summary", action="store_true", help="print a table for each FILE instead"
    )
    parser.add_argument(
        "--strict", action="store_true", help="stop at the first damaged aggregate"
    )
    return parser


def name_of(path: str) -> str:
    return "standard input" if path == STANDARD_INPUT else path


def reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def json_value(data: bytes) -> Any:
    """Returns the JSON value in `data`, or `data` as text if it is not JSON."""
    try:
        return json.loads(data, parse_constant=reject_constant)
    except (ValueError, RecursionError):
        return data.decode(errors="replace")


SHOW: dict[str, Callable[[bytes], Any]] = {
    "text": lambda data: data.decode(errors="replace"),
    "json": json_value,
}


def shown_records(record: Any, arguments: argparse.Namespace) -> Iterator[Any]:
    """Yields the user records of a Kinesis record, or the record, with data as --decode shows it.

    Raises the exceptions of iter_deaggregate_records().
    """
    show = SHOW.get(arguments.decode)
    for user_record in iter_deaggregate_records(
        [record], decode=show is not None, strict=arguments.strict
    ):
        kinesis = user_record["kinesis"]
        # Undecodable data is passed through as str.
        if show is not None and isinstance(kinesis["data"], bytes):
            user_record = {**user_record, "kinesis": {**kinesis, "data": show(kinesis["data"])}}
        yield user_record


@contextlib.contextmanager
def located(place: str) -> Iterator[None]:
    """Adds the place of a Kinesis record to errors about it.

    Raises DamagedRecord for an AggregateError, and InputError if it is not a Kinesis record.
    """
    try:
        yield
    except AggregateError as error:
        raise DamagedRecord(f"{place}: {error}") from error
    except (KeyError, TypeError) as error:
        raise InputError(f"{place}: {error.args[0]}") from error
    except RecursionError as error:
        raise InputError(f"{place}: nested too deeply") from error


def write_user_records(path: str, arguments: argparse.Namespace, show_progress: bool) -> None:
    """Writes the user records in a file as JSON lines. Raises InputError and DamagedRecord."""
    for place, record in kinesis_records(path, show_progress):
        with located(place):
            for user_record in shown_records(record, arguments):
                sys.stdout.buffer.write(json.dumps(user_record).encode() + b"\n")


def write_table(path: str, summary: Summary) -> None:
    sys.stdout.buffer.write(
        f"{name_of(path)}\n{summary.table()}".encode(errors="backslashreplace")
    )


def write_summary(path: str, arguments: argparse.Namespace, show_progress: bool) -> None:
    """Writes the table for a file, as far as the file can be read.

    Raises InputError and DamagedRecord after writing the table of the part before.
    """
    summary = Summary()
    try:
        for place, record in kinesis_records(path, show_progress):
            with located(place):
                summary.add(record, arguments.strict)
    except (InputError, DamagedRecord):
        # A file that cannot be opened does not get a table.
        if summary.has_counted():
            write_table(path, summary)
        raise
    write_table(path, summary)


def write_all(program: str, arguments: argparse.Namespace) -> int:
    """Writes the user records or tables of all files; returns the exit status.

    A file that cannot be read is reported on standard error, and the others are still written.
    """
    write = write_summary if arguments.summary else write_user_records
    # Records written to the same terminal would break up the progress bar.
    show_progress = sys.stderr.isatty() and (arguments.summary or not sys.stdout.isatty())
    status = 0
    for path in arguments.files:
        try:
            write(path, arguments, show_progress)
        except (InputError, DamagedRecord) as error:
            print(f"{program}: {name_of(path)}: {error}", file=sys.stderr)
            status = 1
            if isinstance(error, DamagedRecord):
                break
    sys.stdout.flush()
    return status


def main() -> int:
    """Runs the command with the arguments of the process; returns its exit status."""
    parser = build_parser()
    arguments = parser.parse_args()
    try:
        return write_all(parser.prog, arguments)
    except OSError as error:
        # Python flushes standard output again as it exits, and that must not fail a second time.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            # The reader of the pipe has closed it.
            return 0
        print(f"{parser.prog}: standard output: {error.strerror}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
