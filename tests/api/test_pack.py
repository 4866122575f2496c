"""pack(): what it takes, and what it rejects."""

import array
import collections

import pytest
from kpl_vectors import ANALYTICS_EVENT, LAMBDA_EVENT, payloads
from user_records import HASH_KEYS
from writer import write_aggregate

from aws_kpl_deagg import UserRecord, pack, unpack


@pytest.mark.parametrize("event", [ANALYTICS_EVENT, LAMBDA_EVENT], ids=lambda path: path.name)
def test_aggregates_of_the_kpl_come_out_the_same(event):
    all_payloads = payloads(event)
    assert all_payloads
    for payload in all_payloads:
        assert pack(unpack(payload)) == payload


USER_RECORDS = [
    ("key", None, b"1"),
    ("\u00e9\0\U0001f600", "007", b""),
    ("key", str(HASH_KEYS - 1), b"3", [("tag", None), ("", "\0")]),
    ("", "007", b"4", ()),
]


class Text(str):
    """A str with a hash of its own."""

    def __hash__(self):
        return 7

    def __eq__(self, other):
        return True


@pytest.mark.parametrize("form", [list, tuple, iter, collections.deque, dict.fromkeys])
def test_any_iterable(form):
    given = [(*each[:3], tuple(each[3])) if len(each) == 4 else each for each in USER_RECORDS]
    assert pack(form(given)) == write_aggregate(USER_RECORDS)


@pytest.mark.parametrize(
    "form",
    [
        list,
        collections.namedtuple("Any", ["partition_key", "explicit_hash_key", "data"]),
        lambda items: UserRecord(*items, ()),
        lambda items: (Text(items[0]), items[1], bytearray(items[2])),
        lambda items: (*items[:2], memoryview(items[2])[::1], iter(())),
        lambda items: (*items[:2], array.array("B", items[2])),
    ],
)
def test_forms_of_a_user_record(form):
    make = form._make if hasattr(form, "_make") else form
    given = [("key", None, b"1"), ("other", "7", b"2"), ("key", "7", b"")]
    assert pack(map(make, given)) == write_aggregate(given)


WRONG = {
    "a number": (7, TypeError, "must be a UserRecord or a tuple, not 'int'"),
    "text": ("key", TypeError, "must be a UserRecord or a tuple, not 'str'"),
    "two items": (("key", None), ValueError, "must have 3 or 4 items, not 2"),
    "five items": (("key", None, b"", (), 5), ValueError, "must have 3 or 4 items, not 5"),
    "bytes as a key": ((b"key", None, b""), TypeError, "partition_key must be a str"),
    "a key without UTF-8": (("\ud800", None, b""), ValueError, "surrogates not allowed"),
    "an int as a hash key": (("key", 7, b""), TypeError, "explicit_hash_key must be a str"),
    "a large hash key": (("key", str(HASH_KEYS), b""), ValueError, "below 2"),
    "no digits": (("key", "", b""), ValueError, "below 2"),
    "other digits": (("key", "\u0663", b""), ValueError, "below 2"),
    "text as data": (("key", None, "data"), TypeError, "data must be bytes-like, not 'str'"),
    "a number as data": (("key", None, 5), TypeError, "data must be bytes-like, not 'int'"),
    "None as tags": (("key", None, b"", None), TypeError, "not iterable"),
    "a tag alone": (("key", None, b"", [("tag",)]), ValueError, "2 items, not 1"),
    "a number as a tag": (("key", None, b"", [(7, None)]), TypeError, "tag's key must be a str"),
    "bytes as a value": (("key", None, b"", [("", b"")]), TypeError, "tag's value must be a str"),
    "a tag without UTF-8": (("key", None, b"", [("\udfff", "")]), ValueError, "surrogates"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_user_record(name):
    wrong, error, message = WRONG[name]
    with pytest.raises(error, match=f"^user record 2: .*{message}"):
        pack([("key", None, b"")] * 2 + [wrong])


def test_wrong_arguments():
    with pytest.raises(ValueError, match="must be a user record"):
        pack([])
    with pytest.raises(TypeError, match="not a UserRecord"):
        pack(UserRecord("key", None, b"", ()))
    for wrong in (None, 7):
        with pytest.raises(TypeError):
            pack(wrong)


def test_errors_of_the_iterable_are_its_own():
    def failing():
        yield ("key", None, b"")
        raise ValueError("from the iterable")

    with pytest.raises(ValueError, match="^from the iterable$"):
        pack(failing())


def test_a_list_that_changes_meanwhile():
    user_records = [["key", None, b"", ()] for _ in range(3)]

    def tags():
        user_records.clear()
        first.clear()
        return iter(())

    first = user_records[0]
    first[3] = type("Tags", (), {"__iter__": lambda self: tags()})()
    assert pack(user_records) == write_aggregate([("key", None, b"")])


def test_many_keys():
    user_records = [(str(number), str(number), b"") for number in range(20_000)] * 2
    assert pack(user_records) == write_aggregate(user_records)
