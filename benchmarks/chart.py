"""Draws the chart of results/chart.svg from the figures in results/table.md.

    python benchmarks/chart.py

Since it reads the published table, the chart shows what the table says. The chart has a white
background of its own, so it is legible on pages of any colour.
"""

import sys
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

RESULTS = Path(__file__).parent / "results"
# Everyday workloads of the table, as lists, and what the chart calls them.
ROWS = {
    "100 of 220 x 200 B": "100 aggregates of 220 × 200 bytes",
    "100 of 10 x 500 B, hash keys": "100 aggregates of 10 × 500 bytes",
    "1 MB: 8,500 x 100 B, 50 keys": "1 aggregate of 8,500 × 100 bytes",
    "100 of 10 x 10 KiB": "100 aggregates of 10 × 10 KiB",
}
# The columns of the table, and the colours of their bars.
SERIES = {
    "ours, ns": ("aws_kpl_deagg", "#0969da"),
    "upb, ns": ("aws_kinesis_agg 1.2.3", "#bc4c00"),
}
TITLE = "User records per second"

WIDTH, MARGIN = 800, 20
TEXT, MUTED, LINE, FONT = "#1f2328", "#59636e", "#d1d9e0", "Helvetica, Arial, sans-serif"
AXIS_LEFT, AXIS_RIGHT, AXIS_TOP = 285, 685, 92
BAR, GROUP = 20, 62
STEP = 1_000_000
# Keeps the lines of the axis off a text.
HALO = ' stroke="#ffffff" stroke-width="4" paint-order="stroke"'


class Bars(NamedTuple):
    """A workload with its rates, in the order of SERIES."""

    label: str
    rates: list[float]


def read_bars(table: str) -> list[Bars]:
    """Returns the chart's rows from the table of times in table.md."""
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table.splitlines()
        if line.startswith("|")
    ]
    head = lines[0]
    found = {cells[0]: cells for cells in lines if cells[1] == "list"}
    return [
        Bars(
            label,
            [1e9 / float(found[name][head.index(column)].replace(",", "")) for column in SERIES],
        )
        for name, label in ROWS.items()
    ]


def rounded(rate: float) -> str:
    """Formats `rate` with two significant digits."""
    return f"{rate / 1e6:.1f} million" if rate >= 950_000 else f"{float(f'{rate:.2g}'):,.0f}"


def text(x: float, y: float, content: str, anchor: str = "start", style: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{style}>{escape(content)}</text>'


def rectangle(x: float, y: float, width: float, height: float, style: str) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:.1f}" height="{height:g}" {style}/>'


def legend() -> list[str]:
    parts = []
    for place, (label, colour) in enumerate(SERIES.values()):
        x = AXIS_LEFT + 150 * place
        parts.append(rectangle(x, 48, 12, 12, f'fill="{colour}"'))
        parts.append(text(x + 18, 59, label))
    return parts


def axis(most: float, bottom: float) -> list[str]:
    """Draws the lines of the axis and their numbers."""
    parts = []
    for rate in range(0, int(most) + 1, STEP):
        x = AXIS_LEFT + (AXIS_RIGHT - AXIS_LEFT) * rate / most
        parts.append(
            f'<line x1="{x:g}" y1="{AXIS_TOP}" x2="{x:g}" y2="{bottom:g}" stroke="{LINE}"/>'
        )
        label = f"{rate // STEP} million" if rate else "0"
        parts.append(text(x, bottom + 18, label, "middle", f' fill="{MUTED}"'))
    return parts


def draw_bars(bars: Bars, top: float, most: float) -> list[str]:
    parts = [text(AXIS_LEFT - 12, top + BAR + 5, bars.label, "end")]
    for place, (rate, (_, colour)) in enumerate(zip(bars.rates, SERIES.values(), strict=True)):
        y = top + BAR * place
        length = (AXIS_RIGHT - AXIS_LEFT) * rate / most
        parts.append(rectangle(AXIS_LEFT, y + 1, length, BAR - 2, f'fill="{colour}"'))
        parts.append(text(AXIS_LEFT + length + 6, y + 15, rounded(rate), style=HALO))
    return parts


def svg(rows: list[Bars]) -> str:
    most = STEP * -(-max(max(row.rates) for row in rows) // STEP)
    bottom = AXIS_TOP + GROUP * len(rows)
    height = bottom + 36
    frame = f'rx="8" fill="#ffffff" stroke="{LINE}"'
    parts = [
        rectangle(0.5, 0.5, WIDTH - 1, height - 1, frame),
        text(MARGIN, 32, TITLE, style=' font-size="18" font-weight="bold"'),
        text(MARGIN, 59, "Longer is better."),
        *legend(),
        *axis(most, bottom),
    ]
    for place, row in enumerate(rows):
        parts += draw_bars(row, AXIS_TOP + GROUP * place + (GROUP - 2 * BAR) / 2, most)
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:g}" '
        f'viewBox="0 0 {WIDTH} {height:g}" font-family="{FONT}" font-size="14" fill="{TEXT}" '
        f'role="img">\n<title>{TITLE}</title>\n{body}\n</svg>\n'
    )


def draw(table: str, path: Path) -> None:
    path.write_text(svg(read_bars(table)), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(__doc__)
    draw((RESULTS / "table.md").read_text(encoding="utf-8"), RESULTS / "chart.svg")
