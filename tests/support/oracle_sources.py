"""The oracle's sources: where a Kinesis record has its payload and its metadata.

Sources of the shapes: AWS's own documentation,
https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html,
https://docs.aws.amazon.com/kinesis/latest/APIReference/API_Record.html,
https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html,
https://docs.aws.amazon.com/kinesisanalytics/latest/dev/lambda-preprocessing.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-kinesis.html.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

LAMBDA, BOTO3, FIREHOSE, ANALYTICS, PIPES = "Lambda", "boto3", "Firehose", "Analytics", "Pipes"

# The keys by which each source is recognised, in the order in which they are tried.
MARKS = {
    LAMBDA: ["kinesis"],
    BOTO3: ["Data", "SequenceNumber"],
    FIREHOSE: ["kinesisRecordMetadata"],
    ANALYTICS: ["kinesisStreamRecordMetadata"],
    PIPES: ["data", "sequenceNumber", "kinesisSchemaVersion"],
}

# For sources without one.
DEFAULT_SCHEMA_VERSION = "1.0"

# The keys that Lambda has beside 'kinesis', and Pipes among the others.
EVENT_KEYS = {
    "eventSource",
    "eventVersion",
    "eventID",
    "eventName",
    "invokeIdentityArn",
    "awsRegion",
    "eventSourceARN",
}

# The keys of 'kinesis' that have a fixed place, between the schema version and the payload.
PLACED_KEYS = ["sequenceNumber", "approximateArrivalTimestamp", "partitionKey"]


class KinesisRecord(NamedTuple):
    """A Kinesis record in Lambda's shape."""

    record: Mapping
    payload: Any
    is_text: bool
    source: str

    @property
    def is_converted(self) -> bool:
        return self.source != LAMBDA


def source_of(record: Any) -> str | None:
    """Returns the source of a mapping, or None for an unknown one."""
    for source, keys in MARKS.items():
        if all(key in record for key in keys):
            return source
    return None


def require_mapping(value: Any) -> None:
    if not isinstance(value, Mapping):
        raise TypeError(f"a mapping is needed, not {type(value).__name__}")


def capitalised(key: str) -> str:
    return key[0].upper() + key[1:]


def lambda_spelling(key: Any) -> Any:
    """A key of boto3's as Lambda spells it, with a small first letter."""
    if isinstance(key, str) and "A" <= key[:1] <= "Z":
        return key[0].lower() + key[1:]
    return key


def converted(record: Mapping, source: str) -> dict[Any, Any]:
    """Returns a record of any source except Lambda in Lambda's shape."""
    metadata = record[MARKS[source][0]] if source in (FIREHOSE, ANALYTICS) else record
    require_mapping(metadata)
    payload = record["Data" if source == BOTO3 else "data"]
    version = record.get("kinesisSchemaVersion", DEFAULT_SCHEMA_VERSION)
    kinesis = {"kinesisSchemaVersion": metadata.get("kinesisSchemaVersion", version)}
    for key in PLACED_KEYS:
        theirs = capitalised(key) if source == BOTO3 else key
        for mapping in (metadata, record):
            if theirs in mapping:
                kinesis.setdefault(key, mapping[theirs])
    kinesis["data"] = payload
    outer = {"kinesis": kinesis}
    for key in record:
        if source == PIPES and key in EVENT_KEYS:
            outer[key] = record[key]
        elif source == BOTO3:
            kinesis.setdefault(lambda_spelling(key), record[key])
        elif metadata is record or key != MARKS[source][0]:
            kinesis.setdefault(key, record[key])
    for key in metadata if metadata is not record else ():
        kinesis.setdefault(key, metadata[key])
    return outer


def require_payload(payload: Any, is_text: bool) -> None:
    if not (is_text and isinstance(payload, str)):
        memoryview(payload)  # a TypeError unless it is bytes-like


def read(record: Any) -> KinesisRecord:
    """Reads a record. Raises TypeError or KeyError for a record of no known source."""
    require_mapping(record)
    source = source_of(record)
    if source is None:
        raise KeyError(f"the keys of no known source: {MARKS}")
    if source == LAMBDA:
        require_mapping(record["kinesis"])
        in_lambda_shape = record
    else:
        in_lambda_shape = converted(record, source)
    payload = in_lambda_shape["kinesis"]["data"]
    is_text = source != BOTO3 or isinstance(payload, str)
    require_payload(payload, is_text)
    return KinesisRecord(in_lambda_shape, payload, is_text, source)


def with_data(record: Mapping, data: Any) -> dict[Any, Any]:
    """Returns a copy of a record in Lambda's shape with its data replaced."""
    copy = {key: record[key] for key in record}
    copy["kinesis"] = {key: record["kinesis"][key] for key in record["kinesis"]}
    copy["kinesis"]["data"] = data
    return copy


def records_in(event: Mapping) -> list | tuple | None:
    for key in ("Records", "records"):
        if key in event and isinstance(event[key], (list, tuple)):
            return event[key]
    return None


def records_of(argument: Any) -> Iterable:
    """Returns the records in the functions' first argument: records, one, or a whole event."""
    if not isinstance(argument, Mapping):
        return argument
    if source_of(argument) is not None:
        return [argument]
    records = records_in(argument)
    if records is None and isinstance(argument.get("SubscribeToShardEvent"), Mapping):
        records = records_in(argument["SubscribeToShardEvent"])
    return [argument] if records is None else records
