"""How odd and malformed messages are read: as protobuf-c reads them."""

import base64

import oracle
import pytest
from aggregates import aggregated_kinesis_record, varint_field
from comparison import logged
from odd_messages import (
    DATA,
    HASH_KEYS,
    INDEX,
    KEYS,
    MALFORMED,
    ODD,
    OUTSIDE,
    USER_RECORD,
    cases,
    disagreements,
    with_record,
)

from aws_kpl_deagg import deaggregate_records


def deaggregate_with_log(records):
    with logged() as log:
        return deaggregate_records(records), log


READERS = {"package": deaggregate_with_log, "oracle": oracle.deaggregate}


@pytest.fixture(params=READERS.values(), ids=READERS)
def read(request):
    """Reads a message into (partition key, explicit hash key, data) triples or into a reason."""

    def read_message(encoded: bytes):
        kinesis_record = aggregated_kinesis_record(encoded)
        outputs, log = request.param([kinesis_record])
        if log:
            assert outputs[0] is kinesis_record
            assert len(outputs) == len(log) == 1
            return log[0][1]
        return [
            (
                output["kinesis"]["partitionKey"],
                output["kinesis"]["explicitHashKey"],
                base64.b64decode(output["kinesis"]["data"]),
            )
            for output in outputs
        ]

    return read_message


@cases(ODD)
def test_odd_messages(read, encoded):
    assert read(encoded) == USER_RECORD


@cases(MALFORMED)
def test_malformed_messages(read, encoded):
    assert read(encoded) == oracle.BAD_MESSAGE


@cases(OUTSIDE)
def test_indexes_outside_their_table(read, encoded):
    assert read(encoded) == oracle.BAD_INDEX


@disagreements
def test_disagreements(read, row):
    assert read(row.encoded) == row.ours


def test_a_message_without_records_holds_no_user_record(read):
    assert read(KEYS) == []
    assert read(varint_field(5, 0)) == []


def test_the_last_hash_key_index_wins(read):
    fields = INDEX + varint_field(2, 0) + DATA + varint_field(2, 1)
    assert read(HASH_KEYS + with_record(fields)) == [("first", "2", b"data")]
