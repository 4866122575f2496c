"""One moto server for all tests, since each takes seconds to start."""

import pytest


@pytest.fixture(scope="session")
def moto_url():
    from moto_server import running_server

    with running_server() as url:
        yield url


@pytest.fixture(scope="session")
def kinesis_client(moto_url):
    from moto_server import client_of

    with client_of("kinesis", moto_url) as client:
        yield client
