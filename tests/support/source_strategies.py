"""Hypothesis strategies for Kinesis records of every source, and for the functions' options."""

import base64

from aggregates import kinesis_record
from hypothesis import strategies as st
from strategies import DATA_FORMS, METADATA_KEYS, PAYLOADS, TEXTS, Text, kinesis_records, mappings

# Keys that any record may have, besides those by which its source is recognised.
TRANSFORMATION_KEYS = ["recordId", "shardId", "subsequenceNumber", "explicitHashKey", "", 7, None]
BOTO3_KEYS = [
    "ApproximateArrivalTimestamp",
    "PartitionKey",
    "EncryptionType",
    "encryptionType",
    "ExplicitHashKey",
    "sequenceNumber",
    "partitionKey",
    "kinesisSchemaVersion",
    "data",
    "\u00c4",
    "A",
    *TRANSFORMATION_KEYS,
]
EVENT_KEYS = [key for key in kinesis_record(b"") if key != "kinesis"]

BINARY_FORMS = st.sampled_from([bytes, bytes, bytearray, memoryview])

# Data of boto3 and of the AWS command line, with some odd text.
BOTO3_DATA = st.one_of(
    st.builds(lambda form, payload: form(payload), BINARY_FORMS, PAYLOADS),
    st.builds(lambda form, text: form(text), st.sampled_from([str, Text]), TEXTS),
)
TEXT_DATA = st.builds(lambda form, text: form(text), DATA_FORMS, TEXTS)


@st.composite
def boto3_records(draw):
    return draw(mappings(BOTO3_KEYS, {"Data": draw(BOTO3_DATA), "SequenceNumber": draw(NUMBERS)}))


@st.composite
def transformation_records(draw):
    """Records of Firehose and of Analytics."""
    metadata = draw(mappings(METADATA_KEYS + TRANSFORMATION_KEYS + ["data"], {}))
    name = draw(st.sampled_from(["kinesisRecordMetadata", "kinesisStreamRecordMetadata"]))
    required = {name: metadata, "data": draw(TEXT_DATA)}
    return draw(mappings(METADATA_KEYS + TRANSFORMATION_KEYS, required))


@st.composite
def pipes_records(draw):
    keys = ["approximateArrivalTimestamp", "partitionKey", *TRANSFORMATION_KEYS, *EVENT_KEYS]
    required = {
        "data": draw(TEXT_DATA),
        "sequenceNumber": draw(NUMBERS),
        "kinesisSchemaVersion": "1.0",
    }
    return draw(mappings(keys, required))


NUMBERS = st.integers(0, 2**190).map(str)

OTHER_RECORDS = boto3_records() | transformation_records() | pipes_records()

# With odd text, and with the text of any payload.
LAMBDA_RECORDS = kinesis_records() | kinesis_records(
    PAYLOADS.map(lambda payload: base64.b64encode(payload).decode("ascii"))
)
MIXED_RECORDS = st.lists(LAMBDA_RECORDS | OTHER_RECORDS, max_size=5)

BOUNDS = st.sampled_from([0, 1, 2**127 - 1, 2**127, 2**128 - 1]) | st.integers(0, 2**128 - 1)
RANGES = st.tuples(BOUNDS, BOUNDS).map(lambda bounds: tuple(sorted(bounds)))

OPTIONS = {
    "data_format": st.sampled_from([None, "Boto3"]),
    "decode": st.booleans(),
    "strict": st.booleans(),
    "verify": st.booleans(),
    "hash_key_range": st.none() | RANGES,
}
