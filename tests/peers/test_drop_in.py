"""The same calls through aws_kinesis_agg 1.2.3 and through this package give the same data.

In the spirit of the test suite beside aws_kinesis_agg's source, which aggregates a few records and
reads them back: Lambda events and boto3 responses; aggregated, plain and mixed; one record and
many; as a list, as an iterator, and with a consumer's code that decodes base64 only where
`aggregated` is set. Only the import differs. The aggregates are made by aws_kinesis_agg's own
aggregator.
"""

import base64
import importlib
import sys

import pytest
from aggregates import boto3_record, kinesis_record
from kinesis_agg import import_deaggregator

from aws_kpl_deagg import deaggregator

LAMBDA, BOTO3 = "Lambda", "Boto3"
CONTENTS = [b"alice's first", b"", "\u00e9\u4e2d\U0001f600".encode(), bytes(range(256)), b"eA=="]


def import_aggregator():
    import_deaggregator()
    path = list(sys.path)
    module = importlib.import_module("aws_kinesis_agg.aggregator")
    sys.path[:] = path
    return module


@pytest.fixture(scope="module")
def theirs():
    return import_deaggregator()


@pytest.fixture(params=[LAMBDA, BOTO3])
def source(request):
    return request.param


def aggregate(user_records):
    """The payload of these pairs or triples of partition key, data and explicit hash key."""
    aggregator = import_aggregator().RecordAggregator()
    for user_record in user_records:
        assert aggregator.add_user_record(*user_record) is None
    _, _, payload = aggregator.clear_and_get().get_contents()
    return bytes(payload)


def arguments_of(source, contents):
    """The arguments of a consumer of that source, for Kinesis records with these payloads."""
    if source == LAMBDA:
        return [[kinesis_record(content, str(n)) for n, content in enumerate(contents)]]
    return [[boto3_record(content, str(n)) for n, content in enumerate(contents)], BOTO3]


def consume(iter_deaggregate_records, arguments):
    """A consumer that was written for aws_kinesis_agg: returns what it reads."""
    data_format = arguments[1] if len(arguments) > 1 else None
    read = []
    for record in iter_deaggregate_records(*arguments):
        kinesis = record["kinesis"]
        data = kinesis["data"]
        # boto3 has decoded the data of a plain record; Lambda never does.
        if data_format != BOTO3 or kinesis.get("aggregated"):
            data = base64.b64decode(data)
        position = kinesis["sequenceNumber"], kinesis.get("subSequenceNumber")
        read.append((position, kinesis["partitionKey"], kinesis.get("explicitHashKey"), data))
    return read


def consume_lists(deaggregate_records, records):
    """The same with the function that returns a list, which theirs has for Lambda alone."""
    return [
        (record["kinesis"]["partitionKey"], base64.b64decode(record["kinesis"]["data"]))
        for record in deaggregate_records(records)
    ]


ONE = [("alice", CONTENTS[0])]
MANY = [(f"key {n % 7}", content * (n % 3)) for n in range(40) for content in CONTENTS]
HASH_KEYS = [("alice", content, str(2**127 + n)) for n, content in enumerate(CONTENTS)]

STREAMS = {
    "nothing": [],
    "an aggregate of one": [ONE],
    "an aggregate of many": [MANY],
    "an aggregate with explicit hash keys": [HASH_KEYS],
    "aggregates": [ONE, MANY, HASH_KEYS, ONE],
    "a plain record": [b"plain"],
    "plain records": CONTENTS,
    "a mixed stream": [ONE, b"plain", MANY, b"", HASH_KEYS, *CONTENTS, ONE],
}


@pytest.fixture(params=STREAMS)
def contents(request):
    return [
        each if isinstance(each, bytes) else aggregate(each) for each in STREAMS[request.param]
    ]


def expected_data(contents):
    data = []
    for each in contents:
        data += [each] if isinstance(each, bytes) else [user_record[1] for user_record in each]
    return data


def test_an_iterator(theirs, source, contents, request):
    expected = consume(theirs.iter_deaggregate_records, arguments_of(source, contents))
    read = consume(deaggregator.iter_deaggregate_records, arguments_of(source, contents))
    assert read == expected
    stream = STREAMS[request.node.callspec.params["contents"]]
    assert [data for *_, data in read] == expected_data(stream)


def test_a_list(theirs, contents):
    (records,) = arguments_of(LAMBDA, contents)
    expected = consume_lists(theirs.deaggregate_records, records)
    assert consume_lists(deaggregator.deaggregate_records, records) == expected


def test_a_list_of_boto3(contents):
    # aws_kinesis_agg has no such call. This package's list equals its iterator.
    arguments = arguments_of(BOTO3, contents)
    assert consume(deaggregator.deaggregate_records, arguments) == consume(
        deaggregator.iter_deaggregate_records, arguments
    )


@pytest.mark.parametrize("content", [aggregate(ONE), aggregate(MANY), b"plain"])
def test_a_single_record_that_is_not_in_a_list(theirs, source, content):
    ((record,), *data_format) = arguments_of(source, [content])
    arguments = [record, *data_format]
    expected = consume(theirs.iter_deaggregate_records, arguments)
    assert consume(deaggregator.iter_deaggregate_records, arguments) == expected


def test_user_records_are_read_one_at_a_time(theirs, source):
    (records, *data_format) = arguments_of(source, [aggregate(MANY), b"plain"])
    for module in (theirs, deaggregator):
        reading = []

        def read(reading=reading):
            for record in records:
                reading.append(record)
                yield record

        outputs = module.iter_deaggregate_records(read(), *data_format)
        assert reading == []
        next(outputs)
        assert len(reading) == 1
        assert len(list(outputs)) == len(MANY)
        assert len(reading) == 2


def test_data_of_plain_boto3_records_stays_bytes_only_when_asked(theirs):
    records, data_format = arguments_of(BOTO3, [b"plain"])
    for deaggregate in (theirs.iter_deaggregate_records, deaggregator.iter_deaggregate_records):
        (output,) = deaggregate(records, data_format=data_format)
        assert output["kinesis"]["data"] == b"plain"
    (output,) = deaggregator.iter_deaggregate_records(records)
    assert output["kinesis"]["data"] == "cGxhaW4="
    (output,) = deaggregator.iter_deaggregate_records(records, decode=True)
    assert output["kinesis"]["data"] == b"plain"
