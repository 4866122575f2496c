"""The example handlers under AWS's own Python runtime client, as they run in a Lambda function."""

import base64
import json

import pytest
from kpl_vectors import LAMBDA_EVENT
from lambda_runtime_api import running

EVENT = LAMBDA_EVENT.read_bytes()
PARTITION_KEY = "fc03dd88-3e79-448a-b01a-7cf1bd47b784"
HANDLERS = ["lambda_function.lambda_bulk_handler", "lambda_function.lambda_generator_handler"]


def damaged_event() -> tuple[bytes, str]:
    """Returns the event with its record's digest spoilt and a plain record after it, and the text
    of the damaged payload.
    """
    event = json.loads(EVENT)
    record = event["Records"][0]
    payload = bytearray(base64.b64decode(record["kinesis"]["data"]))
    payload[-1] ^= 1
    record["kinesis"]["data"] = base64.b64encode(payload).decode()
    plain = {**record, "kinesis": {**record["kinesis"], "data": "cGxhaW4="}}
    event["Records"].append(plain)
    return json.dumps(event).encode(), record["kinesis"]["data"]


@pytest.mark.parametrize("handler", HANDLERS)
def test_event_from_the_kpl_is_processed(handler, tmp_path):
    with running(handler, tmp_path) as function:
        assert function.invoke(EVENT) == ("response", "Successfully processed 4 records.")
        assert function.invoke(EVENT) == ("response", "Successfully processed 4 records.")


@pytest.mark.parametrize("handler", HANDLERS)
def test_damaged_record_costs_nothing_but_a_line_in_the_log(handler, tmp_path):
    event, text = damaged_event()
    with running(handler, tmp_path) as function:
        assert function.invoke(event) == ("response", "Successfully processed 2 records.")
        assert function.invoke(EVENT) == ("response", "Successfully processed 4 records.")
    log = function.log.read_text()
    sequence_number = json.loads(event)["Records"][0]["kinesis"]["sequenceNumber"]
    assert "[WARNING]" in log
    assert sequence_number in log
    assert PARTITION_KEY.encode() in base64.b64decode(text)
    assert PARTITION_KEY not in log
    assert text[:40] not in log


@pytest.mark.parametrize("handler", HANDLERS)
def test_event_without_records_is_reported_as_the_functions_error(handler, tmp_path):
    with running(handler, tmp_path) as function:
        kind, error = function.invoke(b"{}")
        assert (kind, error["errorType"]) == ("error", "KeyError")
        assert function.invoke(EVENT) == ("response", "Successfully processed 4 records.")
