"""moto's AWS in server mode, which listens on this machine only, and boto3's clients of it."""

import contextlib
from collections.abc import Iterator
from typing import Any

import boto3
from moto.server import ThreadedMotoServer


@contextlib.contextmanager
def running_server() -> Iterator[str]:
    """Starts a server on a free port, yields its URL, and stops it."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()
        server._server.server_close()


@contextlib.contextmanager
def client_of(service: str, url: str) -> Iterator[Any]:
    client = boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="none",
        aws_secret_access_key="none",
    )
    try:
        yield client
    finally:
        client.close()
