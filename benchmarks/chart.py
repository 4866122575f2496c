"""Draws the measurements as a chart (SVG)."""

from pathlib import Path

import matplotlib

matplotlib.use("svg")

from contenders import CONTENDERS
from matplotlib import pyplot
from matplotlib.axes import Axes
from report import FORMS, find, number
from workloads import WORKLOADS

OURS = "this package"
COLOURS = {
    "the floor": "#bbbbbb",
    OURS: "#0072b2",
    "aws_kinesis_agg, upb": "#e69f00",
    "aws_kinesis_agg, pure Python": "#d55e00",
}
BAR_HEIGHT = 0.2


def times(measurements: list[dict], form: str) -> dict[str, list[float]]:
    """Returns nanoseconds per user record, for each contender and this package, by workload."""
    series: dict[str, list[float]] = {}
    for contender in CONTENDERS:
        found = [find(measurements, each.name, form, contender) for each in WORKLOADS]
        series[contender.label] = [measurement["other_ns"] for measurement in found]
        series.setdefault(OURS, [measurement["mine_ns"] for measurement in found])
    return series


def draw_form(axes: Axes, measurements: list[dict], form: str) -> None:
    series = times(measurements, form)
    for place, (label, colour) in enumerate(COLOURS.items()):
        offset = (place - (len(COLOURS) - 1) / 2) * BAR_HEIGHT
        positions = [row + offset for row in range(len(WORKLOADS))]
        bars = axes.barh(positions, series[label], BAR_HEIGHT, color=colour, label=label)
        axes.bar_label(bars, [number(value) for value in series[label]], padding=2, fontsize=6)
    axes.set_xscale("log")
    axes.set_title(f"as {FORMS[form]}")
    axes.set_xlabel("ns per user record, logarithmic")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.15)


def draw(measurements: list[dict], path: Path) -> None:
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "chart", "font.size": 8})
    figure, panels = pyplot.subplots(1, len(FORMS), figsize=(10, 6.5), sharey=True)
    for axes, form in zip(panels, FORMS, strict=True):
        draw_form(axes, measurements, form)
    panels[0].set_yticks(range(len(WORKLOADS)), [workload.name for workload in WORKLOADS])
    panels[0].invert_yaxis()
    figure.legend(*panels[0].get_legend_handles_labels(), loc="upper center", ncols=len(COLOURS))
    figure.tight_layout(rect=(0, 0, 1, 0.95))
    figure.savefig(path, metadata={"Date": None})
