"""Lists of Kinesis records, and what may happen to one while it is iterated."""

from aggregates import (
    aggregated_kinesis_record,
    base64_text,
    kinesis_record,
    message,
    payload,
    record,
)


def aggregate(*data, sequence_number="1"):
    return aggregated_kinesis_record(
        message([b"key"], [record(0, each) for each in data or (b"a", b"b")]),
        sequence_number=sequence_number,
    )


def plain(data=b"plain"):
    return kinesis_record(data)


def damaged(data=b"d", sequence_number="damaged"):
    whole = payload(message([b"key"], [record(0, data)]))
    return kinesis_record(whole[:-1] + bytes([whole[-1] ^ 1]), sequence_number=sequence_number)


def batch(size=40):
    """More aggregates than are opened at a time, no two alike."""
    return [aggregate(b"%d" % i, b"x" * i, sequence_number=str(i)) for i in range(size)]


# Each changes the Kinesis record at `at`, or the list there


def payload_replaced(records, at):
    records[at]["kinesis"]["data"] = aggregate(b"new")["kinesis"]["data"]


def payload_replaced_by_an_equal_one(records, at):
    kinesis = records[at]["kinesis"]
    kinesis["data"] = (kinesis["data"] + "?")[:-1]


def payload_made_plain(records, at):
    records[at]["kinesis"]["data"] = base64_text(b"plain now")


def payload_damaged(records, at):
    records[at]["kinesis"]["data"] = damaged()["kinesis"]["data"]


def payload_of_the_other_type(records, at):
    data = records[at]["kinesis"]["data"]
    records[at]["kinesis"]["data"] = data.encode() if type(data) is str else data.decode()


def payload_of_no_type(records, at):
    records[at]["kinesis"]["data"] = 7


def payloads_swapped(records, at):
    one, other = records[at]["kinesis"], records[at - 1]["kinesis"]
    one["data"], other["data"] = other["data"], one["data"]


def payload_removed(records, at):
    records[at]["kinesis"].pop("data", None)


def metadata_replaced(records, at):
    records[at]["kinesis"] = {**aggregate(b"new")["kinesis"], "sequenceNumber": "new"}


def record_replaced(records, at):
    records[at] = aggregate(b"new", b"newer", sequence_number="new")


def record_with_the_same_payload(records, at):
    kinesis = {**records[at]["kinesis"], "sequenceNumber": "new"}
    records[at] = {**records[at], "kinesis": kinesis}


def record_of_no_shape(records, at):
    records[at] = {}


def record_duplicated(records, at):
    records.insert(at, records[at])


def shortened(records, at):
    del records[at:]


def one_deleted(records, at):
    del records[at]


def extended(records, at):
    records += [aggregate(b"later"), plain(), damaged()]


def emptied(records, at):
    records.clear()


def reordered(records, at):
    records.reverse()


def rotated(records, at):
    records.insert(0, records.pop())


CHANGES = [
    payload_replaced,
    payload_replaced_by_an_equal_one,
    payload_made_plain,
    payload_damaged,
    payload_of_the_other_type,
    payload_of_no_type,
    payloads_swapped,
    payload_removed,
    metadata_replaced,
    record_replaced,
    record_with_the_same_payload,
    record_of_no_shape,
    record_duplicated,
    shortened,
    one_deleted,
    extended,
    emptied,
    reordered,
    rotated,
]
