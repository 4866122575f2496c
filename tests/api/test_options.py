"""The options: data_format, decode, strict and verify; hash_key_range has its own file."""

import copy
import pickle

import oracle
import pytest
from aggregates import (
    BUILDERS,
    MAGIC,
    SEQUENCE_NUMBER,
    aggregated_kinesis_record,
    boto3_record,
    kinesis_record,
    message,
    payload,
    record,
)
from comparison import logged

from aws_kpl_deagg import AggregateError, deaggregate_records, iter_deaggregate_records

FUNCTIONS = [deaggregate_records, iter_deaggregate_records]

on_both_functions = pytest.mark.parametrize("deaggregate", FUNCTIONS)
from_every_source = pytest.mark.parametrize("source", BUILDERS)

PAYLOAD = payload(message([b"a", b"key"], [record(0, b"x"), record(1, b"yz", 0)], [b"7"]))
WRONG_DIGEST = PAYLOAD[:-1] + bytes([PAYLOAD[-1] ^ 1])


def data_of(outputs):
    return [output["kinesis"]["data"] for output in outputs]


# How the options are given


@on_both_functions
def test_options_are_keyword_only(deaggregate):
    with pytest.raises(TypeError):
        deaggregate([], None, True)


@on_both_functions
@pytest.mark.parametrize("data_format", ["boto3", "Boto3 ", "", "Lambda", b"Boto3", 0, False, []])
def test_invalid_data_format(deaggregate, data_format):
    with pytest.raises(ValueError, match="data_format"):
        deaggregate([], data_format)


@on_both_functions
def test_a_wrong_option_is_rejected_before_anything_is_read(deaggregate):
    def unread():
        raise AssertionError("was read")
        yield

    with pytest.raises(TypeError, match="hash_key_range"):
        deaggregate(unread(), hash_key_range=7)


# decode


@from_every_source
def test_decoded_user_records(source):
    outputs = deaggregate_records([BUILDERS[source](PAYLOAD)], decode=True)
    assert data_of(outputs) == [b"x", b"yz"]
    assert {type(data) for data in data_of(outputs)} == {bytes}
    for output, data in zip(outputs, ["eA==", "eXo="], strict=True):
        output["kinesis"]["data"] = data
    assert outputs == deaggregate_records([BUILDERS[source](PAYLOAD)])


@from_every_source
@pytest.mark.parametrize("text", ["eA", "84mawg", "\u20ac", "not base64"])
def test_undecodable_text_is_damaged(source, text):
    made = BUILDERS[source](text)
    with logged() as log:
        (output,) = deaggregate_records([made], decode=True)
    assert log == [(SEQUENCE_NUMBER, oracle.NOT_BASE64)]
    assert output["kinesis"]["data"] is text
    assert (output is made) == (source == "Lambda")
    with pytest.raises(AggregateError) as caught:
        deaggregate_records([made], decode=True, strict=True)
    assert caught.value.reason == oracle.NOT_BASE64


# strict

DAMAGED = {
    oracle.NOT_BASE64: "84mawg",
    oracle.TOO_SHORT: MAGIC,
    oracle.WRONG_DIGEST: WRONG_DIGEST,
    oracle.BAD_MESSAGE: payload(b"\x00"),
    oracle.BAD_INDEX: payload(message([], [record(0)])),
}


@on_both_functions
@from_every_source
@pytest.mark.parametrize("reason", DAMAGED)
def test_strict(deaggregate, source, reason):
    made = BUILDERS[source](DAMAGED[reason])
    with logged() as log, pytest.raises(AggregateError) as caught:
        list(deaggregate([made], strict=True))
    assert log == []
    assert caught.value.args == (SEQUENCE_NUMBER, reason)
    assert caught.value.sequence_number == SEQUENCE_NUMBER
    assert caught.value.reason == reason
    assert reason in str(caught.value)
    assert SEQUENCE_NUMBER in str(caught.value)


def test_strict_accepts_sound_and_plain_records():
    records = [kinesis_record(content) for content in (PAYLOAD, b"plain", payload(b"\x0a\x01a"))]
    records.append(kinesis_record("not base64"))
    assert deaggregate_records(records, strict=True) == deaggregate_records(records)


