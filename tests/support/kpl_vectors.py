"""The aggregates of tests/data, which the KPL itself made, and their contents."""

import base64
import json
from pathlib import Path

from project import TESTS

DATA = TESTS / "data"
LAMBDA_EVENT = DATA / "kpl-explicit-hash-keys.lambda.json"
ANALYTICS_EVENT = DATA / "kpl.kinesis-analytics.json"

# The data of the user records in the Analytics event.
ANALYTICS_DATA = [b"RECORD %d pjqrcfbxafzdndzmbgane" % number for number in range(2005, 2009)]


def payloads(event: Path) -> list[bytes]:
    """The payloads in either event."""
    content = json.loads(event.read_text())
    records = content["Records"] if "Records" in content else content["records"]
    return [base64.b64decode(record.get("kinesis", record)["data"]) for record in records]


# The rest is of the Lambda event.

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
