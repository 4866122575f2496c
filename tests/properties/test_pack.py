"""pack() writes what the independent writer writes, and unpack() returns what was packed."""

from hypothesis import given
from hypothesis import strategies as st
from user_records import USER_RECORDS, user_records_in
from writer import write_aggregate

from aws_kpl_deagg import pack, unpack
from aws_kpl_deagg._deagg import pack_prefix

LISTS = st.lists(USER_RECORDS, min_size=1, max_size=40)


@given(LISTS)
def test_pack(user_records):
    payload = pack(user_records)
    assert payload == write_aggregate(user_records)
    assert unpack(payload) == user_records
    assert user_records_in({"Data": payload}) == user_records


@given(LISTS, st.data())
def test_pack_prefix(user_records, data):
    """It packs as many as fit: at the exact size of any number of user records, and below."""
    wanted = data.draw(st.integers(1, len(user_records)))
    size = len(write_aggregate(user_records[:wanted]))
    assert pack_prefix(user_records, size) == (write_aggregate(user_records[:wanted]), wanted)
    below = write_aggregate(user_records[: wanted - 1]) if wanted > 1 else b""
    assert pack_prefix(user_records, size - 1) == (below, wanted - 1)
