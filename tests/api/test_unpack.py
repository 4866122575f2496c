"""Payloads without a record around them: is_aggregated, unpack, UserRecord and AggregateError."""

import collections
import copy
import pickle

import oracle
import pytest
from aggregates import MAGIC, base64_text, message, payload, record, tag
from agreement import BYTES_LIKE

import aws_kpl_deagg
from aws_kpl_deagg import AggregateError, UserRecord, is_aggregated, unpack

MESSAGE = message(
    [b"a", b"key"],
    [record(0, b"x", None, [tag(b"k", b"v"), tag(b"")]), record(1, b"yz", 0)],
    [b"7"],
)
PAYLOAD = payload(MESSAGE)
WRONG_DIGEST = PAYLOAD[:-1] + bytes([PAYLOAD[-1] ^ 1])
EXPECTED = [("a", None, b"x", (("k", "v"), ("", None))), ("key", "7", b"yz", ())]

DAMAGED = {
    oracle.TOO_SHORT: MAGIC + bytes(16),
    oracle.WRONG_DIGEST: WRONG_DIGEST,
    oracle.BAD_MESSAGE: payload(b"\0"),
    oracle.BAD_INDEX: payload(message([], [record(0)])),
}
PLAIN = [b"", b"plain", MAGIC[:3], b"x" + PAYLOAD, base64_text(PAYLOAD).encode()]

NOT_BYTES_LIKE = {
    "str": base64_text(PAYLOAD),
    "None": None,
    "int": 7,
    "list": list(PAYLOAD),
    "dict": {},
    "not contiguous": memoryview(PAYLOAD)[::2],
}

in_every_form = pytest.mark.parametrize("form", BYTES_LIKE.values(), ids=BYTES_LIKE)
not_bytes_like = pytest.mark.parametrize(
    "content", NOT_BYTES_LIKE.values(), ids=NOT_BYTES_LIKE.keys()
)


# is_aggregated


@in_every_form
def test_is_aggregated(form):
    assert is_aggregated(form(PAYLOAD)) is True
    for content in [*PLAIN, DAMAGED[oracle.TOO_SHORT], WRONG_DIGEST]:
        assert is_aggregated(form(content)) is False


@pytest.mark.parametrize("reason", [oracle.BAD_MESSAGE, oracle.BAD_INDEX])
def test_is_aggregated_does_not_decode(reason):
    assert is_aggregated(DAMAGED[reason]) is True


@not_bytes_like
def test_is_aggregated_takes_bytes_alone(content):
    with pytest.raises(TypeError):
        is_aggregated(content)


# unpack


@in_every_form
def test_unpack(form):
    user_records = unpack(form(PAYLOAD))
    assert type(user_records) is list
    assert user_records == EXPECTED
    assert {type(user_record) for user_record in user_records} == {UserRecord}
    assert {type(user_record.data) for user_record in user_records} == {bytes}


def test_unpack_by_name():
    assert unpack(payload=PAYLOAD) == EXPECTED
    with pytest.raises(TypeError):
        unpack(PAYLOAD, False)


@in_every_form
@pytest.mark.parametrize("reason", DAMAGED)
def test_damaged_payloads(form, reason):
    with pytest.raises(AggregateError) as caught:
        unpack(form(DAMAGED[reason]))
    assert caught.value.args == (None, reason)
    assert caught.value.reason == reason
    assert caught.value.sequence_number is None
    assert str(caught.value) == reason


@in_every_form
@pytest.mark.parametrize("content", PLAIN)
@pytest.mark.parametrize("verify", [True, False])
def test_plain_payloads(form, content, verify):
    with pytest.raises(AggregateError) as caught:
        unpack(form(content), verify=verify)
    assert caught.value.args == (None, "not aggregated")


@not_bytes_like
def test_unpack_takes_bytes_alone(content):
    with pytest.raises(TypeError):
        unpack(content)


def test_unpack_without_verify():
    with pytest.raises(AggregateError):
        unpack(WRONG_DIGEST, verify=True)
    assert unpack(WRONG_DIGEST, verify=False) == EXPECTED


def test_an_aggregate_without_records():
    empty = payload(b"\x0a\x01a")
    assert unpack(empty) == []
    with pytest.raises(AggregateError) as caught:
        unpack(empty, verify=False)
    assert caught.value.args == (None, oracle.NO_USER_RECORDS)


def test_explicit_hash_keys_may_be_anything():
    (user_record,) = unpack(payload(message([b"a"], [record(0, b"", 0)], [b"no hash key"])))
    assert user_record.explicit_hash_key == "no hash key"


def test_what_can_change_may_change_afterwards():
    content = bytearray(PAYLOAD)
    user_records = unpack(content)
    content[:] = bytes(len(content))
    content.clear()  # BufferError while somebody looks at it
    assert user_records == EXPECTED


