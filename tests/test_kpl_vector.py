"""An aggregate that the KPL itself produced; what is expected was read off its bytes."""

import base64
import json
from pathlib import Path

import oracle
import pytest

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records

EVENT = Path(__file__).parent / "data" / "kpl-explicit-hash-keys.lambda.json"

SEQUENCE_NUMBER = "49581544954143914480256700934210366840104395343224897586"

# Partition key, explicit hash key and data.
USER_RECORDS = [
    (
        "fc03dd88-3e79-448a-b01a-7cf1bd47b784",
        "38486495867508399078159723846051807020",
        b"RECORD 22 peeobhczbzdmskboupgyq\n",
    ),
    (
        "cae41b1c-ea61-43f2-90be-b8755ebf88e2",
        "193787600037681706952143357071916352604",
        b"RECORD 23 uswkxftxroeusscxsjhno\n",
    ),
    (
        "d490690c-e74d-4db2-a3c8-d8f2f184fd23",
        "266880436964932424265466916734068684439",
        b"RECORD 24 casehdgivfaxeustlyszy\n",
    ),
    (
        "c924bc09-b85e-47f1-b32e-336522ee53c8",
        "339606600942967391854603552402021847292",
        b"RECORD 25 nvffvpmuogdopjhamevrk\n",
    ),
]


def expected_output(sub_sequence_number):
    partition_key, explicit_hash_key, data = USER_RECORDS[sub_sequence_number]
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "sequenceNumber": SEQUENCE_NUMBER,
            "approximateArrivalTimestamp": 1518133507.063,
            "explicitHashKey": explicit_hash_key,
            "partitionKey": partition_key,
            "subSequenceNumber": sub_sequence_number,
            "aggregated": True,
            "data": base64.b64encode(data).decode(),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000003:{SEQUENCE_NUMBER}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": (
            "arn:aws:iam::123456789012:role/service-role/Python27KinesisDeaggregatorRole"
        ),
        "awsRegion": "us-east-1",
        "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/AggRecordStream",
    }


@pytest.mark.parametrize(
    "deaggregate", [deaggregate_records, iter_deaggregate_records, oracle.deaggregate_records]
)
def test_the_user_records_of_a_real_aggregate(deaggregate):
    outputs = list(deaggregate(json.loads(EVENT.read_text())["Records"]))
    # As JSON text, which shows the order of keys as well.
    assert json.dumps(outputs) == json.dumps([expected_output(i) for i in range(4)])
