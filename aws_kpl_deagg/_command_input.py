"""Reads Kinesis records from JSON or JSON lines, compressed or not, for the command line."""

import contextlib
import functools
import gzip
import importlib.util
import io
import json
import os
import re
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from aws_kpl_deagg import AggregateError, deaggregate_records
from aws_kpl_deagg._command_report import Report

STANDARD_INPUT = "-"
GZIP_MAGIC = b"\x1f\x8b"
WHITE_SPACE = re.compile(r"\s*")
# In bytes. A shorter file is read too quickly for a progress bar to be of use.
LONG_FILE = 20_000_000


class InputError(Exception):
    """Part of the input is not JSON or holds no Kinesis records; the message says why."""


def name_of(path: str) -> str:
    return "standard input" if path == STANDARD_INPUT else path


@contextlib.contextmanager
def as_input_error(text: bytes, first_line: int) -> Iterator[None]:
    """Raises InputError for an error in `text`, which starts at line `first_line` of its file."""
    try:
        yield
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise InputError(f"line {line}, column {error.colno}: not JSON: {error.msg}") from error
    except UnicodeDecodeError as error:
        # The exception's own message shows the file's contents.
        line = first_line + text.count(b"\n", 0, error.start)
        raise InputError(f"line {line}: not JSON: not {error.encoding}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"line {first_line}: not JSON: {error}") from error


def parse(text: bytes, first_line: int) -> Any:
    """Returns the JSON document in `text`, which starts at line `first_line` of its file.

    Raises InputError.
    """
    with as_input_error(text, first_line):
        return json.loads(text)


def parse_each(text: bytes, first_line: int) -> Iterator[tuple[int, Any]]:
    """Yields the JSON documents in `text`, one after another, each with its first line.

    Raises InputError.
    """
    decoder = json.JSONDecoder()
    with as_input_error(text, first_line):
        content = text.decode("utf-8-sig")
    at = 0
    while (at := WHITE_SPACE.match(content, at).end()) < len(content):  # type: ignore[union-attr]
        with as_input_error(text, first_line):
            document, end = decoder.raw_decode(content, at)
        yield first_line + content.count("\n", 0, at), document
        at = end


def is_incomplete(error: InputError) -> bool:
    """Returns whether parse() failed because its text ends inside a document."""
    cause = error.__cause__
    return isinstance(cause, json.JSONDecodeError) and cause.pos >= len(cause.doc.rstrip())


def is_json_line(line: bytes) -> bool:
    """Returns whether `line` is a whole object or list."""
    try:
        return isinstance(parse(line, 1), dict | list)
    except InputError:
        return False


def documents_or_lines(
    number: int, line: bytes, rest: list[bytes], report_error: Callable[[str], object]
) -> Iterator[tuple[str, Any]]:
    """Yields the documents that `line` begins and `rest` ends.

    If these are not a document and the next line is JSON by itself, they are JSON lines of which
    the first is cut off.
    """
    is_first = True
    try:
        for first_line, document in parse_each(b"\n".join([line, *rest]), number):
            yield "" if is_first else f"line {first_line}, ", document
            is_first = False
        return
    except InputError as error:
        following = next((each for each in rest if each.strip()), b"")
        if not is_first or not is_json_line(following):
            report_error(str(error))
            return
    report_error(f"line {number}: not JSON: the line is cut off")
    yield from documents(iter(rest), report_error, number + 1)


def documents(
    lines: Iterator[bytes], report_error: Callable[[str], object], first_number: int = 1
) -> Iterator[tuple[str, Any]]:
    """Yields the JSON documents in `lines`, each with a prefix that says where it is.

    If the first line ends inside a document, the lines are that document and others after it. If
    not, they are JSON lines. A line that is not JSON is reported and left out.
    """
    is_first = True
    # Without its line break, a string that is cut off is not taken for an incomplete document.
    stripped = (line.rstrip() for line in lines)
    for number, line in enumerate(stripped, start=first_number):
        if not line:
            continue
        try:
            document = parse(line, number)
        except InputError as error:
            if is_first and is_incomplete(error):
                yield from documents_or_lines(number, line, list(stripped), report_error)
            else:
                report_error(str(error))
        else:
            yield f"line {number}, ", document
        is_first = False


def is_kinesis_record(document: dict[str, Any]) -> bool:
    """Returns whether `document` is itself a record of a known source."""
    try:
        deaggregate_records([document], strict=True)
    except KeyError:
        return False
    except (AggregateError, TypeError):
        pass
    return True


def records_of(document: Any) -> list[Any]:
    """Returns the records of an event, a response, a list of records or a record.

    Raises InputError.
    """
    if isinstance(document, list):
        return document
    if not isinstance(document, dict):
        raise InputError("neither a record nor a list of records, an event or a response")
    for holder in (document, document.get("SubscribeToShardEvent")):
        for key in ("Records", "records"):
            records = holder.get(key) if isinstance(holder, dict) else None
            if isinstance(records, list) and not is_kinesis_record(document):
                return records
    return [document]


def lines_in_utf8(text: io.TextIOWrapper) -> Iterator[bytes]:
    """Yields the lines of `text`, and leaves the underlying file open."""
    try:
        for line in text:
            yield line.encode()
    finally:
        text.detach()


def decompressed_lines(file: io.BufferedReader) -> Iterator[bytes]:
    """Returns the lines of `file` in UTF-8, decompressed."""
    lines: io.BufferedReader | gzip.GzipFile = file
    if file.peek(2).startswith(GZIP_MAGIC):
        lines = gzip.GzipFile(fileobj=file)
    encoding = json.detect_encoding(lines.peek(4)[:4])
    if encoding.startswith("utf-8"):
        return iter(lines)
    # Redirections in PowerShell write UTF-16.
    return lines_in_utf8(io.TextIOWrapper(lines, encoding))


@contextlib.contextmanager
def progress_bar(
    file: BinaryIO, path: str, report: Report, wanted: bool
) -> Iterator[Callable[[], object]]:
    """Yields a function that updates the bar, to be called while `file` is read.

    Without tqdm, and for a file that is not long, the function does nothing.
    """
    status = os.fstat(file.fileno())
    is_long = stat.S_ISREG(status.st_mode) and status.st_size >= LONG_FILE
    if not (wanted and is_long and importlib.util.find_spec("tqdm")):
        yield lambda: None
        return
    from tqdm import tqdm

    name = os.path.basename(path)
    with tqdm(total=status.st_size, desc=name, unit="B", unit_scale=True, leave=False) as bar:
        print_line = report.print_line
        report.print_line = lambda line: tqdm.write(line, file=sys.stderr)
        try:
            yield lambda: bar.update(file.tell() - bar.n)
        finally:
            report.print_line = print_line


def read_file(path: str, report: Report, show_progress: bool) -> Iterator[tuple[str, Any]]:
    """Does what kinesis_records() does, but raises the errors of reading the file."""
    name = name_of(path)
    source = 0 if path == STANDARD_INPUT else path
    with (
        open(source, "rb", closefd=source != 0) as file,
        progress_bar(file, path, report, show_progress) as advance,
    ):
        lines = decompressed_lines(file)
        for place, document in documents(lines, functools.partial(report.error, name)):
            advance()
            try:
                records = records_of(document)
            except InputError as error:
                report.error(f"{name}: {place}".rstrip(":, "), str(error))
                continue
            for number, record in enumerate(records, start=1):
                yield f"{name}: {place}record {number}", record


def kinesis_records(path: str, report: Report, show_progress: bool) -> Iterator[tuple[str, Any]]:
    """Yields the Kinesis records in the file at `path`, each with its place.

    Reports what cannot be read, and goes on where that is possible.
    """
    try:
        yield from read_file(path, report, show_progress)
    except (EOFError, zlib.error, UnicodeError) as error:
        report.error(name_of(path), str(error))
    except OSError as error:
        report.error(name_of(path), error.strerror or str(error))
