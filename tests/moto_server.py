"""moto's Kinesis, in server mode on this machine alone, and boto3's client of it."""

import contextlib
from collections.abc import Iterator
from typing import Any

import boto3
from moto.server import ThreadedMotoServer


@contextlib.contextmanager
def kinesis_client() -> Iterator[Any]:
    """Starts a server on a free port; gives a client, and ends both."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "kinesis",
        region_name="us-east-1",
        endpoint_url=f"http://{host}:{port}",
        aws_access_key_id="none",
        aws_secret_access_key="none",
    )
    try:
        yield client
    finally:
        client.close()
        server.stop()
        server._server.server_close()
