"""Takes README.md apart: its code, its command lines, its tables and its links."""

import contextlib
import io
import re
import textwrap
from pathlib import Path
from typing import Any

from aggregates import message, payload, record

PROJECT = Path(__file__).resolve().parent.parent
TEXT = (PROJECT / "README.md").read_text(encoding="utf-8")

FENCED = re.compile(r"^ *```(.*)\n((?:.*\n)*?) *```$", re.MULTILINE)
INDENTED = re.compile(r"(?<=\n\n)(?: {4}.*\n|\n(?= {4}))+")
# Of inline code, what one would type into a shell.
COMMAND = re.compile(
    r"(?:(?:pip|python3?|apt-get|aws|aws-kpl-deagg|git) |--|(?:\./)?(?:script|benchmarks)/)"
)

# What the tests give to the code: user records with and without an explicit hash key.
PAYLOAD = payload(message([b"a", b"key"], [record(0, b"x"), record(1, b"yz", 0)], [b"7"]))

_prose = INDENTED.sub("", FENCED.sub("", TEXT))


def blocks(*languages: str) -> list[str]:
    """The fenced blocks in these languages."""
    return [
        textwrap.dedent(code) for language, code in FENCED.findall(TEXT) if language in languages
    ]


def languages() -> set[str]:
    return {language for language, _ in FENCED.findall(TEXT)}


def inline_code(text: str = _prose) -> list[str]:
    return [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", text)]


def commands() -> list[str]:
    """All command lines without their comments, in blocks of whatever form and within the text."""
    lines = "".join(INDENTED.findall(FENCED.sub("", TEXT))).splitlines()
    for block in blocks("sh", ""):
        lines += block.splitlines()
    for block in blocks("console"):
        lines += [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    typed = [re.sub(r"\s+#.*", "", line).strip() for line in lines]
    within = [code for code in inline_code() if COMMAND.match(code)]
    return [command for command in [*typed, *within] if command]


def section(word: str) -> str:
    """The one section, without code blocks, whose title has this word."""
    sections = re.split(r"^#+ ", _prose, flags=re.MULTILINE)
    (found,) = [each for each in sections if word in each.partition("\n")[0].lower()]
    return found


def rows(word: str) -> list[list[str]]:
    """The cells of the table in such a section, without its head."""
    lines = [line for line in section(word).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def reasons() -> list[str]:
    """The reasons of AggregateError: of the inline code there, all that has spaces."""
    return [code for code in inline_code(section("malformed")) if " " in code]


def links() -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", _prose)


def anchors() -> set[str]:
    """What `#...` links may name: the titles as GitHub spells them."""
    titles = re.findall(r"^#+ (.*)", _prose, re.MULTILINE)
    return {"#" + re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def run(code: str, **names: Any) -> tuple[dict[str, Any], list[str]]:
    """Runs `code` beside these names; returns all names after it, and the lines it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec", dont_inherit=True), names)
    return names, printed.getvalue().splitlines()
