"""Where the project's files are, and what a build of the project starts from."""

import os
import shutil
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
TESTS = PROJECT / "tests"
EXAMPLES = PROJECT / "examples"
NOT_SOURCE = (
    ".git",
    ".venv*",
    ".*cache",
    ".hypothesis",
    "__pycache__",
    "build",
    "dist",
    "*.egg-info",
    # An editable install builds these into the package's folder.
    "*.so",
    "*.pyd",
)


def build_environment(**variables):
    """This environment without the variables that steer the build, except warnings as errors."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_KPL_DEAGG_") or name == "AWS_KPL_DEAGG_WERROR"
    }
    return {**kept, **variables}


def copy_project(folder):
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns(*NOT_SOURCE))
