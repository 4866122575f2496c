"""Records of every source, compared with shapes written by hand."""

import collections
import json

import oracle
import pytest
from aggregates import (
    BUILDERS,
    MAGIC,
    SEQUENCE_NUMBER,
    analytics_record,
    base64_text,
    boto3_record,
    firehose_record,
    kinesis_record,
    message,
    payload,
    pipes_record,
    record,
)
from comparison import logged, ordered
from kpl_vectors import ANALYTICS_DATA, ANALYTICS_EVENT

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records

PAYLOAD = payload(message([b"a", b"key"], [record(0, b"x"), record(1, b"yz", 0)], [b"7"]))

# The metadata of each source's builder in Lambda's shape: before the user record's own keys, after
# its data, and on the outer level.
ARRIVAL_MILLISECONDS = 1518133507063
EVENT = {key: value for key, value in kinesis_record(b"").items() if key != "kinesis"}
SHAPES = {
    "boto3": (
        boto3_record,
        {
            "kinesisSchemaVersion": "1.0",
            "sequenceNumber": SEQUENCE_NUMBER,
            "approximateArrivalTimestamp": boto3_record(b"")["ApproximateArrivalTimestamp"],
        },
        {"encryptionType": "KMS"},
        {},
    ),
    "Firehose": (
        firehose_record,
        {
            "kinesisSchemaVersion": "1.0",
            "sequenceNumber": SEQUENCE_NUMBER,
            "approximateArrivalTimestamp": ARRIVAL_MILLISECONDS + 1,
        },
        {
            "recordId": "49546986683135544286507457936321625675700192471156785154000000",
            "subsequenceNumber": "0",
            "shardId": "shardId-000000000000",
        },
        {},
    ),
    "Analytics": (
        analytics_record,
        {
            "kinesisSchemaVersion": "1.0",
            "sequenceNumber": SEQUENCE_NUMBER,
            "approximateArrivalTimestamp": ARRIVAL_MILLISECONDS,
        },
        {"recordId": SEQUENCE_NUMBER, "shardId": "shardId-000000000000"},
        {},
    ),
    "Pipes": (
        pipes_record,
        {
            "kinesisSchemaVersion": "1.0",
            "sequenceNumber": SEQUENCE_NUMBER,
            "approximateArrivalTimestamp": 1518133507.063,
        },
        {},
        EVENT,
    ),
}

all_other_sources = pytest.mark.parametrize("source", SHAPES)


def user_record(source, explicit_hash_key, partition_key, sub_sequence_number, data):
    """A user record of an aggregate that `source`'s builder makes."""
    _, before, after, event = SHAPES[source]
    own = {
        "explicitHashKey": explicit_hash_key,
        "partitionKey": partition_key,
        "subSequenceNumber": sub_sequence_number,
        "aggregated": True,
        "data": data,
    }
    return {"kinesis": {**before, **own, **after}, **event}


def passed_through(source, data):
    """The result for a plain or damaged record that `source`'s builder makes."""
    _, before, after, event = SHAPES[source]
    return {"kinesis": {**before, "partitionKey": "a", "data": data, **after}, **event}


# Each source


@all_other_sources
def test_user_records(source):
    outputs = deaggregate_records([SHAPES[source][0](PAYLOAD)])
    assert ordered(outputs[0]) == ordered(user_record(source, None, "a", 0, "eA=="))
    assert ordered(outputs[1]) == ordered(user_record(source, "7", "key", 1, "eXo="))
    assert len(outputs) == 2


@all_other_sources
@pytest.mark.parametrize("content", [b"plain", b"", MAGIC])
def test_plain_and_damaged_records_are_converted(source, content):
    with logged() as log:
        (output,) = deaggregate_records([SHAPES[source][0](content)])
    assert ordered(output) == ordered(passed_through(source, base64_text(content)))
    assert type(output["kinesis"]["data"]) is str
    assert log == ([(SEQUENCE_NUMBER, oracle.TOO_SHORT)] if content == MAGIC else [])


@all_other_sources
@pytest.mark.parametrize("text", ["cGxhaW4=", "cGxh\naW4=", "84mawg==", "eA", "84mawg", "\u20ac"])
def test_text_is_passed_through_as_the_same_object(source, text):
    data = "".join(list(text))
    with logged() as log:
        (output,) = deaggregate_records([SHAPES[source][0](data)])
    assert output["kinesis"]["data"] is data
    assert [reason for _, reason in log] == {
        "84mawg==": [oracle.TOO_SHORT],
        "84mawg": [oracle.NOT_BASE64],
    }.get(text, [])


@pytest.mark.parametrize("source", ["Firehose", "Analytics", "Pipes"])
@pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
def test_base64_in_bytes_becomes_str(source, form):
    (output,) = deaggregate_records([SHAPES[source][0]("") | {"data": form(b"cGxh\naW4=")}])
    assert output["kinesis"]["data"] == "cGxhaW4="
    undecodable = form(b"eA")
    (output,) = deaggregate_records([SHAPES[source][0]("") | {"data": undecodable}])
    assert output["kinesis"]["data"] is undecodable


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("content", [PAYLOAD, b"plain"])
def test_bytes_of_boto3_are_the_payload(form, content):
    (expected, *_) = deaggregate_records([boto3_record(content)])
    (output, *_) = deaggregate_records([boto3_record(form(content))])
    assert output == expected
    # base64 in bytes is not decoded: the producer wrote these bytes.
    (output,) = deaggregate_records([boto3_record(form(base64_text(content).encode()))])
    assert output["kinesis"]["data"] == base64_text(base64_text(content).encode())


