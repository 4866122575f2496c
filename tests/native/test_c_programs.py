"""src/kpl by itself: the programs of c/, in memory that ends and begins at the byte.

They are compiled with AddressSanitizer and UndefinedBehaviorSanitizer where the compiler has them.
A program reports the place of a check that fails and exits with 1; an access outside its memory
ends it. test_kernels.py has the kernels as the extension compiles them.
"""

import os
import shlex
import subprocess
import sys

import pytest
from project import PROJECT, TESTS

SRC = PROJECT / "src"
COMPILER = shlex.split(os.environ.get("CC", "cc"))
COMMON = ["-std=c11", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror"]
OPTIMISED = ["-O3"]
SANITIZED = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
PROGRAMS = sorted((TESTS / "native" / "c").glob("*.c"))

# The programs have sanitizers of their own, and a leak of the compiler is not a fault of ours.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in ("LD_PRELOAD", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS")
}


def run(*command):
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=300)


def run_compiler(*arguments):
    compiled = run(*COMPILER, *COMMON, *arguments)
    assert compiled.returncode == 0, compiled.stderr


@pytest.fixture(scope="module")
def flags(tmp_path_factory):
    program = tmp_path_factory.mktemp("empty") / "empty.c"
    program.write_text("int main(void) { return 0; }\n")
    compiled = run(*COMPILER, *SANITIZED, program, "-o", program.with_suffix(""))
    return SANITIZED if compiled.returncode == 0 else OPTIMISED


@pytest.fixture(scope="module")
def library(flags, tmp_path_factory):
    """The options that src/kpl is compiled with, and its objects."""
    objects = tmp_path_factory.mktemp("kpl")
    generated = run(sys.executable, PROJECT / "proto" / "generate.py", objects)
    assert generated.returncode == 0, generated.stderr
    options = [*flags, f"-I{SRC}", f"-I{objects}"]
    for source in [*SRC.glob("kpl/**/*.c"), *objects.glob("*.c")]:
        run_compiler(*options, "-c", source, "-o", objects / f"{source.stem}.o")
    return options, list(objects.glob("*.o"))


@pytest.mark.parametrize("source", PROGRAMS, ids=lambda source: source.stem)
def test_program(source, library, tmp_path):
    options, objects = library
    program = tmp_path / source.stem
    run_compiler(*options, source, *objects, "-lprotobuf-c", "-o", program)
    result = run(program)
    assert (result.stderr, result.returncode) == ("", 0)
