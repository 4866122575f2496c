"""Every kernel set of src/kpl, by name, at the edges of its memory and on every class of input.

The C files are compiled by themselves, into a library that ctypes calls. "plain" has to equal
Python's own base64 and MD5, and every other set has to equal the same. Those of the machine's own
architecture are tested so; aarch64's runs under emulation as well, where a cross compiler and
qemu are there.
"""

import base64
import ctypes
import hashlib
import mmap
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
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_size_t)]


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


class GuardedMemory:
    """Two pages of memory between two that end the process when they are touched."""

    SIZE = 2 * mmap.PAGESIZE

    def __init__(self):
        self._map = mmap.mmap(-1, self.SIZE + 2 * mmap.PAGESIZE)
        before = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        self._start = before + mmap.PAGESIZE
        libc = ctypes.CDLL(None)
        for guard in (before, self._start + self.SIZE):
            no_access = 0
            arguments = (ctypes.c_void_p(guard), ctypes.c_size_t(mmap.PAGESIZE), no_access)
            assert libc.mprotect(*arguments) == 0

    def address(self, size, place):
        """Where `size` bytes lie: at the "start" or the "end", or so far after the start."""
        assert size <= self.SIZE
        if place == "start":
            return self._start
        if place == "end":
            return self._start + self.SIZE - size
        return self._start + place

    def put(self, data, place):
        address = self.address(len(data), place)
        ctypes.memmove(address, data, len(data))
        return Bytes(address if data else None, len(data))