@pytest.mark.parametrize("content", [PAYLOAD, b"plain"])
def test_text_of_boto3_is_base64(content):
    text_outputs = deaggregate_records([boto3_record(base64_text(content))])
    assert text_outputs == deaggregate_records([boto3_record(content)])


def test_real_analytics_event():
    event = json.loads(ANALYTICS_EVENT.read_text())
    outputs = deaggregate_records(event)
    (metadata,) = [each["kinesisStreamRecordMetadata"] for each in event["records"]]
    assert [ordered(output) for output in outputs] == [
        ordered(
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "sequenceNumber": metadata["sequenceNumber"],
                    "approximateArrivalTimestamp": 1562602080951,
                    "explicitHashKey": "339606600942967391854603552402021847292",
                    "partitionKey": "1562602074896",
                    "subSequenceNumber": number,
                    "aggregated": True,
                    "data": base64_text(ANALYTICS_DATA[number]),
                    "recordId": metadata["sequenceNumber"],
                    "shardId": "shardId-000000000000",
                }
            }
        )
        for number in range(4)
    ]


# Metadata


def kinesis_of(made):
    (output,) = deaggregate_records([made])
    return output["kinesis"]


def test_keys_of_boto3_get_a_small_first_letter():
    made = {"Zz": 1, "Data": b"", "SequenceNumber": "7", "\u00c4": 2, "": 3, 4: 5, "zz": 6, "A": 7}
    assert list(kinesis_of(made).items()) == [
        ("kinesisSchemaVersion", "1.0"),
        ("sequenceNumber", "7"),
        ("data", ""),
        ("zz", 1),
        ("\u00c4", 2),
        ("", 3),
        (4, 5),
        ("a", 7),
    ]


def test_a_defaultdict_is_not_changed():
    for builder in BUILDERS.values():
        made = collections.defaultdict(list, builder(PAYLOAD))
        keys = list(made)
        assert len(deaggregate_records(made)) == 2
        assert list(made) == keys


# Recognition


def test_sources_are_recognised_in_their_order():
    made: dict = {"data": "cGlwZXM=", "sequenceNumber": "7", "kinesisSchemaVersion": "1.0"}
    assert kinesis_of(made)["data"] == "cGlwZXM="
    made = {"kinesisStreamRecordMetadata": {"source": "Analytics"}, **made}
    assert kinesis_of(made)["source"] == "Analytics"
    made = {"kinesisRecordMetadata": {"source": "Firehose"}, **made}
    assert kinesis_of(made)["source"] == "Firehose"
    made = {**made, "Data": b"boto3", "SequenceNumber": "8"}
    assert kinesis_of(made)["sequenceNumber"] == "8"
    made["kinesis"] = {"data": "cGxhaW4="}
    assert deaggregate_records([made])[0] is made


KEYS_LOOKED_FOR = [
    "kinesis",
    "Data",
    "SequenceNumber",
    "kinesisRecordMetadata",
    "kinesisStreamRecordMetadata",
    "data",
    "sequenceNumber",
    "kinesisSchemaVersion",
]

UNKNOWN_RECORDS = {
    "no keys": {},
    "SequenceNumber alone": {"SequenceNumber": "7"},
    "Data alone": {"Data": b""},
    "Pipes without the version": {"data": "", "sequenceNumber": "7"},
    "Pipes without the number": {"data": "", "kinesisSchemaVersion": "1.0"},
    "Pipes without data": {"sequenceNumber": "7", "kinesisSchemaVersion": "1.0"},
    "an event": {"Records": [kinesis_record(b"plain")]},
    "a response": {"SubscribeToShardEvent": {"Records": [boto3_record(b"plain")]}},
    "DynamoDB": {"eventSource": "aws:dynamodb", "dynamodb": {"SequenceNumber": "7"}},
}


@pytest.mark.parametrize("deaggregate", [deaggregate_records, iter_deaggregate_records])
@pytest.mark.parametrize("unknown", UNKNOWN_RECORDS.values(), ids=UNKNOWN_RECORDS)
def test_a_record_of_no_known_source(deaggregate, unknown):
    with pytest.raises(KeyError) as caught:
        list(deaggregate([kinesis_record(b"plain"), unknown]))
    for key in KEYS_LOOKED_FOR:
        assert f"'{key}'" in str(caught.value)


WRONG_SHAPES = {
    "Firehose without data": ({"kinesisRecordMetadata": {}}, KeyError, "'data'"),
    "Analytics without data": ({"kinesisStreamRecordMetadata": {}}, KeyError, "'data'"),
    "Firehose's metadata a list": (
        {"kinesisRecordMetadata": [], "data": ""},
        TypeError,
        "'kinesisRecordMetadata'",
    ),
    "Analytics' metadata a str": (
        {"kinesisStreamRecordMetadata": "", "data": ""},
        TypeError,
        "'kinesisStreamRecordMetadata'",
    ),
    "boto3's data a list": (boto3_record([]), TypeError, "data"),
    "boto3's data None": (boto3_record(None), TypeError, "data"),
    "Firehose's data None": (firehose_record(None), TypeError, "data"),
    "Analytics' data an int": (analytics_record(7), TypeError, "data"),
    "Pipes' data a float": (pipes_record(7.5), TypeError, "data"),
}


@pytest.mark.parametrize(
    ("wrong", "error", "named"), WRONG_SHAPES.values(), ids=WRONG_SHAPES.keys()
)
def test_wrong_shapes(wrong, error, named):
    with pytest.raises(error, match=named):
        deaggregate_records([kinesis_record(b"plain"), wrong])
