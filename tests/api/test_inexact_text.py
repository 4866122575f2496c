"""With decode=True, text that is not exactly base64 is not silently shortened."""

import base64
import binascii
import re

import pytest
from aggregates import kinesis_record, message, payload, record

from aws_kpl_deagg import AggregateError, deaggregate_records

PAYLOAD = payload(message([b"a"], [record(0, b"user data")]))


def lambda_record(data):
    one = kinesis_record(b"", "4711")
    one["kinesis"]["data"] = data
    return one


@pytest.mark.parametrize("form", [str, lambda text: text.encode()], ids=["str", "bytes"])
@pytest.mark.parametrize("odd", [" ", "\t", "-", "_", "\x00", "*", "\x7f"])
def test_a_character_outside_the_alphabet_is_damage(odd, form, caplog):
    one = lambda_record(form("cGx" + odd + "haW4="))
    (output,) = deaggregate_records([one], decode=True)
    assert output is one
    (line,) = caplog.records
    assert line.args == ("4711", "not base64")
    with pytest.raises(AggregateError) as error:
        deaggregate_records([one], decode=True, strict=True)
    assert error.value.args == ("4711", "not base64")


@pytest.mark.parametrize("text", ["cGxhaW4=garbage", "QQ==QQ==", "QQ==QUJD", "QQ==\nQQ=="])
def test_characters_after_padding_are_not_dropped(text, caplog):
    one = lambda_record(text)
    (output,) = deaggregate_records([one], decode=True)
    try:
        decoded = binascii.a2b_base64(text)
    except binascii.Error:
        decoded = b""
    # Some Pythons ignore padding in the middle and keep what follows.
    if len(decoded) == len(re.sub(r"[=\n]", "", text)) * 3 // 4:
        assert output["kinesis"]["data"] == decoded
        assert not caplog.records
    else:
        assert output is one
        (line,) = caplog.records
        assert line.args == ("4711", "not base64")


@pytest.mark.parametrize("text", ["cGxh\naW4=", "cGxh\r\naW4=\r\n", "cGxhaW4=\n", "\ncGxhaW4="])
def test_line_breaks_are_fine(text, caplog):
    (output,) = deaggregate_records([lambda_record(text)], decode=True)
    assert output["kinesis"]["data"] == b"plain"
    assert not caplog.records


def test_without_decode_the_text_is_as_it_was(caplog):
    one = lambda_record("cGx haW4=")
    assert deaggregate_records([one])[0] is one
    assert not caplog.records


def test_an_aggregate_in_odd_text_is_one(caplog):
    text = base64.b64encode(PAYLOAD).decode()
    (output,) = deaggregate_records([lambda_record(text[:9] + " " + text[9:])], decode=True)
    assert output["kinesis"]["data"] == b"user data"
    assert not caplog.records


def test_the_first_fault_is_reported(caplog):
    text = base64.b64encode(PAYLOAD[:-1] + b"?").decode()
    one = lambda_record(text[:9] + " " + text[9:])
    assert deaggregate_records([one], decode=True)[0] is one
    (line,) = caplog.records
    assert line.args == ("4711", "wrong digest")
