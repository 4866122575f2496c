"""Every kernel set, by name, compared with Python's own base64 and MD5 on every class of input.

The C files are compiled into a library that ctypes calls. c/compare_kernels.c, compiled in the
same way, compares the sets with "plain" in memory that ends at the byte; aarch64's set runs there
under emulation, where there are a cross compiler and qemu.
"""

import base64
import ctypes
import hashlib
import os
import platform
import random
import re
import shlex
import shutil
import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from project import PROJECT, TESTS

SOURCES = sorted((PROJECT / "src" / "kpl" / "simd").glob("*.c"))
COMPARE_KERNELS = TESTS / "native" / "c" / "compare_kernels.c"
COMPILER = shlex.split(os.environ.get("CC", "cc"))
COMPILE = ["-std=c11", "-O3", f"-I{PROJECT / 'src'}"]
MACHINES = {"x86_64": "avx2", "aarch64": "neon", "arm64": "neon"}
NAMES = ["plain", *filter(None, [MACHINES.get(platform.machine())])]

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
CLEAN = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)?", re.DOTALL)
# Longer than two blocks of every kernel set, and then a part of one.
LENGTHS = range(301)
RANDOM = random.Random(20160713).randbytes(8192)
TEXT = base64.b64encode(RANDOM)

DIGEST_SIZE = 16
# Lengths around the ends of blocks, of 64 bytes, and around where padding takes another one.
BORDERS = [
    blocks * 64 + rest for blocks in (0, 1, 2, 15) for rest in (0, 1, 54, 55, 56, 57, 62, 63)
]
MOST_MESSAGES = 40


class Bytes(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("size", ctypes.c_size_t)]


