"""What a build of this project starts from."""

import os
import shutil
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
NOT_SOURCE = (
    ".git",
    ".venv*",
    ".*cache",
    ".hypothesis",
    "__pycache__",
    "build",
    "dist",
    "*.egg-info",
)


def build_environment(**variables):
    """This environment without what steers the build, apart from warnings as errors."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_KPL_DEAGG_") or name == "AWS_KPL_DEAGG_WERROR"
    }
    return {**kept, **variables}


def copy_project(folder):
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns(*NOT_SOURCE))
