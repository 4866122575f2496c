"""Other readers of aggregates find in the entries what was put into them: Amazon's KCL, boto3
from a Kinesis server, aws_kinesis_agg, aiokpl and google's protobuf."""

import base64

import aiokpl
import google_protobuf
import pytest
from aggregates import MAGIC, kinesis_record
from hypothesis import given
from hypothesis import strategies as st
from kcl import running_kcl
from kinesis_agg import import_deaggregator
from user_records import (
    USER_RECORDS,
    entry_hash_key,
    even_ranges,
    is_packed,
    user_records_in,
)
from writer import write_aggregate

from aws_kpl_deagg.aggregator import aggregate

kinesis_agg = import_deaggregator()

LISTS = st.lists(USER_RECORDS, max_size=40)
SIZES = st.sampled_from([150, 700, 51_200])
SHARDS = st.sampled_from([None, 1, 2, 3])


def entries_of(user_records, max_size, shards):
    ranges = None if shards is None else even_ranges(shards)
    return list(aggregate(user_records, max_size=max_size, hash_key_ranges=ranges))


# Amazon's KCL


@pytest.fixture(scope="module")
def kcl():
    with running_kcl() as deaggregate:
        yield deaggregate


@given(LISTS, SIZES, SHARDS)
def test_kcl(kcl, user_records, max_size, shards):
    """It drops an aggregate if one user record belongs to another shard: not a single one does."""
    entries = entries_of(user_records, max_size, shards)
    found = []
    for first, last in even_ranges(shards or 3):
        in_shard = [each for each in entries if first <= entry_hash_key(each) <= last]
        sent = [each[:3] for entry in in_shard for each in user_records_in(entry)]
        received = kcl(in_shard, (first, last))
        assert [each.data for each in received] == [data for _, _, data in sent]
        for (key, explicit_hash_key, _), record in zip(sent, received, strict=True):
            assert record.partition_key == key
            # Kinesis returns that of a Kinesis record to nobody.
            assert record.explicit_hash_key == (explicit_hash_key if record.aggregated else None)
        found += received
    assert sorted(each.data for each in found) == sorted(data for _, _, data, _ in user_records)


@given(st.lists(USER_RECORDS, min_size=1, max_size=20), SIZES)
def test_kcl_after_every_reshard(kcl, user_records, max_size):
    """User records of equal hash key are not torn apart by a shard that holds nothing else."""
    for entry in entries_of(user_records, max_size, None):
        position = entry_hash_key(entry)
        assert len(kcl([entry], (position, position))) == len(user_records_in(entry))


def test_kcl_drops_what_is_mixed(kcl):
    """As aws_kinesis_agg mixes user records of all shards: so the tests above can fail."""
    payload = write_aggregate([("a", str(number << 120), b"data") for number in range(256)])
    assert kcl([{"Data": payload, "PartitionKey": "a"}], even_ranges(2)[0]) == []
    assert len(kcl([{"Data": payload, "PartitionKey": "a"}], even_ranges(1)[0])) == 256


# Other packages


@given(LISTS, SIZES, SHARDS)
def test_libraries(user_records, max_size, shards):
    for entry in entries_of(user_records, max_size, shards):
        sent = user_records_in(entry)
        if not is_packed(entry):
            continue
        # Its explicit hash keys are wrong where some user records have none.
        assert [
            (each["kinesis"]["partitionKey"], base64.b64decode(each["kinesis"]["data"]))
            for each in kinesis_agg.deaggregate_records([kinesis_record(entry["Data"])])
        ] == [(key, data) for key, _, data, _ in sent]
        assert [
            (
                each.partition_key,
                each.explicit_hash_key,
                each.data,
                tuple((tag.key, tag.value) for tag in each.tags),
            )
            for each in aiokpl.decode_aggregated(entry["Data"])
        ] == sent
        message = entry["Data"][len(MAGIC) : -16]
        assert google_protobuf.read_user_records(message) == [each[:3] for each in sent]
