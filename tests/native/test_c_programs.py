"""src/kpl by itself: the programs of tests/c, in memory that ends and begins at the byte.

Each is compiled as the extension is, and once more with AddressSanitizer and
UndefinedBehaviorSanitizer. It exits with 1 and says where, if a check fails, and is ended by what
reads or writes outside of its memory.
"""

import os
import shlex
import subprocess
import sys

import pytest
from project import PROJECT, TESTS

KPL = PROJECT / "src" / "kpl"
PROGRAMS_FOLDER = TESTS / "native" / "c"
COMPILER = shlex.split(os.environ.get("CC", "cc"))
COMMON = ["-std=c11", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror"]
OPTIMISED = ["-O3"]
SANITIZED = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
PROGRAMS = ["check_aggregates", "check_arena", "check_hash_keys", "compare_kernels"]

# The programs have sanitizers of their own, and a compiler that leaks is none of our business.
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
def generated(tmp_path_factory):
    """The folder with protobuf-c's code for proto/."""
    folder = tmp_path_factory.mktemp("generated")
    result = run(sys.executable, PROJECT / "proto" / "generate.py", folder)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture(scope="module", params=[OPTIMISED, SANITIZED], ids=["optimised", "sanitized"])
def flags(request, tmp_path_factory):
    program = tmp_path_factory.mktemp("empty") / "empty.c"
    program.write_text("int main(void) { return 0; }\n")
    if run(*COMPILER, *request.param, program, "-o", program.with_suffix("")).returncode != 0:
        pytest.skip("this compiler has no sanitizers")
    return request.param


@pytest.fixture(scope="module")
def library(flags, generated, tmp_path_factory):
    """src/kpl, compiled, with the options that it is compiled and linked with."""
    options = [*flags, f"-I{KPL.parent}", f"-I{generated}"]
    objects = tmp_path_factory.mktemp("kpl")
    for source in [*KPL.rglob("*.c"), *generated.glob("*.c")]:
        run_compiler(*options, "-c", source, "-o", objects / f"{source.stem}.o")
    return options, list(objects.iterdir())


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name, library, tmp_path):
    options, objects = library
    source = PROGRAMS_FOLDER / f"{name}.c"
    run_compiler(*options, source, *objects, "-lprotobuf-c", "-o", tmp_path / name)
    result = run(tmp_path / name)
    assert (result.stderr, result.returncode) == ("", 0)
