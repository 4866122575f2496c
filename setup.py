"""Builds the extension module; everything else about the package is in pyproject.toml.

protobuf-c comes from the system. On Linux its archive is linked into the module, so that a wheel
needs nothing at run time. Environment variables change the build:

    AWS_KPL_DEAGG_SHARED=1     links the shared library instead; 0 does not, where that is usual
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
from setuptools.errors import SetupError

proto = runpy.run_path("proto/generate.py")
missing = proto["missing"]

LINUX = sys.platform.startswith("linux")
SHARED = os.environ.get("AWS_KPL_DEAGG_SHARED", "0" if LINUX else "1") == "1"
SANITIZE = os.environ.get("AWS_KPL_DEAGG_SANITIZE")


def pkg_config(option):
    """What pkg-config says about protobuf-c, in words; none where there is no pkg-config."""
    command = [os.environ.get("PKG_CONFIG", "pkg-config"), option, "libprotobuf-c"]
    try:
        return shlex.split(subprocess.run(command, capture_output=True, text=True).stdout)
    except OSError:
        return []


def ask(compiler, *arguments, program=""):
    """What the C compiler prints, on its standard output, with these arguments."""
    command = [*compiler, *arguments]
    try:
        return subprocess.run(command, input=program, capture_output=True, text=True).stdout
    except OSError as error:
        raise SetupError(f"The C compiler does not run: {error}") from None


def include_flags():
    directories = [word.removeprefix("-I") for word in pkg_config("--cflags-only-I")]
    return [flag for directory in directories for flag in ("-isystem", directory)]


def find_header(compiler):
    """The path of protobuf-c.h, as the C compiler finds it."""
    program = "#include <protobuf-c/protobuf-c.h>\n"
    preprocessed = ask(compiler, *include_flags(), "-E", "-x", "c", "-", program=program)
    found = re.search(r'^# \d+ "(.+/protobuf-c\.h)"', preprocessed, re.MULTILINE)
    if not found:
        raise missing("protobuf-c/protobuf-c.h")
    return Path(found[1])


def find_archive(compiler):
    name = "libprotobuf-c.a"
    candidates = [ask(compiler, f"-print-file-name={name}").strip()]
    candidates += [f"{directory}/{name}" for directory in pkg_config("--variable=libdir")]
    for path in candidates:
        if os.path.isabs(path) and os.path.exists(path):
            return path
    raise missing(f"{name} (AWS_KPL_DEAGG_SHARED=1 does without it)")


def warn_if_old(header):
    version = re.search(r'define PROTOBUF_C_VERSION\s+"(\d+)\.(\d+)\.(\d+)', header)
    if version and tuple(map(int, version.groups())) < (1, 4, 1):
        print(
            f"warning: protobuf-c {'.'.join(version.groups())} is older than 1.4.1 and, unless "
            "your distribution has patched it, open to CVE-2022-33070 and CVE-2022-48468",
            file=sys.stderr,
        )


def compile_flags():
    flags = ["-std=c11", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-fvisibility=hidden"]
    if os.environ.get("AWS_KPL_DEAGG_WERROR") == "1":
        flags.append("-Werror")
    if SANITIZE:
        debug = ["-O1", "-g", "-UNDEBUG", "-U_FORTIFY_SOURCE", "-fno-omit-frame-pointer"]
        return [*flags, *debug, f"-fsanitize={SANITIZE}"]
    asked = os.environ.get("CFLAGS", "").split()
    if "-g" not in asked:
        flags.append("-g0")  # Python's own flags have -g, which would make the wheel thrice as big
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
        header = find_header(compiler).read_text(encoding="utf-8")
        warn_if_old(header)
        extension.sources.append(generated)
        extension.include_dirs.append(os.path.dirname(generated))
        extension.define_macros.append(("DEAGG_VERSION", f'"{self.distribution.get_version()}"'))
        extension.extra_compile_args += [*compile_flags(), *include_flags()]
        extension.extra_link_args += link_flags()
        if SHARED:
            extension.libraries.append("protobuf-c")
            extension.extra_link_args += pkg_config("--libs-only-L")
        else:
            extension.extra_objects.append(find_archive(compiler))
            self.carry_licence(header)
        super().build_extension(extension)

    def carry_licence(self, header):
        """Puts protobuf-c's notice, which opens its header, beside the module that contains it."""
        notice = re.match(r"\s*/\*(.*?)\*/", header, re.DOTALL)
        if not notice:
            raise SetupError("protobuf-c.h lacks the licence notice that a wheel has to carry")
        lines = [line.lstrip(" *") for line in notice[1].strip().splitlines()]
        path = Path(self.get_ext_fullpath("aws_kpl_deagg._deagg")).with_name("LICENSE.protobuf-c")
        self.mkpath(str(path.parent))
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


setup(
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
