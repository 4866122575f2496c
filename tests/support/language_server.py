"""Asks pyright's language server, as an editor does. It is the core of VS Code's Pylance."""

import contextlib
import json
import subprocess
import sys


@contextlib.contextmanager
def started(folder):
    """A server for the programs in `folder`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pyright.langserver", "--stdio"],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        try:
            yield _Server(process, folder)
        finally:
            process.kill()


class _Server:
    def __init__(self, process, folder):
        self._process = process
        self._requests = 0
        self._settings = {"pythonPath": sys.executable}
        self._request(
            "initialize",
            processId=None,
            rootUri=folder.as_uri(),
            workspaceFolders=[{"uri": folder.as_uri(), "name": "folder"}],
            capabilities={
                "textDocument": {"hover": {"contentFormat": ["plaintext"]}},
                "workspace": {"configuration": True},
            },
        )
        self._send(method="initialized", params={})

    def open(self, path):
        document = {"uri": path.as_uri(), "languageId": "python", "version": 1}
        document["text"] = path.read_text(encoding="utf-8")
        self._send(method="textDocument/didOpen", params={"textDocument": document})

    def hover(self, path, line, column):
        """The text that the editor shows for the name at this place, both from 0."""
        shown = self._request(
            "textDocument/hover",
            textDocument={"uri": path.as_uri()},
            position={"line": line, "character": column},
        )
        return shown["contents"]["value"]

    def _request(self, method, **params):
        self._requests += 1
        self._send(id=self._requests, method=method, params=params)
        while True:
            message = self._receive()
            if "method" not in message and message["id"] == self._requests:
                return message["result"]
            if "id" in message:
                self._answer(message)

    def _answer(self, request):
        result = None
        if request["method"] == "workspace/configuration":
            sections = [item.get("section") for item in request["params"]["items"]]
            result = [self._settings if each == "python" else {} for each in sections]
        self._send(id=request["id"], result=result)

    def _send(self, **message):
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(content), content))
        self._process.stdin.flush()

    def _receive(self):
        size = 0
        while header := self._process.stdout.readline().strip():
            name, _, value = header.partition(b": ")
            if name == b"Content-Length":
                size = int(value)
        return json.loads(self._process.stdout.read(size))
