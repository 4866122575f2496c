"""Takes README.md and the pages of docs/ apart: their code, their tables and their links."""

import contextlib
import io
import posixpath
import re
from typing import Any, NamedTuple

from aggregates import message, payload, record
from project import PROJECT

PAGES = {
    str(path.relative_to(PROJECT)): path.read_text(encoding="utf-8")
    for path in [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
}

# The payload that tests give to the code: user records with and without an explicit hash key.
PAYLOAD = payload(message([b"a", b"key"], [record(0, b"x"), record(1, b"yz", 0)], [b"7"]))

_FENCED = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
_INDENTED = re.compile(r"(?<=\n\n)(?: {4}.*\n|\n(?= {4}))+")
# Packages that only tests/peers may need.
_PEERS = re.compile(
    r"\bboto3\.client\(|^from (?:aws_kinesis_agg|aws_lambda_powertools)\b"
    r"|^import (?:duckdb|polars|pyarrow)\b",
    re.MULTILINE,
)


class Block(NamedTuple):
    """A Python block of a page."""

    page: str
    code: str
    # The text block after it, if the words "prints" stand between the two.
    output: str | None

    @property
    def needs_peers(self) -> bool:
        return bool(_PEERS.search(self.code))

    @property
    def functions(self) -> list[str]:
        return re.findall(r"^def (\w+)", self.code, re.MULTILINE)

    def __str__(self) -> str:
        return f"{self.page}: {self.code.splitlines()[0]}"


def _blocks() -> list[Block]:
    found = []
    for page, text in PAGES.items():
        for match in _FENCED.finditer(text):
            if match[1] == "python":
                printed = re.match(r"\n\nprints\n\n```text\n((?:.*\n)*?)```", text[match.end() :])
                found.append(Block(page, match[2], printed and printed[1]))
    return found


BLOCKS = _blocks()


def python_blocks() -> list[str]:
    """The code of the Python blocks of all pages."""
    return [each.code for each in BLOCKS]


def block_with(text: str) -> Block:
    (found,) = [each for each in BLOCKS if text in each.code]
    return found


def text_blocks(page: str) -> list[str]:
    return [code for language, code in _FENCED.findall(PAGES[page]) if language == "text"]


def indented_lines() -> list[str]:
    """The lines of the blocks that are indented: commands, and the imports of a drop-in.

    A command that is continued on the next line is one.
    """
    return [
        line.strip()
        for text in PAGES.values()
        for block in _INDENTED.findall(_FENCED.sub("", text))
        for line in re.sub(r"\\\n\s*", "", block).splitlines()
        if line.strip()
    ]


def prose(page: str) -> str:
    return _INDENTED.sub("", _FENCED.sub("", PAGES[page]))


def inline_code(text: str) -> list[str]:
    return [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", text)]


def section(page: str, title: str) -> str:
    """The one section of a page with this title, without its code blocks."""
    sections = re.split(r"^#+ ", prose(page), flags=re.MULTILINE)
    (found,) = [each for each in sections if each.partition("\n")[0] == title]
    return found


def rows(page: str, title: str) -> list[list[str]]:
    """The cells of the tables in such a section, without their heads."""
    tables = re.findall(r"(?:^\|.*\n)+", section(page, title), re.MULTILINE)
    lines = [line for table in tables for line in table.splitlines()[2:]]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def links_in(text: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", _FENCED.sub("", text))


def links(page: str) -> list[str]:
    return links_in(PAGES[page])


def target(page: str, link: str) -> tuple[str, str]:
    """The file that a relative link leads to, from the project's folder, and its anchor."""
    path, _, anchor = link.partition("#")
    folder = posixpath.dirname(page)
    return posixpath.normpath(posixpath.join(folder, path)) if path else page, anchor


def anchors(page: str) -> set[str]:
    """The anchors that a page has: its titles as GitHub spells them."""
    titles = re.findall(r"^#+ (.*)", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def run(code: str, **names: Any) -> tuple[dict[str, Any], list[str]]:
    """Runs `code` beside these names; returns all names after it, and the lines it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "a block", "exec", dont_inherit=True), names)
    return names, printed.getvalue().splitlines()
