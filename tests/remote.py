"""A real server in this process, and clients of it: what a test of many at once needs."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

from flask import Flask
from werkzeug.serving import make_server

from tests.editing_factories import MERGE_PATCH


@contextmanager
def serving(app: Flask) -> Iterator[int]:
    """Serve the application with real threads; gives the port."""
    app.extensions["langbiang.limiter"].enabled = False
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.port
    finally:
        server.shutdown()
        server.server_close()


class Remote:
    """One connection, as one person's program holds it."""

    def __init__(self, port: int, token: str) -> None:
        """Connect when the first request is sent."""
        self.connection = HTTPConnection("127.0.0.1", port, timeout=120)
        self.token = token

    def send(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any, Any]:
        """One request; gives the status, the headers and the document."""
        kind = MERGE_PATCH if method == "PATCH" else "application/json"
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        text = None if body is None else json.dumps(body)
        self.connection.request(method, path, text, sent)
        answer = self.connection.getresponse()
        return answer.status, answer.headers, json.loads(answer.read() or b"null")


def at_once(works: list[Any]) -> None:
    """Run works in threads that start together.

    Raises:
        AssertionError: With the first few errors.
    """
    barrier, failures = threading.Barrier(len(works), timeout=120), []

    def run(work: Any) -> None:
        barrier.wait()
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[:3]
