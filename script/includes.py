"""Checks the #include lines of files of src/: script/includes.py FILE...

A folder includes only itself and those below it. Python's API stays out of kpl/ and protobuf-c's
API inside it. Prints each line that breaks a rule; exits with 1 if there is one.
"""

import re
import sys
from pathlib import Path

SOURCE = Path("src")
# From top to bottom. "." stands for the files outside any folder.
LAYERS = [".", "api", "output", "input", "base", "kpl", "kpl/simd", "kpl/bytes.h"]


def layer(path):
    """Returns the position in LAYERS of a file below src/, or of a header of protobuf-c."""
    if is_protobuf_c(path):
        return LAYERS.index("kpl")
    return LAYERS.index(path if path in LAYERS else Path(path).parent.as_posix())


def is_protobuf_c(path):
    return path.startswith("protobuf-c/") or path.endswith(".pb-c.h")


def fault(path, line):
    """Returns the rule that a line of this file below src/ breaks, or None."""
    include = re.match(r'\s*#\s*include\s*[<"](.+)[>"]', line)
    included = include[1] if include else ""
    if path.startswith("kpl/"):
        if included in ("Python.h", "pyconfig.h"):
            return "kpl/ is without Python"
    elif is_protobuf_c(included) or "ProtobufC" in line or "Kpl__" in line:
        return "protobuf-c is for kpl/ alone"
    if ".." in included:
        return "not the path of a file below src/"
    if is_protobuf_c(included) or (SOURCE / included).is_file():
        return "points up" if layer(included) < layer(path) else None
    return "not the path of a file below src/" if included and '"' in line else None


def main():
    faults = [
        f"{file}:{number}: {found}: {line.strip()}"
        for file in map(Path, sys.argv[1:])
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if (found := fault(file.relative_to(SOURCE).as_posix(), line))
    ]
    print(*faults, sep="\n", end="\n" if faults else "")
    return 1 if faults else 0


sys.exit(main())
