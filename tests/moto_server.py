"""moto's AWS, in server mode on this machine alone, and boto3's clients of it."""

import contextlib
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
from moto.server import ThreadedMotoServer


@contextlib.contextmanager
def running_server() -> Iterator[str]:
    """Starts a server on a free port; gives its URL, and ends it.

    What an earlier server has made is gone, which moto would keep as long as the process lives.
    """
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    try:
        urllib.request.urlopen(f"{url}/moto-api/reset", data=b"").close()
        yield url
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


@contextlib.contextmanager
def kinesis_client() -> Iterator[Any]:
    with running_server() as url, client_of("kinesis", url) as client:
        yield client
