"""Runs a function under AWS's own Python runtime client, as it runs in Lambda.

The side of AWS Lambda that the client talks to is a small local HTTP server. Its paths and headers
are those of the Lambda Runtime API, version 2018-06-01, as AWS documents it in "Using the Lambda
runtime API for custom runtimes".
"""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from project import EXAMPLES

RUNTIME = "/2018-06-01/runtime"
FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:deaggregate"
TIMEOUT = 60


class Function:
    """A Lambda function that runs: the API that its events come from, and its log."""

    def __init__(self, api: "RuntimeApi", log: Path) -> None:
        self.api = api
        self.log = log

    def invoke(self, event: bytes) -> tuple[str, Any]:
        """Takes an event as JSON; returns ('response', result) or ('error', description)."""
        return self.api.invoke(event, TIMEOUT)

    def response(self, event: Any) -> Any:
        """Takes an event and returns the result, both of which go through JSON."""
        kind, result = self.invoke(json.dumps(event).encode())
        assert kind == "response", result
        return result


@contextmanager
def running(handler: str, folder: Path, **environment: str) -> Iterator[Function]:
    """Runs a handler, named as in Lambda ('module.function'), of examples/ or of `folder`, where
    the log is written.
    """
    log = folder / "log.txt"
    with RuntimeApi() as api, log.open("wb") as log_file:
        process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", handler],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": str(EXAMPLES),
                "AWS_LAMBDA_RUNTIME_API": api.address,
                **environment,
            },
            stdout=log_file,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Function(api, log)
            assert process.poll() is None, log.read_text()
        finally:
            process.kill()
            process.wait(TIMEOUT)


class RuntimeApi(ThreadingHTTPServer):
    """Serves events and collects the runtime's answers; a context manager.

    It listens on a free port of 127.0.0.1. A request for the next event waits for one.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), RuntimeApiHandler)
        self.events: queue.Queue[bytes | None] = queue.Queue()
        self.answers: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.thread = threading.Thread(target=self.serve_forever)

    @property
    def address(self) -> str:
        """The value for the environment variable AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self.server_port}"

    def __enter__(self) -> "RuntimeApi":
        self.thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.events.put(None)
        self.shutdown()
        self.thread.join()
        self.server_close()

    def invoke(self, event: bytes, timeout: float) -> tuple[str, Any]:
        """Serves one event, as JSON; returns the last part of the path that the runtime posts
        to ('response' or 'error') and the decoded body. Raises queue.Empty after `timeout` s.
        """
        self.events.put(event)
        return self.answers.get(timeout=timeout)


class RuntimeApiHandler(BaseHTTPRequestHandler):
    server: RuntimeApi

    def do_GET(self) -> None:
        assert self.path == f"{RUNTIME}/invocation/next"
        event = self.server.events.get()
        if event is None:
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(event)))
        self.send_header("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 60_000))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", FUNCTION_ARN)
        self.end_headers()
        self.wfile.write(event)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.answers.put((self.path.rpartition("/")[2], json.loads(body)))

    def log_message(self, *arguments: object) -> None:
        """Logs nothing."""
