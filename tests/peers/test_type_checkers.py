"""mypy and pyright accept consumers' programs, and report the mistakes that are marked in them.

The programs are those in typing/, the recipes, and the Python blocks of README.md and docs/. Each
checker runs once per mode over all of them. A `# type: ignore` marks a mistake: both checkers
complain about a comment that silences nothing, so each of them has found all that are marked.
"""

import json
import shutil
import subprocess
import sys

import pytest
import readme
from project import EXAMPLES, PROJECT, TESTS

# Not every library has all types, and that is not a recipe's fault.
INCOMPLETE_LIBRARIES = ("aws_lambda_powertools", "pyarrow")
INCOMPLETE = """\
# pyright: reportMissingTypeStubs=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false
# pyright: reportUnknownVariableType=false
"""

# Prose shows functions without annotations, and values and names that it does not use.
PROSE = """\
# mypy: allow-untyped-defs, disable-error-code="import-untyped"
# pyright: reportMissingParameterType=false
# pyright: reportUnusedExpression=false, reportUnusedImport=false
"""


def prose_programs():
    """Each Python block of README.md and docs/, by a name for its file."""
    for number, code in enumerate(readme.python_blocks()):
        yield f"prose_{number}.py", PROSE + INCOMPLETE + code


def recipes():
    """Each recipe, by the name of its file."""
    for path in EXAMPLES.glob("*.py"):
        code = path.read_text(encoding="utf-8")
        incomplete = any(library in code for library in INCOMPLETE_LIBRARIES)
        yield path.name, INCOMPLETE * incomplete + code


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The folder of all programs."""
    folder = tmp_path_factory.mktemp("programs")
    shutil.copytree(TESTS / "peers/typing", folder, dirs_exist_ok=True)
    for name, code in [*recipes(), *prose_programs()]:
        with (folder / name).open("x", encoding="utf-8") as file:
            file.write(code)
    return folder


def run(folder, *command):
    result = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_mypy(programs):
    files = sorted(path.name for path in programs.glob("*.py"))
    run(programs, "mypy", "--config-file", PROJECT / "pyproject.toml", "--strict", *files)


@pytest.mark.parametrize("mode", ["basic", "strict"])
def test_pyright(programs, mode):
    settings = {"typeCheckingMode": mode, "reportUnnecessaryTypeIgnoreComment": "error"}
    (programs / "pyrightconfig.json").write_text(json.dumps(settings))
    run(programs, "pyright", "--pythonpath", sys.executable)
