"""The package and the tables of odd messages beside google's protobuf, with its C backend."""

import google_protobuf
import pytest
import strategies
from aggregates import aggregated_kinesis_record
from comparison import logged
from hypothesis import given
from odd_messages import MALFORMED, ODD, OUTSIDE, REJECTED, USER_RECORD, cases, disagreements

from aws_kpl_deagg import deaggregate_records


@pytest.fixture(autouse=True)
def c_backend():
    assert google_protobuf.BACKEND == "upb"


@given(strategies.PEERS_MESSAGES)
def test_messages_that_both_read(encoded):
    with logged() as log:
        outputs = deaggregate_records([aggregated_kinesis_record(encoded)], decode=True)
    assert log == []
    assert google_protobuf.read_user_records(encoded) == [
        (kinesis["partitionKey"], kinesis["explicitHashKey"], kinesis["data"])
        for kinesis in (output["kinesis"] for output in outputs)
    ]


@cases(ODD)
def test_odd_messages(encoded):
    assert google_protobuf.read_user_records(encoded) == USER_RECORD


@cases(MALFORMED)
def test_malformed_messages(encoded):
    assert google_protobuf.read_user_records(encoded) == REJECTED


@cases(OUTSIDE)
def test_indexes_outside_their_table(encoded):
    with pytest.raises(IndexError):
        google_protobuf.read_user_records(encoded)


@disagreements
def test_disagreements(row):
    assert google_protobuf.read_user_records(row.encoded) == row.theirs
