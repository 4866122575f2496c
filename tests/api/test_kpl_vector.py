"""An aggregate that the KPL itself produced."""

import json

import oracle
import pytest
from kpl_vectors import LAMBDA_EVENT, expected_output

from aws_kpl_deagg import deaggregate_records, iter_deaggregate_records


@pytest.mark.parametrize(
    "deaggregate", [deaggregate_records, iter_deaggregate_records, oracle.deaggregate_records]
)
def test_the_user_records_of_a_real_aggregate(deaggregate):
    outputs = list(deaggregate(json.loads(LAMBDA_EVENT.read_text())["Records"]))
    # As JSON text, which shows the order of keys as well.
    assert json.dumps(outputs) == json.dumps([expected_output(i) for i in range(4)])
