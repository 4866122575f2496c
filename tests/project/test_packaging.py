"""The sdist, the wheel, the extension module in it, the import, and how a build fails."""

import email
import importlib.metadata
import importlib.util
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest
from project import build_environment

import aws_kpl_deagg
from aws_kpl_deagg import _deagg, deaggregator

MODULE = "aws_kpl_deagg/_deagg" + sysconfig.get_config_var("EXT_SUFFIX")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="ELF, and protobuf-c as an archive")


@pytest.fixture(scope="session")
def wheel(build):
    (path,) = build.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


@pytest.fixture(scope="session")
def module(wheel, build):
    return Path(wheel.extract(MODULE, build))


def files_below(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def without_metadata(names):
    """The names without those that setuptools adds."""
    return {name for name in names if ".egg-info/" not in name} - {"PKG-INFO", "setup.cfg"}


def test_sdist_is_the_checkout_and_nothing_else(build, checkout):
    (path,) = build.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        members = {member.name.partition("/")[2] for member in archive if member.isfile()}
    assert without_metadata(members) == without_metadata(files_below(checkout))


def test_wheel_contents(wheel):
    metadata = f"aws_kpl_deagg-{aws_kpl_deagg.__version__}.dist-info"
    expected = {
        f"{metadata}/METADATA",
        f"{metadata}/RECORD",
        f"{metadata}/WHEEL",
        f"{metadata}/entry_points.txt",
        f"{metadata}/licenses/LICENSE",
        f"{metadata}/licenses/LICENSE.protobuf-c",
        f"{metadata}/top_level.txt",
        "aws_kpl_deagg/__init__.py",
        "aws_kpl_deagg/__main__.py",
        "aws_kpl_deagg/_aggregator_input.py",
        "aws_kpl_deagg/_command.py",
        "aws_kpl_deagg/_command_input.py",
        "aws_kpl_deagg/_command_report.py",
        "aws_kpl_deagg/_command_summary.py",
        "aws_kpl_deagg/_deagg.pyi",
        "aws_kpl_deagg/aggregator.py",
        "aws_kpl_deagg/deaggregator.py",
        "aws_kpl_deagg/py.typed",
        "aws_kpl_deagg/record_types.py",
        MODULE,
    }
    assert set(wheel.namelist()) == expected


def test_wheel_is_small(wheel):
    assert os.path.getsize(wheel.filename) < 120_000


def test_wheel_metadata(wheel):
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = email.message_from_bytes(wheel.read(name))
    assert metadata["Name"] == "aws_kpl_deagg"
    assert metadata["Version"] == "2.0.0"
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata.get_all("Requires-Dist") == ['tqdm>=4.60; extra == "cli"']


def test_wheel_carries_the_licence_of_protobuf_c(wheel):
    (name,) = (name for name in wheel.namelist() if name.endswith("licenses/LICENSE.protobuf-c"))
    notice = " ".join(wheel.read(name).decode().split())
    assert re.match(r"Copyright \(c\) [\d-]+, Dave Benson and the protobuf-c authors\.", notice)
    assert "Redistributions in binary form must reproduce the above copyright notice" in notice
    assert notice.endswith("EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.")


def test_compiler_flags(build):
    lines = (build / "log").read_text().splitlines()
    sources = [line for line in lines if re.search(r" -c \S+\.c ", line)]
    assert len(sources) > 5
    for line in sources:
        flags = line.split()
        assert {"-std=c11", "-Wall", "-Wextra", "-Wshadow", "-Wconversion"} <= set(flags)
        assert {"-fvisibility=hidden", "-fstack-protector-strong"} <= set(flags)
        assert [flag for flag in flags if "_FORTIFY_SOURCE" in flag][-1] == "-D_FORTIFY_SOURCE=2"
        assert [flag for flag in flags if re.fullmatch(r"-O\w", flag)][-1] == "-O3"
        assert not any(flag.startswith(("-march", "-mtune", "-mcpu")) for flag in flags)


def read(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@on_linux
def test_module_exports_only_its_init_function(module):
    symbols = [
        line.split()[-1] for line in read("nm", "-D", "--defined-only", module).splitlines()
    ]
    assert symbols == ["PyInit__deagg"]


@on_linux
def test_module_needs_only_the_c_library(module):
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", read("readelf", "-dW", module))
    assert needed
    assert all(re.match(r"libc\.|ld-linux|libpthread\.", name) for name in needed), needed


@on_linux
def test_module_is_hardened_and_without_debug_information(module):
    dynamic = read("readelf", "-dW", module)
    assert "TEXTREL" not in dynamic
    assert "BIND_NOW" in dynamic
    segments = read("readelf", "-lW", module)
    assert "GNU_RELRO" in segments
    assert re.search(r"GNU_STACK.* RW ", segments)
    assert "__stack_chk_fail" in read("nm", "-D", "--undefined-only", module)
    assert ".debug_" not in read("readelf", "-SW", module)


@on_linux
def test_module_has_no_variable_of_its_own(module):
    """Interpreters and threads would share it. Constants are in sections that are read-only after
    relocation; a variable without an initial value is in the section that starts as zeros."""
    symbols = [line.split()[-2:] for line in read("nm", module).splitlines()]
    zeroed = {name for kind, name in filter(lambda symbol: symbol[0] in "bB", symbols)}
    # The compiler's own: the processor's features, and whether destructors have run.
    assert zeroed <= {"__cpu_features2", "__cpu_model", "completed.0"}


def test_protobuf_c_is_no_older_than_1_4_1_or_the_build_says_so(build):
    version = tuple(map(int, _deagg.protobuf_c_version.split(".")))
    assert version >= (1, 4, 1) or "is older than 1.4.1" in (build / "log").read_text()


def test_versions_agree():
    assert aws_kpl_deagg.__version__ == importlib.metadata.version("aws_kpl_deagg")


def test_public_functions_are_those_of_the_extension():
    for name in ("deaggregate_records", "iter_deaggregate_records"):
        function = getattr(_deagg, name)
        assert type(function) is type(len)
        assert getattr(aws_kpl_deagg, name) is function
        assert getattr(deaggregator, name) is function


@pytest.mark.parametrize("name", ["aws_kpl_deagg", "aws_kpl_deagg.deaggregator"])
def test_import_imports_nothing_but_the_package(name):
    # Without `site`, which imports modules of its own that ours might import as well.
    program = f"""
import sys
sys.path.append({str(Path(aws_kpl_deagg.__file__).parents[1])!r})
before = set(sys.modules)
import {name}
print(*sorted(set(sys.modules) - before))
"""
    imported = read(sys.executable, "-I", "-S", "-c", program).split()
    assert imported == ["aws_kpl_deagg", "aws_kpl_deagg._deagg", "aws_kpl_deagg.deaggregator"]


PACKAGES = (
    "libprotobuf-c-dev protobuf-c-compiler",
    "protobuf-c-devel protobuf-c-compiler",
    "protobuf-c-dev protobuf-c-compiler",
    "brew install protobuf-c",
)


def compiler(folder, script):
    """A value for CC: a shell script in `folder`."""
    path = folder / "compiler"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return shlex.quote(str(path))


@pytest.fixture
def failing_build(checkout, tmp_path):
    """Runs a build with environment variables that make it fail; returns its standard error."""

    def run(**variables):
        command = [sys.executable, "setup.py", "--quiet", "build_ext", "--force"]
        folders = [f"--build-lib={tmp_path / 'lib'}", f"--build-temp={tmp_path / 'temp'}"]
        result = subprocess.run(
            command + folders,
            cwd=checkout,
            env=build_environment(**variables),
            capture_output=True,
            text=True,
        )
        assert result.returncode != 0
        # protoc-c 1.5 says that it is deprecated, and Debian 13 has it without protoc.
        return re.sub(r"^\[libprotobuf WARNING .*\n", "", result.stderr, flags=re.MULTILINE)

    return run


def assert_one_line_with_the_packages(stderr, what):
    (line,) = stderr.splitlines()
    assert line.startswith(f"error: {what} ")
    for packages in PACKAGES:
        assert packages in line


def test_build_without_the_generator(failing_build, tmp_path):
    assert_one_line_with_the_packages(failing_build(PATH=str(tmp_path)), "protoc-c")


def test_build_without_a_compiler(failing_build):
    (line,) = failing_build(CC="/nowhere/cc").splitlines()
    assert line.startswith("error: The C compiler does not run: ")
    assert "/nowhere/cc" in line


def without_header(folder, header):
    """A compiler whose preprocessor does not find this header."""
    return compiler(
        folder,
        f'case " $* " in *" -E "*) ;; *) exec cc "$@";; esac; program=$(cat)\n'
        f'case $program in *{header}*) exit 1;; *) printf "%s\\n" "$program" | cc "$@";; esac',
    )


def test_build_without_the_header(failing_build, tmp_path):
    stderr = failing_build(CC=without_header(tmp_path, "protobuf-c.h"))
    assert_one_line_with_the_packages(stderr, "protobuf-c/protobuf-c.h")


def test_build_without_pythons_headers(failing_build, tmp_path):
    line = failing_build(CC=without_header(tmp_path, "Python.h")).strip()
    assert line.startswith("error: Python.h")
    assert "python3-dev" in line
    assert "python3-devel" in line


def test_cflags_choose_the_optimization(failing_build, tmp_path):
    script = 'case " $* " in *" -c "*) echo "$*" >&2; exit 1;; *) exec cc "$@";; esac'
    command = failing_build(CC=compiler(tmp_path, script), CFLAGS="-O0 -g").splitlines()[0]
    assert [flag for flag in command.split() if re.fullmatch(r"-O\w", flag)][-1] == "-O0"


@on_linux
def test_build_without_the_archive(failing_build, tmp_path):
    script = 'case "$*" in *-print-file-name=*) echo libprotobuf-c.a;; *) exec cc "$@";; esac'
    stderr = failing_build(CC=compiler(tmp_path, script), PKG_CONFIG="false")
    assert_one_line_with_the_packages(stderr, "libprotobuf-c.a")
    assert "AWS_KPL_DEAGG_SHARED=1" in stderr


def test_build_with_an_old_protobuf_c(failing_build, tmp_path):
    header = tmp_path / "protobuf-c" / "protobuf-c.h"
    header.parent.mkdir()
    header.write_text('/* Copyright */\n#define PROTOBUF_C_VERSION "1.4.0"\n')
    # It preprocesses and finds the archive, and fails to compile.
    script = f'case " $* " in *" -c "*) exit 1;; *) exec cc -I"{tmp_path}" "$@";; esac'
    stderr = failing_build(CC=compiler(tmp_path, script), PKG_CONFIG="false")
    assert stderr.startswith("warning: protobuf-c 1.4.0 is older than 1.4.1")
    assert stderr.count("warning:") == 1