def test_strict_raises_at_the_records_turn():
    plain = kinesis_record(b"plain")
    damaged = [kinesis_record(WRONG_DIGEST, str(number)) for number in range(2)]
    iterator = iter_deaggregate_records([plain, *damaged, plain], strict=True)
    assert next(iterator) is plain
    with pytest.raises(AggregateError) as caught:
        next(iterator)
    assert caught.value.sequence_number == "0"
    assert list(iterator) == []


def test_a_damaged_record_without_a_sequence_number():
    made = kinesis_record(WRONG_DIGEST)
    del made["kinesis"]["sequenceNumber"]
    with pytest.raises(AggregateError) as caught:
        deaggregate_records(made, strict=True)
    assert caught.value.sequence_number is None
    assert caught.value.args == (None, oracle.WRONG_DIGEST)


def test_aggregate_error_survives_pickle_and_copy():
    with pytest.raises(ValueError, match=oracle.WRONG_DIGEST) as caught:
        deaggregate_records(kinesis_record(WRONG_DIGEST), strict=True)
    error = caught.value
    copies = [pickle.loads(pickle.dumps(error, n)) for n in range(pickle.HIGHEST_PROTOCOL + 1)]
    for each in [*copies, copy.copy(error), copy.deepcopy(error)]:
        assert type(each) is AggregateError
        assert each.args == error.args
        assert each.sequence_number == SEQUENCE_NUMBER
        assert each.reason == oracle.WRONG_DIGEST
        assert str(each) == str(error)


# verify


@from_every_source
def test_verify(source):
    intact, spoilt = BUILDERS[source](PAYLOAD), BUILDERS[source](WRONG_DIGEST)
    expected = deaggregate_records([intact])
    assert len(expected) == 2
    with logged() as log:
        assert deaggregate_records([spoilt], verify=False) == expected
        assert deaggregate_records([intact], verify=False) == expected
        assert log == []
        assert len(deaggregate_records([spoilt])) == 1
        assert len(deaggregate_records([spoilt], verify=True)) == 1
    assert log == [(SEQUENCE_NUMBER, oracle.WRONG_DIGEST)] * 2


@pytest.mark.parametrize(
    "aggregated_record", [b"\x0a\x01a", message([b"a"], [], [b"7"]), b"\x28\0"]
)
def test_a_message_without_records_needs_its_digest(aggregated_record):
    made = aggregated_kinesis_record(aggregated_record)
    assert deaggregate_records([made]) == []
    with logged() as log:
        (output,) = deaggregate_records([made], verify=False)
    assert output is made
    assert log == [(SEQUENCE_NUMBER, oracle.NO_USER_RECORDS)]
    with pytest.raises(AggregateError) as caught:
        deaggregate_records([made], verify=False, strict=True)
    assert caught.value.args == (SEQUENCE_NUMBER, oracle.NO_USER_RECORDS)


def test_many_payloads_without_verify():
    records = [kinesis_record(WRONG_DIGEST, str(number)) for number in range(200)]
    outputs = deaggregate_records(records, verify=False)
    assert data_of(outputs) == ["eA==", "eXo="] * 200
    assert [output["kinesis"]["sequenceNumber"] for output in outputs[::2]] == [
        str(number) for number in range(200)
    ]


# Together


def test_all_options():
    out_of_range = message([b"a"], [record(0, b"", 0)], [b"8"])
    records = [
        kinesis_record(b"plain", "0"),
        kinesis_record(payload(message([b"a"], [record(0, b"x", 0)], [b"7"]))[:-16] + bytes(16)),
        kinesis_record(payload(out_of_range), "2"),
        boto3_record(b"plain", "3"),
        kinesis_record("eA", "4"),
    ]
    options = {"decode": True, "strict": True, "verify": False, "hash_key_range": (7, 7)}
    with logged() as log:
        iterator = iter_deaggregate_records(records, "Boto3", **options)
        assert data_of([next(iterator) for _ in range(3)]) == [b"plain", b"x", b"plain"]
        with pytest.raises(AggregateError) as caught:
            next(iterator)
    assert caught.value.args == ("4", oracle.NOT_BASE64)
    assert log == [("2",)]
