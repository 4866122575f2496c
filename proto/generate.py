#!/usr/bin/env python3
"""Generates the C code for the schema in this folder: proto/generate.py OUTPUT_FOLDER"""

import shutil
import subprocess
import sys
from pathlib import Path

SCHEMA = Path(__file__).resolve().with_name("aggregated_record.proto")
PACKAGES = (
    "Debian, Ubuntu: apt-get install libprotobuf-c-dev protobuf-c-compiler; "
    "Fedora: dnf install protobuf-c-devel protobuf-c-compiler; "
    "Alpine: apk add protobuf-c-dev protobuf-c-compiler; "
    "Homebrew: brew install protobuf-c"
)


def missing(what):
    return SystemExit(f"error: {what} was not found. It comes with protobuf-c. {PACKAGES}")


def generate(folder):
    """Writes aggregated_record.pb-c.c and .h. Returns the path of the former."""
    # protoc-c calls itself deprecated from 1.5, but its plugin for protoc needs protoc as well.
    protoc = shutil.which("protoc") if shutil.which("protoc-gen-c") else None
    generator = protoc or shutil.which("protoc-c")
    if generator is None:
        raise missing("protoc-c")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    command = [generator, f"--proto_path={SCHEMA.parent}", f"--c_out={folder}", SCHEMA.name]
    if subprocess.run(command).returncode != 0:
        raise SystemExit(f"error: {generator} failed")
    return str(folder / "aggregated_record.pb-c.c")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    generate(sys.argv[1])
