"""The options and unpack(), each paired with another call that has the same result."""

import base64
import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import aiokpl
from aws_kinesis_agg.deaggregator import messages_pb2
from contenders import DIGEST_END, MAGIC_END, kinesis_agg, unchanged

import aws_kpl_deagg

# Many user records in one aggregate, and many aggregates.
WORKLOAD_NUMBERS = [0, 3]


class Variant(NamedTuple):
    """Two calls on the same Kinesis records, timed in turn; `comparable` of both must be equal."""

    mine_name: str
    other_name: str
    mine: Callable[[list[dict]], Callable[[], list]]
    other: Callable[[list[dict]], Callable[[], list]]
    comparable: Callable[[list], list]


def with_option(**options: Any) -> Callable[[list[dict]], Callable[[], list]]:
    return lambda records: partial(aws_kpl_deagg.deaggregate_records, records, **options)


def decoded_by_caller(deaggregate: Callable[[list[dict]], list]) -> Callable:
    """Returns a call that also decodes the base64 of each user record, as callers do."""

    def call(records: list[dict]) -> list:
        user_records = deaggregate(records)
        for record in user_records:
            record["kinesis"]["data"] = base64.b64decode(record["kinesis"]["data"])
        return user_records

    return lambda records: partial(call, records)


def each_payload(unpack: Callable[[bytes], list]) -> Callable[[list[dict]], Callable[[], list]]:
    """Returns a call that unpacks the payloads of all records, one after the other."""

    def prepare(records: list[dict]) -> Callable[[], list]:
        payloads = [base64.b64decode(record["kinesis"]["data"]) for record in records]
        return lambda: [record for payload in payloads for record in unpack(payload)]

    return prepare


def unpack_with_protobuf(payload: bytes) -> list[tuple]:
    """Unpacks keys and data with the least code over google's protobuf."""
    message = payload[MAGIC_END:DIGEST_END]
    if hashlib.md5(message).digest() != payload[DIGEST_END:]:
        raise ValueError("wrong digest")
    aggregate = messages_pb2.AggregatedRecord()
    aggregate.ParseFromString(message)
    partition_keys = list(aggregate.partition_key_table)
    hash_keys = list(aggregate.explicit_hash_key_table)
    return [
        (
            partition_keys[record.partition_key_index],
            hash_keys[record.explicit_hash_key_index]
            if record.HasField("explicit_hash_key_index")
            else None,
            record.data,
        )
        for record in aggregate.records
    ]


def keys_and_data(answer: list) -> list[tuple]:
    """Returns partition key, explicit hash key and data of user records of any kind."""
    if answer and isinstance(answer[0], aiokpl.DecodedRecord):
        return [(each.partition_key, each.explicit_hash_key, each.data) for each in answer]
    return [tuple(each[:3]) for each in answer]


VARIANTS = [
    Variant(
        "decode=True",
        "plain call, then b64decode",
        with_option(decode=True),
        decoded_by_caller(aws_kpl_deagg.deaggregate_records),
        unchanged,
    ),
    Variant(
        "decode=True",
        "aws_kinesis_agg (upb), then b64decode",
        with_option(decode=True),
        decoded_by_caller(kinesis_agg.deaggregate_records),
        unchanged,
    ),
    Variant("verify=False", "plain call", with_option(verify=False), with_option(), unchanged),
    Variant(
        "unpack()",
        "plain call",
        each_payload(aws_kpl_deagg.unpack),
        with_option(),
        len,
    ),
    Variant(
        "unpack()",
        "aiokpl.decode_aggregated()",
        each_payload(aws_kpl_deagg.unpack),
        each_payload(aiokpl.decode_aggregated),
        keys_and_data,
    ),
    Variant(
        "unpack()",
        "google protobuf (upb), by hand",
        each_payload(aws_kpl_deagg.unpack),
        each_payload(unpack_with_protobuf),
        keys_and_data,
    ),
]