class KernelSet:
    """One kernel set, called on memory that ends at the byte."""

    UNTOUCHED = 0xA5

    def __init__(self, kernels):
        self._kernels = kernels
        self._inputs = [GuardedMemory() for _ in range(MOST_MESSAGES)]
        self._output = GuardedMemory()

    def _reserve(self, size, place):
        address = self._output.address(size, place)
        ctypes.memset(address, self.UNTOUCHED, size)
        return address

    def encode(self, data, place="end"):
        size = (len(data) + 2) // 3 * 4
        text = self._reserve(size, place)
        self._kernels.base64_encode(self._inputs[0].put(data, place), text)
        return ctypes.string_at(text, size)

    def decode(self, text, place="end"):
        """The bytes, or None if the kernel says that the text is not clean base64."""
        decoded = self._reserve(len(text) // 4 * 3, place)
        size = ctypes.c_size_t(self.UNTOUCHED)
        if self._kernels.base64_decode(self._inputs[0].put(text, place), decoded, size):
            return ctypes.string_at(decoded, size.value)
        assert size.value == self.UNTOUCHED
        return None

    def digests(self, messages, place="end"):
        count = len(messages)
        digests = self._reserve(count * DIGEST_SIZE, place)
        inputs = [
            memory.put(message, place)
            for memory, message in zip(self._inputs, messages, strict=False)
        ]
        self._kernels.md5_many((Bytes * count)(*inputs), count, digests)
        return [ctypes.string_at(digests + i * DIGEST_SIZE, DIGEST_SIZE) for i in range(count)]


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("kernels") / "kernels.so"
    compiler = shlex.split(os.environ.get("CC", "cc"))
    subprocess.run([*compiler, *COMPILE, "-shared", "-fPIC", *SOURCES, "-o", path], check=True)
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
def kernel_set(request, table):
    name = request.param
    if not table[name].runs_here():
        pytest.skip(f"this CPU has no {name}")
    return KernelSet(table[name])


def expected_bytes(text):
    return base64.b64decode(text) if CLEAN.fullmatch(text) else None


def expected_digests(messages):
    return [hashlib.md5(message).digest() for message in messages]


def clean_text(size):
    return TEXT[:size]


def test_every_kernel_set_is_tested(table):
    assert list(table) == NAMES


def test_the_last_that_runs_is_the_best(library, table):
    library.kpl_kernels_best.restype = ctypes.POINTER(Kernels)
    running = [name for name, kernels in table.items() if kernels.runs_here()]
    assert library.kpl_kernels_best().contents.name.decode() == running[-1]


# base64


@pytest.mark.parametrize(
    ("data", "text"),
    [  # RFC 4648 section 10
        (b"", b""),
        (b"f", b"Zg=="),
        (b"fo", b"Zm8="),
        (b"foo", b"Zm9v"),
        (b"foob", b"Zm9vYg=="),
        (b"fooba", b"Zm9vYmE="),
        (b"foobar", b"Zm9vYmFy"),
    ],
)
def test_base64_of_the_rfc(kernel_set, data, text):
    assert kernel_set.encode(data) == text
    assert kernel_set.decode(text) == data


@pytest.mark.parametrize("place", ["start", "end"])
def test_base64_of_every_length(kernel_set, place):
    for size in LENGTHS:
        text = base64.b64encode(RANDOM[:size])
        assert kernel_set.encode(RANDOM[:size], place) == text
        assert kernel_set.decode(text, place) == RANDOM[:size]


def test_base64_at_every_offset(kernel_set):
    for offset in range(1, 65):
        for size in (1, 2, 3, 24, 48, 100, 299):
            text = base64.b64encode(RANDOM[:size])
            assert kernel_set.encode(RANDOM[:size], offset) == text
            assert kernel_set.decode(text, offset) == RANDOM[:size]


def test_text_of_every_length(kernel_set):
    for size in LENGTHS:
        text = clean_text(size)
        assert kernel_set.decode(text) == expected_bytes(text)


@pytest.mark.parametrize("size", [1, 2, 3, 75, 146])
def test_every_byte_at_every_place_of_the_data(kernel_set, size):
    for place in range(size):
        for value in range(256):
            data = RANDOM[:place] + bytes([value]) + RANDOM[place + 1 : size]
            assert kernel_set.encode(data) == base64.b64encode(data)


# Short: for the plain kernel alone. Long: blocks, one that overlaps, and the last group.
@pytest.mark.parametrize("size", [4, 8, 196])
def test_every_byte_at_every_place_of_the_text(kernel_set, size):
    for place in range(size):
        for value in range(256):
            text = clean_text(place) + bytes([value]) + clean_text(size)[place + 1 :]
            assert kernel_set.decode(text) == expected_bytes(text)


@pytest.mark.parametrize("size", [4, 8, 196])
def test_padding_at_every_place_of_the_text(kernel_set, size):
    for padding in (b"==", b"===", b"====", b"=A=", b"=\0", b"\0="):
        for place in range(size - len(padding) + 1):
            text = clean_text(place) + padding + clean_text(size)[place + len(padding) :]
            assert kernel_set.decode(text) == expected_bytes(text)


@pytest.mark.parametrize("size", [4, 196])
def test_bits_that_padding_leaves_over(kernel_set, size):
    for padding in (b"=", b"=="):
        for character in ALPHABET:
            text = clean_text(size - len(padding) - 1) + bytes([character]) + padding
            assert kernel_set.decode(text) == base64.b64decode(text)


@given(data=st.binary(max_size=500))
def test_base64_of_any_data(kernel_set, data):
    text = base64.b64encode(data)
    assert kernel_set.encode(data) == text
    assert kernel_set.decode(text) == data


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
def test_any_text(kernel_set, pieces):
    text = b"".join(piece * times for piece, times in pieces)
    assert kernel_set.decode(text) == expected_bytes(text)


# MD5


@pytest.mark.parametrize(
    ("message", "digest"),
    [  # RFC 1321 section A.5
        (b"", "d41d8cd98f00b204e9800998ecf8427e"),
        (b"a", "0cc175b9c0f1b6a831c399e269772661"),
        (b"abc", "900150983cd24fb0d6963f7d28e17f72"),
        (b"message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        (b"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
        (ALPHABET[:62], "d174ab98d277d9f5a5611c2c9f419d9f"),
        (b"1234567890" * 8, "57edf4a22be3c955ac49da2e2107b67a"),
    ],
)
def test_md5_of_the_rfc(kernel_set, message, digest):
    for count in (1, MOST_MESSAGES):
        assert kernel_set.digests([message] * count) == [bytes.fromhex(digest)] * count


@pytest.mark.parametrize("place", ["start", "end", 1])
def test_md5_of_every_length(kernel_set, place):
    for size in LENGTHS:
        # Alone, and in lanes with others as long.
        for count in (1, MOST_MESSAGES):
            messages = [RANDOM[i : i + size] for i in range(count)]
            assert kernel_set.digests(messages, place) == expected_digests(messages)


@pytest.mark.parametrize("seed", range(4))
def test_md5_of_every_count(kernel_set, seed):
    lengths = random.Random(seed)
    for count in range(MOST_MESSAGES + 1):
        messages = [RANDOM[i : i + lengths.choice(BORDERS)] for i in range(count)]
        assert kernel_set.digests(messages) == expected_digests(messages)


def test_one_message_outlasts_the_others(kernel_set):
    for count in range(1, MOST_MESSAGES + 1):
        for longest in {0, count // 2, count - 1}:
            messages = [RANDOM[i : i + BORDERS[i % 12]] for i in range(count)]
            messages[longest] = RANDOM[:5000]
            assert kernel_set.digests(messages) == expected_digests(messages)


@given(
    sizes=st.lists(st.one_of(st.sampled_from(BORDERS), st.integers(0, 600)), max_size=40),
    place=st.sampled_from(["start", "end", 3]),
)
def test_md5_of_any_lengths(kernel_set, sizes, place):
    messages = [RANDOM[i : i + size] for i, size in enumerate(sizes)]
    assert kernel_set.digests(messages, place) == expected_digests(messages)


def test_the_length_in_bits_has_64(library):
    size = 2**61 + 2**29 + 64  # a multiple of the block: no byte of the message is read
    blocks = (ctypes.c_uint8 * 128)()
    assert library.kpl_md5_pad(Bytes(None, size), blocks) == 1
    assert bytes(blocks) == b"\x80" + bytes(55) + (size * 8 % 2**64).to_bytes(8, "little") + bytes(
        64
    )


def test_neon_under_emulation(tmp_path):
    """tests/c/compare_kernels.c compares what runs there with "plain"."""
    compiler = shutil.which("aarch64-linux-gnu-gcc")
    emulator = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    if not (compiler and emulator):
        pytest.skip("needs aarch64-linux-gnu-gcc and qemu-aarch64")
    program = tmp_path / "compare_kernels"
    source = TESTS / "native" / "c" / "compare_kernels.c"
    subprocess.run([compiler, *COMPILE, "-static", source, *SOURCES, "-o", program], check=True)
    result = subprocess.run([emulator, program], capture_output=True, text=True)
    assert (result.stdout, result.stderr, result.returncode) == ("plain\nneon\n", "", 0)
