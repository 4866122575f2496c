"""Builds the extension module, and README.md for PyPI; everything else is in pyproject.toml.

protobuf-c comes from the system. On Linux its archive is linked into the module, so that a wheel
needs nothing at run time. Every wheel carries its licence. Environment variables change the build:

    AWS_KPL_DEAGG_SHARED=1     links the shared library instead, as is usual elsewhere; 0 does not
    AWS_KPL_DEAGG_WERROR=1     makes warnings errors
    AWS_KPL_DEAGG_SANITIZE=address,undefined
                               compiles with these sanitizers, assertions and debug information
    CFLAGS="-O0 -g -UNDEBUG"   makes a debug build
"""

import os
import re
import runpy
import shlex
import subprocess
import sys
from glob import glob
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

proto = runpy.run_path("proto/generate.py")
missing = proto["missing"]

LINUX = sys.platform.startswith("linux")
SHARED = os.environ.get("AWS_KPL_DEAGG_SHARED", "0" if LINUX else "1") == "1"
SANITIZE = os.environ.get("AWS_KPL_DEAGG_SANITIZE")
COMPILER_PACKAGES = (
    "Debian, Ubuntu: apt-get install gcc python3-dev; Fedora: dnf install gcc python3-devel; "
    "Alpine: apk add gcc musl-dev python3-dev; macOS: xcode-select --install"
)


def pkg_config(option):
    """Returns the words that pkg-config prints about protobuf-c, none if it cannot run."""
    command = [os.environ.get("PKG_CONFIG", "pkg-config"), option, "libprotobuf-c"]
    try:
        return shlex.split(subprocess.run(command, capture_output=True, text=True).stdout)
    except OSError:
        return []


def run_compiler(command, program=""):
    try:
        return subprocess.run(command, input=program, capture_output=True, text=True)
    except OSError as error:
        message = f"error: The C compiler does not run: {error}. {COMPILER_PACKAGES}"
        raise SystemExit(message) from None


def preprocess(compiler, program):
    return run_compiler([*compiler, "-E", "-x", "c", "-"], program)


def check_python_header(compiler):
    if preprocess(compiler, "#include <Python.h>\n").returncode != 0:
        what = "Python.h, or a header that it includes, was not found."
        raise SystemExit(f"error: {what} {COMPILER_PACKAGES}")


def check_protobuf_c_header(compiler):
    """Without the header the build ends; it warns of an old one."""
    result = preprocess(compiler, "#include <protobuf-c/protobuf-c.h>\nPROTOBUF_C_VERSION\n")
    if result.returncode != 0:
        raise missing("protobuf-c/protobuf-c.h")
    version = result.stdout.split()[-1].strip('"')
    if tuple(map(int, version.split("."))) < (1, 4, 1):
        print(
            f"warning: protobuf-c {version} is older than 1.4.1 and, unless your distribution "
            "has patched it, open to CVE-2022-33070 and CVE-2022-48468",
            file=sys.stderr,
        )


def find_archive(compiler):
    name = "libprotobuf-c.a"
    candidates = [run_compiler([*compiler, f"-print-file-name={name}"]).stdout.strip()]
    candidates += [f"{directory}/{name}" for directory in pkg_config("--variable=libdir")]
    for path in candidates:
        if os.path.isabs(path) and os.path.exists(path):
            return path
    raise missing(f"{name} (AWS_KPL_DEAGG_SHARED=1 does without it)")


def compile_flags():
    flags = ["-std=c11", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-fvisibility=hidden"]
    if os.environ.get("AWS_KPL_DEAGG_WERROR") == "1":
        flags.append("-Werror")
    asked = os.environ.get("CFLAGS", "").split()
    if SANITIZE:
        debug = ["-O1", "-g", "-UNDEBUG", "-U_FORTIFY_SOURCE", "-fno-omit-frame-pointer"]
        return [*flags, *debug, f"-fsanitize={SANITIZE}", *asked]
    if "-g" not in asked:
        flags.append("-g0")  # Python's own flags have -g, which makes the wheel three times as big
    if not any(flag.startswith("-O") for flag in asked):
        flags.append("-O3")
    return [*flags, "-fstack-protector-strong", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"]


def link_flags():
    flags = [f"-fsanitize={SANITIZE}"] if SANITIZE else []
    if LINUX:
        flags += ["-Wl,-z,relro,-z,now,-z,text", "-Wl,--exclude-libs,ALL"]
    return flags


class BuildExtension(build_ext):
    def build_extension(self, extension):
        compiler = self.compiler.compiler_so
        generated = proto["generate"](os.path.join(self.build_temp, "proto"))
        check_python_header([*compiler, *(f"-I{folder}" for folder in self.include_dirs)])
        check_protobuf_c_header([*compiler, *pkg_config("--cflags")])
        extension.sources.append(generated)
        extension.include_dirs.append(os.path.dirname(generated))
        extension.define_macros.append(("DEAGG_VERSION", f'"{self.distribution.get_version()}"'))
        extension.extra_compile_args += [*compile_flags(), *pkg_config("--cflags")]
        extension.extra_link_args += link_flags()
        if SHARED:
            extension.libraries.append("protobuf-c")
            extension.extra_link_args += pkg_config("--libs-only-L")
        else:
            extension.extra_objects.append(find_archive(compiler))
        super().build_extension(extension)


def readme_for_pypi():
    """Returns README.md without relative links, since those lead nowhere on PyPI.

    They become absolute with the URL `Repository` of pyproject.toml. As long as it has none, only
    the text of such a link stays, and images are left out.
    """
    readme = Path("README.md").read_text(encoding="utf-8")
    project = Path("pyproject.toml").read_text(encoding="utf-8")
    version = re.search(r'^version = "(.+)"', project, re.MULTILINE)[1]
    repository = re.search(r'^Repository = "(.+?)/?"', project, re.MULTILINE)

    def absolute(link):
        image, text, path = link.groups()
        if not repository:
            return "" if image else text
        kind = "raw" if image else "blob"
        return f"{image}[{text}]({repository[1]}/{kind}/v{version}/{path})"

    return re.sub(r"(!?)\[([^]]*)\]\((?![a-z]+:|#)([^)]+)\)", absolute, readme)


setup(
    long_description=readme_for_pypi(),
    long_description_content_type="text/markdown",
    cmdclass={"build_ext": BuildExtension},
    ext_modules=[
        Extension(
            "aws_kpl_deagg._deagg",
            sources=sorted(glob("src/**/*.c", recursive=True)),
            include_dirs=["src"],
            depends=[*glob("proto/*"), *glob("src/**/*.h", recursive=True)],
        )
    ],
)
