"""Reads Kinesis records from JSON or JSON lines, compressed or not, for the command line."""

import contextlib
import gzip
import importlib.util
import io
import itertools
import json
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from aws_kpl_deagg import AggregateError, deaggregate_records

STANDARD_INPUT = "-"
GZIP_MAGIC = b"\x1f\x8b"
# In bytes. A shorter file is read too quickly for a progress bar to be of use.
LONG_FILE = 20_000_000


class InputError(Exception):
    """The input is not made of Kinesis records; the message says where and why."""


def parse(text: bytes, first_line: int) -> Any:
    """Returns the JSON document in `text`, which starts at line `first_line` of its file.

    Raises InputError.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise InputError(f"line {line}, column {error.colno}: not JSON: {error.msg}") from error
    except UnicodeDecodeError as error:
        # The exception's own message shows the file's contents.
        line = first_line + text.count(b"\n", 0, error.start)
        raise InputError(f"line {line}: not JSON: not {error.encoding}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"line {first_line}: not JSON: {error}") from error


def is_incomplete(error: InputError) -> bool:
    """Returns whether parse() failed because its text ends inside a document."""
    cause = error.__cause__
    return isinstance(cause, json.JSONDecodeError) and cause.pos >= len(cause.doc.rstrip())


def documents(lines: Iterator[bytes]) -> Iterator[tuple[str, Any]]:
    """Yields the JSON documents in `lines`, each with a prefix that says where it is.

    If the first line ends inside a document, all lines are that document. If not, they are JSON
    lines.

    Raises InputError.
    """
    numbered = ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
    for number, line in itertools.islice(numbered, 1):
        try:
            document = parse(line, number)
        except InputError as error:
            if not is_incomplete(error):
                raise
            yield "", parse(line + b"".join(lines), number)
        else:
            yield f"line {number}, ", document
    for number, line in numbered:
        yield f"line {number}, ", parse(line, number)


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
def progress_bar(file: BinaryIO, path: str, wanted: bool) -> Iterator[Callable[[], object]]:
    """Yields a function that updates the bar, to be called while `file` is read.

    Without tqdm, and for a file that is not long, the function does nothing.
    """
    status = os.fstat(file.fileno())
    is_long = stat.S_ISREG(status.st_mode) and status.st_size >= LONG_FILE
    if not (wanted and is_long and importlib.util.find_spec("tqdm")):
        yield lambda: None
        return
    from tqdm import tqdm
    from tqdm.contrib.logging import logging_redirect_tqdm

    name = os.path.basename(path)
    with (
        logging_redirect_tqdm(),
        tqdm(total=status.st_size, desc=name, unit="B", unit_scale=True, leave=False) as bar,
    ):
        yield lambda: bar.update(file.tell() - bar.n)


def read_file(path: str, show_progress: bool) -> Iterator[tuple[str, Any]]:
    """Does what kinesis_records() does, but also raises the errors of reading the file."""
    source = 0 if path == STANDARD_INPUT else path
    with (
        open(source, "rb", closefd=source != 0) as file,
        progress_bar(file, path, show_progress) as advance,
    ):
        for place, document in documents(decompressed_lines(file)):
            advance()
            try:
                records = records_of(document)
            except InputError as error:
                raise InputError(f"{place}{error}") from error
            for number, record in enumerate(records, start=1):
                yield f"{place}record {number}", record


def kinesis_records(path: str, show_progress: bool) -> Iterator[tuple[str, Any]]:
    """Yields the Kinesis records in the file at `path`, each with its place. Raises InputError."""
    try:
        yield from read_file(path, show_progress)
    except (EOFError, zlib.error, UnicodeError) as error:
        raise InputError(str(error)) from error
    except OSError as error:
        raise InputError(error.strerror or str(error)) from error