class Kernels(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("runs_here", ctypes.CFUNCTYPE(ctypes.c_bool)),
        ("base64_encode", ctypes.CFUNCTYPE(None, Bytes, ctypes.c_void_p)),
        (
            "base64_decode",
            ctypes.CFUNCTYPE(
                ctypes.c_bool, Bytes, ctypes.c_void_p, ctypes.POINTER(ctypes.c_size_t)
            ),
        ),
        (
            "md5_many",
            ctypes.CFUNCTYPE(None, ctypes.POINTER(Bytes), ctypes.c_size_t, ctypes.c_void_p),
        ),
    ]

    def encode(self, data):
        text = ctypes.create_string_buffer((len(data) + 2) // 3 * 4)
        self.base64_encode(Bytes(data, len(data)), text)
        return text.raw

    def decode(self, text):
        """The bytes, or None if the kernel reports that the text is not clean base64."""
        decoded = ctypes.create_string_buffer(len(text) // 4 * 3)
        size = ctypes.c_size_t(7)
        if self.base64_decode(Bytes(text, len(text)), decoded, size):
            return decoded.raw[: size.value]
        assert size.value == 7
        return None

    def digests(self, messages):
        count = len(messages)
        digests = ctypes.create_string_buffer(count * DIGEST_SIZE)
        self.md5_many((Bytes * count)(*((each, len(each)) for each in messages)), count, digests)
        return [digests.raw[i * DIGEST_SIZE :][:DIGEST_SIZE] for i in range(count)]


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("kernels") / "kernels.so"
    subprocess.run([*COMPILER, *COMPILE, "-shared", "-fPIC", *SOURCES, "-o", path], check=True)
    return ctypes.CDLL(path)


@pytest.fixture(scope="session")
def table(library):
    """The library's kernel sets, by name."""
    first = ctypes.addressof(ctypes.c_void_p.in_dll(library, "kpl_kernel_sets"))
    sets = {}
    for pointer in ctypes.cast(first, ctypes.POINTER(ctypes.POINTER(Kernels))):
        if not pointer:
            return sets
        sets[pointer.contents.name.decode()] = pointer.contents


@pytest.fixture(scope="module", params=NAMES)
def kernels(request, table):
    if not table[request.param].runs_here():
        pytest.skip(f"this CPU has no {request.param}")
    return table[request.param]


def expected_bytes(text):
    return base64.b64decode(text) if CLEAN.fullmatch(text) else None


def expected_digests(messages):
    return [hashlib.md5(message).digest() for message in messages]


def test_every_kernel_set_is_tested(table):
    assert list(table) == NAMES


def test_the_last_that_runs_is_the_best(library, table):
    library.kpl_kernels_best.restype = ctypes.POINTER(Kernels)
    running = [name for name, each in table.items() if each.runs_here()]
    assert library.kpl_kernels_best().contents.name.decode() == running[-1]


# base64


def test_base64_of_every_length(kernels):
    for size in LENGTHS:
        text = base64.b64encode(RANDOM[:size])
        assert kernels.encode(RANDOM[:size]) == text
        assert kernels.decode(text) == RANDOM[:size]
        assert kernels.decode(TEXT[:size]) == expected_bytes(TEXT[:size])


@pytest.mark.parametrize("size", [1, 2, 3, 75])
def test_every_byte_at_every_place_of_the_data(kernels, size):
    for place in range(size):
        for value in range(256):
            data = RANDOM[:place] + bytes([value]) + RANDOM[place + 1 : size]
            assert kernels.encode(data) == base64.b64encode(data)


# Short: for the plain kernel alone. Long: blocks, one that overlaps, and the last group.
@pytest.mark.parametrize("size", [4, 8, 196])
def test_every_byte_at_every_place_of_the_text(kernels, size):
    pieces = [bytes([value]) for value in range(256)]
    for piece in [*pieces, b"==", b"===", b"====", b"=A=", b"=\0", b"\0="]:
        for place in range(size - len(piece) + 1):
            text = TEXT[:place] + piece + TEXT[place + len(piece) : size]
            assert kernels.decode(text) == expected_bytes(text)


@pytest.mark.parametrize("size", [4, 196])
def test_unused_bits_before_padding(kernels, size):
    for padding in (b"=", b"=="):
        for character in ALPHABET:
            text = TEXT[: size - len(padding) - 1] + bytes([character]) + padding
            assert kernels.decode(text) == base64.b64decode(text)


@given(
    pieces=st.lists(
        st.tuples(
            st.sampled_from([b"AbCd", b"+/09", b"zZ", b"=", b"==", b"-", b"_", b"\n", b"\xc1"]),
            st.integers(1, 30),
        ),
        max_size=8,
    )
)
@example(pieces=[(b"AbCd", 60), (b"=", 4)])
def test_any_text(kernels, pieces):
    text = b"".join(piece * times for piece, times in pieces)
    assert kernels.decode(text) == expected_bytes(text)


# MD5


def test_md5_of_every_length(kernels):
    for size in LENGTHS:
        # Alone, and in lanes with others as long.
        for count in (1, MOST_MESSAGES):
            messages = [RANDOM[i : i + size] for i in range(count)]
            assert kernels.digests(messages) == expected_digests(messages)


@pytest.mark.parametrize("seed", range(4))
def test_md5_of_every_count(kernels, seed):
    lengths = random.Random(seed)
    for count in range(MOST_MESSAGES + 1):
        messages = [RANDOM[i : i + lengths.choice(BORDERS)] for i in range(count)]
        assert kernels.digests(messages) == expected_digests(messages)


def test_one_message_outlasts_the_others(kernels):
    for count in range(1, MOST_MESSAGES + 1):
        for longest in {0, count // 2, count - 1}:
            messages = [RANDOM[i : i + BORDERS[i % 12]] for i in range(count)]
            messages[longest] = RANDOM[:5000]
            assert kernels.digests(messages) == expected_digests(messages)


def test_the_length_in_bits_has_64(library):
    size = 2**61 + 2**29 + 64  # a multiple of the block: no byte of the message is read
    blocks = (ctypes.c_uint8 * 128)()
    assert library.kpl_md5_pad(Bytes(None, size), blocks) == 1
    length = (size * 8 % 2**64).to_bytes(8, "little")
    assert bytes(blocks) == b"\x80" + bytes(55) + length + bytes(64)


# In memory that ends at the byte


def assert_the_sets_agree(names, compile_command, program, emulator=()):
    command = [*compile_command, *COMPILE, COMPARE_KERNELS, *SOURCES, "-o", program]
    subprocess.run(command, check=True)
    result = subprocess.run([*emulator, program], capture_output=True, text=True)
    assert (result.stdout.split(), result.stderr, result.returncode) == (names, "", 0)


def test_sets_in_guarded_memory(table, tmp_path):
    running = [name for name, each in table.items() if each.runs_here()]
    assert_the_sets_agree(running, COMPILER, tmp_path / "compare_kernels")


def test_neon_under_emulation(tmp_path):
    compiler = shutil.which("aarch64-linux-gnu-gcc")
    emulator = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    if not (compiler and emulator):
        pytest.skip("needs aarch64-linux-gnu-gcc and qemu-aarch64")
    program = tmp_path / "compare_kernels"
    assert_the_sets_agree(["plain", "neon"], [compiler, "-static"], program, [emulator])
