"""The command line: reads Kinesis records and writes user records, their data, or summaries."""

import argparse
import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from aws_kpl_deagg import AggregateError, __version__, iter_deaggregate_records
from aws_kpl_deagg._command_input import STANDARD_INPUT, kinesis_records, name_of
from aws_kpl_deagg._command_report import DamagedRecord, Report, discard, print_line
from aws_kpl_deagg._command_summary import Summary

DESCRIPTION = """\
Extracts the user records from Kinesis records that the Kinesis Producer Library (KPL) aggregated.
"""

EPILOG = """\
examples:
  aws kinesis get-records --shard-iterator "$ITERATOR" | %(prog)s --data --decode text
  %(prog)s --summary archive/*.jsonl.gz

A FILE holds JSON lines, or JSON documents of several lines one after another, and may be
compressed by gzip. Each line or document is a Kinesis record, a list of records, or a whole event
or response: from Lambda, 'aws kinesis get-records', boto3, a Firehose transformation, Kinesis Data
Analytics or EventBridge Pipes. JSON lines are read one at a time, however large the file; a file
with documents of several lines is read whole.

Each user record is written as one line of JSON, and so is each record that is not an aggregate.
With --data, text that contains newlines takes several lines; --decode json and base64 always write
one line per record.

Messages on standard error name the file, the line and the record. A damaged record is passed
through with a warning. A line that is not JSON and a record from an unknown source are errors:
they are left out, and the rest is written.

The exit status is 1 after an error or if --strict found a damaged record, 2 if the arguments
are wrong, and 130 after Ctrl-C.
"""


def build_parser() -> argparse.ArgumentParser:
    """Returns the parser of the command line."""
    program = os.path.basename(sys.argv[0])
    parser = argparse.ArgumentParser(
        prog="python -m aws_kpl_deagg" if program == "__main__.py" else program,
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        default=[STANDARD_INPUT],
        help="a file; standard input if none is given, or for '-'",
    )
    parser.add_argument(
        "--decode",
        choices=["text", "json", "base64"],
        help="show data as text (UTF-8, with U+FFFD for invalid bytes), as the JSON value in it "
        "(as a JSON string if it is not JSON), or as base64, which is the default",
    )
    parser.add_argument(
        "--data", action="store_true", help="write only the data, as --decode shows it"
    )
    parser.add_argument(
        "--summary",
        action="store_const",
        const="table",
        help="print a table of counts for each FILE instead",
    )
    # An option of its own, since an optional value would take the FILE after a plain --summary.
    parser.add_argument(
        "--summary=json",
        action="store_const",
        const="json",
        dest="summary",
        help="print the counts as one line of JSON for each FILE",
    )
    parser.add_argument("--strict", action="store_true", help="stop at the first damaged record")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    return parser


def parse_arguments(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Returns the arguments of the process. Exits if they are wrong, or after --help."""
    try:
        arguments = parser.parse_args()
    finally:
        # After --help this may fail, as any output may.
        sys.stdout.flush()
    if arguments.summary and (arguments.decode or arguments.data):
        parser.error("--summary is not allowed with --decode or --data")
    return arguments


def reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def text_value(data: bytes) -> str:
    return data.decode(errors="replace")


def json_value(data: bytes) -> Any:
    """Returns the JSON value in `data`, or `data` as text if it is not JSON."""
    try:
        return json.loads(data, parse_constant=reject_constant)
    except (ValueError, RecursionError):
        return text_value(data)


SHOW: dict[str, Callable[[bytes], Any]] = {"text": text_value, "json": json_value}


def output_line(user_record: Any, arguments: argparse.Namespace) -> bytes:
    """Returns what to write for a user record or a plain record."""
    kinesis = user_record["kinesis"]
    data = kinesis["data"]
    # Undecodable data is passed through as str.
    shown = SHOW[arguments.decode](data) if isinstance(data, bytes) else data
    if arguments.data and arguments.decode == "text":
        line: str = shown
    elif arguments.data and arguments.decode == "json":
        line = json.dumps(shown)
    elif arguments.data:
        # Base64 may be broken into lines.
        line = "".join(data.split())
    elif shown is data:
        line = json.dumps(user_record)
    else:
        line = json.dumps({**user_record, "kinesis": {**kinesis, "data": shown}})
    return line.encode(errors="backslashreplace") + b"\n"


def write_lines(
    user_records: Iterable[Any], place: str, arguments: argparse.Namespace, report: Report
) -> None:
    for user_record in user_records:
        try:
            line = output_line(user_record, arguments)
        except RecursionError:
            report.error(place, "nested too deeply")
        else:
            sys.stdout.buffer.write(line)


def write_user_records(
    path: str, arguments: argparse.Namespace, report: Report, show_progress: bool
) -> None:
    """Writes the user records in a file. Raises DamagedRecord."""
    decode = arguments.decode in SHOW
    for place, record in kinesis_records(path, report, show_progress):
        with report.errors_at(place):
            try:
                user_records = iter_deaggregate_records([record], decode=decode, strict=True)
                write_lines(user_records, place, arguments, report)
            except AggregateError as error:
                report.damaged(place, error)
                passed_through = iter_deaggregate_records([record], decode=decode)
                write_lines(passed_through, place, arguments, report)


def print_summary(path: str, form: str, summary: Summary) -> None:
    if form == "json":
        text = json.dumps({"file": path, **summary.figures()}) + "\n"
    else:
        text = f"{name_of(path)}\n{summary.table()}"
    sys.stdout.buffer.write(text.encode(errors="backslashreplace"))


def write_summary(
    path: str, arguments: argparse.Namespace, report: Report, show_progress: bool
) -> None:
    """Writes the summary of a file, as far as the file can be read. Raises DamagedRecord."""
    summary = Summary()
    errors_before = report.errors
    stopped = None
    try:
        for place, record in kinesis_records(path, report, show_progress):
            with report.errors_at(place):
                summary.add(record)
    except DamagedRecord as error:
        stopped = error
    summary.errors = report.errors - errors_before
    # A file that cannot be opened does not get a summary.
    if summary.has_counted() or not summary.errors:
        print_summary(path, arguments.summary, summary)
    if stopped:
        raise stopped


def write_all(arguments: argparse.Namespace, report: Report) -> int:
    """Writes the user records or summaries of all files; returns the exit status."""
    write = write_summary if arguments.summary else write_user_records
    # Records written to the same terminal would break up the progress bar.
    show_progress = sys.stderr.isatty() and (arguments.summary or not sys.stdout.isatty())
    status = 0
    try:
        for path in arguments.files:
            write(path, arguments, report, show_progress)
    except DamagedRecord:
        status = 1
    sys.stdout.flush()
    return 1 if report.errors else status


def run() -> int:
    """Runs the command with the arguments of the process; returns its exit status."""
    parser = build_parser()
    if sys.stderr is None:  # 2>&-
        sys.stderr = io.StringIO()
    if sys.stdout is None:  # >&-
        print_line(f"{parser.prog}: standard output is closed")
        return 1
    # The command reports damaged records itself, since it knows their place.
    logging.getLogger("aws_kpl_deagg").disabled = True
    try:
        arguments = parse_arguments(parser)
        return write_all(arguments, Report(parser.prog, arguments.strict))
    except BrokenPipeError:
        # The reader of the pipe has closed it.
        discard(sys.stdout)
        return 0
    except OSError as error:
        discard(sys.stdout)
        print_line(f"{parser.prog}: standard output: {error.strerror}")
        return 1
