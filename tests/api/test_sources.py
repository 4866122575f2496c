"""Records of every source, against shapes written down."""

import collections
import json
import logging
import types

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

# What each source's builder makes, in Lambda's shape: before the user record's own keys, behind
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
    """A user record of one of the aggregates that `source`'s builder makes."""
    _, before, behind, event = SHAPES[source]
    own = {
        "explicitHashKey": explicit_hash_key,
        "partitionKey": partition_key,
        "subSequenceNumber": sub_sequence_number,
        "aggregated": True,
        "data": data,
    }
    return {"kinesis": {**before, **own, **behind}, **event}


def passed_record(source, data):
    """A plain or damaged record that `source`'s builder makes, as it comes out."""
    _, before, behind, event = SHAPES[source]
    return {"kinesis": {**before, "partitionKey": "a", "data": data, **behind}, **event}


# Each source


@all_other_sources
def test_user_records(source):
    outputs = deaggregate_records([SHAPES[source][0](PAYLOAD)])
    assert ordered(outputs[0]) == ordered(user_record(source, None, "a", 0, "eA=="))
    assert ordered(outputs[1]) == ordered(user_record(source, "7", "key", 1, "eXo="))
    assert len(outputs) == 2


@all_other_sources
@pytest.mark.parametrize("content", [b"plain", b"", MAGIC])
def test_plain_and_damaged_records_come_out_converted(source, content):
    with logged() as log:
        (output,) = deaggregate_records([SHAPES[source][0](content)])
    assert ordered(output) == ordered(passed_record(source, base64_text(content)))
    assert type(output["kinesis"]["data"]) is str
    assert log == ([(SEQUENCE_NUMBER, oracle.TOO_SHORT)] if content == MAGIC else [])


@all_other_sources
@pytest.mark.parametrize("text", ["cGxhaW4=", "cGxh\naW4=", "84mawg==", "eA", "84mawg", "\u20ac"])
def test_text_comes_out_as_the_same_object(source, text):
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
def test_base64_in_bytes_comes_out_as_str(source, form):
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
    # base64 in bytes is no aggregate: it is what the producer wrote.
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


@pytest.mark.parametrize("source", ["Firehose", "Analytics", "Pipes"])
def test_json_takes_what_comes_out(source):
    outputs = deaggregate_records([BUILDERS[source](PAYLOAD), BUILDERS[source](b"plain")])
    assert json.loads(json.dumps(outputs)) == outputs


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


@all_other_sources
@pytest.mark.parametrize("name", ["partitionKey", "approximateArrivalTimestamp"])
def test_what_a_source_leaves_out_is_left_out(source, name):
    made = BUILDERS[source](b"plain")
    for level in [made, *[each for each in made.values() if isinstance(each, dict)]]:
        level.pop(name, None)
        level.pop(name[0].upper() + name[1:], None)
    assert name not in kinesis_of(made)


@pytest.mark.parametrize("source", ["Firehose", "Analytics"])
@pytest.mark.parametrize(
    "name",
    [
        "kinesisSchemaVersion",
        "sequenceNumber",
        "approximateArrivalTimestamp",
        "partitionKey",
    ],
)
def test_placed_keys_are_the_metadatas_first(source, name):
    made = BUILDERS[source](b"plain")
    (metadata,) = [each for each in made.values() if isinstance(each, dict)]
    metadata[name] = "the metadata's"
    made[name] = "the record's"
    place = list(kinesis_of(made)).index(name)
    assert kinesis_of(made)[name] == "the metadata's"
    del metadata[name]
    assert kinesis_of(made)[name] == "the record's"
    assert list(kinesis_of(made)).index(name) == place


@pytest.mark.parametrize("source", ["Firehose", "Analytics"])
def test_other_keys_are_the_records_first(source):
    made = BUILDERS[source](b"plain")
    (metadata,) = [each for each in made.values() if isinstance(each, dict)]
    metadata.update({"data": "no payload", "both": "the metadata's", "last": 1})
    made.update({"both": "the record's", "first": 2})
    kinesis = kinesis_of(made)
    assert kinesis["data"] == "cGxhaW4="
    assert kinesis["both"] == "the record's"
    assert list(kinesis)[5:] == [
        "recordId",
        *(["both", "first"]),
        *[key for key in metadata if key in ("subsequenceNumber", "shardId")],
        "last",
    ]


def test_event_keys_of_pipes_keep_their_order():
    made = dict(reversed(pipes_record(b"plain").items()))
    made["other"] = "metadata"
    (output,) = deaggregate_records([made])
    assert list(output) == ["kinesis", *reversed(EVENT)]
    assert output["kinesis"]["other"] == "metadata"


@all_other_sources
@pytest.mark.parametrize("content", [PAYLOAD, b"plain"])
def test_metadata_is_shared_and_the_input_unchanged(source, content):
    value = object()
    made = BUILDERS[source](content)
    made["added"] = value
    before = ordered(made)
    output, *others = deaggregate_records([made])
    assert output["kinesis"]["added"] is value
    assert ordered(made) == before
    assert all(each["kinesis"] is not output["kinesis"] for each in others)


@pytest.mark.parametrize("source", BUILDERS)
@pytest.mark.parametrize("form", [collections.UserDict, types.MappingProxyType])
def test_mappings_that_are_no_dicts(source, form):
    made = BUILDERS[source](PAYLOAD)
    wrapped = form({k: form(v) if isinstance(v, dict) else v for k, v in made.items()})
    assert deaggregate_records([wrapped]) == deaggregate_records([made])
    assert deaggregate_records(wrapped) == deaggregate_records([made])


def test_a_defaultdict_is_not_changed():
    for builder in BUILDERS.values():
        made = collections.defaultdict(list, builder(PAYLOAD))
        keys = list(made)
        assert len(deaggregate_records(made)) == 2
        assert list(made) == keys


# Recognition


def test_sources_are_looked_for_in_their_order():
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


@pytest.mark.parametrize("source", BUILDERS)
def test_the_warning(source, caplog):
    with caplog.at_level(logging.WARNING, "aws_kpl_deagg"):
        deaggregate_records([BUILDERS[source](MAGIC + bytes(17))])
    (line,) = caplog.records
    assert line.name == "aws_kpl_deagg"
    assert line.levelno == logging.WARNING
    assert line.args == (SEQUENCE_NUMBER, "wrong digest")
    assert SEQUENCE_NUMBER in line.getMessage()