def test_no_log_lines(caplog):
    for content in [*PLAIN, *DAMAGED.values()]:
        with pytest.raises(AggregateError):
            unpack(content)
    assert caplog.records == []


def test_a_large_payload():
    data = [bytes([number % 251]) * 1000 for number in range(2000)]
    content = payload(message([b"a"], [record(0, each) for each in data]))
    assert [user_record.data for user_record in unpack(content)] == data
    assert is_aggregated(content)


# UserRecord

USER_RECORD = UserRecord("a", None, b"x", (("k", "v"),))
FIELDS = ("partition_key", "explicit_hash_key", "data", "tags")

# What the standard library makes of the same fields.
NamedTuple = collections.namedtuple("UserRecord", FIELDS)


def test_fields():
    assert UserRecord._fields == FIELDS
    assert UserRecord.__match_args__ == FIELDS
    assert UserRecord._field_defaults == {}
    assert [getattr(USER_RECORD, name) for name in FIELDS] == list(USER_RECORD)
    assert isinstance(USER_RECORD, tuple)
    assert len(USER_RECORD) == 4


def test_it_does_as_a_named_tuple():
    named = NamedTuple(*USER_RECORD)
    assert named == USER_RECORD
    assert hash(named) == hash(USER_RECORD)
    assert repr(named) == repr(USER_RECORD)
    assert list(named._asdict().items()) == list(USER_RECORD._asdict().items())
    assert type(USER_RECORD._asdict()) is dict
    assert named[1:3] == USER_RECORD[1:3]


def test_it_is_made_by_position_and_by_name():
    named = UserRecord(**USER_RECORD._asdict())
    assert type(named) is UserRecord
    assert named == USER_RECORD
    for wrong in [(), ("a", None, b"x"), ("a", None, b"x", (), 7)]:
        with pytest.raises(TypeError):
            UserRecord(*wrong)
        with pytest.raises(TypeError):
            UserRecord._make(wrong)
    with pytest.raises(TypeError):
        UserRecord("a", None, b"x", (), partition_key="b")
    with pytest.raises(TypeError):
        UserRecord("a", None, b"x", tag=())


def test_make():
    made = UserRecord._make(iter(USER_RECORD))
    assert type(made) is UserRecord
    assert made == USER_RECORD


def test_replace():
    replaced = USER_RECORD._replace(data=b"y", explicit_hash_key="7")
    assert type(replaced) is UserRecord
    assert replaced == ("a", "7", b"y", (("k", "v"),))
    assert USER_RECORD == ("a", None, b"x", (("k", "v"),))
    assert USER_RECORD._replace() == USER_RECORD
    with pytest.raises((TypeError, ValueError)):
        USER_RECORD._replace(other=7)
    with pytest.raises(TypeError):
        USER_RECORD._replace("a")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle(protocol):
    unpickled = pickle.loads(pickle.dumps(USER_RECORD, protocol))
    assert type(unpickled) is UserRecord
    assert unpickled == USER_RECORD


def test_copies():
    for copied in [copy.copy(USER_RECORD), copy.deepcopy(USER_RECORD)]:
        assert type(copied) is UserRecord
        assert copied == USER_RECORD


def test_match():
    match USER_RECORD:
        case UserRecord(partition_key, None, data=data):
            assert (partition_key, data) == ("a", b"x")
        case _:
            raise AssertionError("matched nothing")


@pytest.mark.parametrize("name", FIELDS)
def test_it_does_not_change(name):
    with pytest.raises(AttributeError):
        setattr(USER_RECORD, name, 7)
    with pytest.raises(AttributeError):
        delattr(USER_RECORD, name)


def test_it_has_no_other_attributes():
    with pytest.raises(AttributeError):
        USER_RECORD.other = 7


def test_names():
    for made in (UserRecord, AggregateError):
        assert made.__module__ == "aws_kpl_deagg"
        assert getattr(aws_kpl_deagg, made.__qualname__) is made


def test_keys_are_shared_within_a_payload():
    one, other = unpack(payload(message([b"long key"], [record(0), record(0)])))
    assert one.partition_key is other.partition_key


# AggregateError


def test_aggregate_error():
    error = AggregateError("7", "wrong digest")
    assert isinstance(error, ValueError)
    assert error.sequence_number == "7"
    assert error.reason == "wrong digest"
    assert "7" in str(error)
    assert "wrong digest" in str(error)
    with pytest.raises(AttributeError):
        error.reason = "other"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_aggregate_error_of_a_payload_survives(protocol):
    with pytest.raises(AggregateError) as caught:
        unpack(b"plain")
    for each in [
        pickle.loads(pickle.dumps(caught.value, protocol)),
        copy.copy(caught.value),
        copy.deepcopy(caught.value),
    ]:
        assert type(each) is AggregateError
        assert each.args == (None, "not aggregated")
        assert each.sequence_number is None
