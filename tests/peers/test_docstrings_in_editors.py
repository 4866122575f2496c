"""An editor shows the docstrings, each with its example, although the functions are in C."""

import inspect

import language_server
import pytest

import aws_kpl_deagg
from aws_kpl_deagg import deaggregator

FUNCTIONS = [
    (module, name)
    for module in (aws_kpl_deagg, deaggregator)
    for name in module.__all__
    if inspect.isroutine(getattr(module, name))
]
LINES = [f"{module.__name__}.{name}" for module, name in FUNCTIONS]


@pytest.fixture(scope="module")
def hover(tmp_path_factory):
    """Returns what the editor shows for the name that a line ends with."""
    program = tmp_path_factory.mktemp("editor") / "program.py"
    program.write_text("\n".join(["import aws_kpl_deagg.deaggregator", *LINES, ""]))
    with language_server.started(program.parent) as server:
        server.open(program)
        yield lambda line: server.hover(program, 1 + LINES.index(line), len(line) - 1)


@pytest.mark.parametrize(("module", "name"), FUNCTIONS)
def test_an_editor_shows_the_example(hover, module, name):
    whole = inspect.getdoc(getattr(module, name))
    (example,) = [each for each in whole.split("\n\n") if each.startswith("Example:\n")]
    shown = hover(f"{module.__name__}.{name}")
    assert whole.partition("\n\n")[0] in shown
    assert example in shown
