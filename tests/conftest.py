"""Rules for all tests: they test the installed package, and never how long something takes."""

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import hypothesis
import pytest
from project import PROJECT, build_environment, copy_project

try:
    import aws_kpl_deagg
except ImportError as error:
    raise pytest.UsageError(
        f"Run script/test, or `pip install .` before pytest: {error}"
    ) from None


def is_installed_as_editable():
    """Whether `pip install -e .` has installed this project and built the module in its folder."""
    files = [
        distribution.read_text("direct_url.json")
        for distribution in importlib.metadata.distributions(name="aws_kpl_deagg")
    ]
    origins = [json.loads(text) for text in files if text]
    return any(
        origin["url"] == PROJECT.as_uri() and origin.get("dir_info", {}).get("editable")
        for origin in origins
    )


if Path(aws_kpl_deagg.__file__).resolve().parents[1] == PROJECT and not is_installed_as_editable():
    raise pytest.UsageError(
        "The package is imported from the project folder, where it is not installed. "
        "Run `pytest` instead of `python -m pytest`, or script/test."
    )

hypothesis.settings.register_profile("any-machine", deadline=None, print_blob=True)
hypothesis.settings.register_profile("sanitized", deadline=None, print_blob=True, max_examples=10)
hypothesis.settings.load_profile("any-machine")


@pytest.fixture(scope="session", autouse=True)
def empty_working_folder(tmp_path_factory):
    """Keeps the source folder off the path of the programs that a test starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("working-folder"))
        yield


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    """A copy of the project, so that a build leaves nothing in the project itself."""
    copy = tmp_path_factory.mktemp("packaging") / "checkout"
    copy_project(copy)
    return copy


@pytest.fixture(scope="session")
def build(checkout):
    """The folder with the sdist, the wheel built from that sdist, and the log of the build."""
    output = checkout.parent / "dist"
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", output, checkout]
    result = subprocess.run(
        command,
        cwd=checkout.parent,
        env=build_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert result.returncode == 0, result.stdout
    (output / "log").write_text(result.stdout)
    return output
