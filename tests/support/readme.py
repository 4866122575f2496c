"""Takes README.md apart: its code, its tables and its links."""

import contextlib
import io
import re
import textwrap
from typing import Any

from aggregates import message, payload, record
from project import PROJECT

TEXT = (PROJECT / "README.md").read_text(encoding="utf-8")

# The Python blocks, each by some text that no other block has. Every one of them is run by a test.
BLOCKS = {
    "first example": 'deaggregate_records(event["Records"], decode=True)',
    "iterator": "iter_deaggregate_records(event)",
    "user record": "'subSequenceNumber': 0",
    "range of a shard": 'boto3.client("kinesis")',
    "bare payloads": "def user_payloads(",
}

# The payload that tests give to the code: user records with and without an explicit hash key.
PAYLOAD = payload(message([b"a", b"key"], [record(0, b"x"), record(1, b"yz", 0)], [b"7"]))

_FENCED = re.compile(r"^ *```(.*)\n((?:.*\n)*?) *```$", re.MULTILINE)
_INDENTED = re.compile(r"(?<=\n\n)(?: {4}.*\n|\n(?= {4}))+")
_prose = _INDENTED.sub("", _FENCED.sub("", TEXT))


def python_blocks() -> list[str]:
    return [
        textwrap.dedent(code) for language, code in _FENCED.findall(TEXT) if language == "python"
    ]


def block(name: str) -> str:
    (found,) = [code for code in python_blocks() if BLOCKS[name] in code]
    return found


def has_command(command: str) -> bool:
    """Whether README.md shows this command, in a block or within the text."""
    return command in " ".join(TEXT.split())


def inline_code(text: str = _prose) -> list[str]:
    return [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", text)]


def section(word: str) -> str:
    """The one section, without its code blocks, whose title has this word."""
    sections = re.split(r"^#+ ", _prose, flags=re.MULTILINE)
    (found,) = [each for each in sections if word in each.partition("\n")[0].lower()]
    return found


def rows(word: str) -> list[list[str]]:
    """The cells of the table in such a section, without its head."""
    lines = [line for line in section(word).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def links() -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", _prose)


def anchors() -> set[str]:
    """The `#...` links that there may be: the titles as GitHub spells them."""
    titles = re.findall(r"^#+ (.*)", _prose, re.MULTILINE)
    return {"#" + re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def run(code: str, **names: Any) -> tuple[dict[str, Any], list[str]]:
    """Runs `code` beside these names; returns all names after it, and the lines it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec", dont_inherit=True), names)
    return names, printed.getvalue().splitlines()
