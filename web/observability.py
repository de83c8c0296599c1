"""Logs with a request id, and how long requests take."""

import re
import secrets
import sys
import time

import structlog
from flask import Flask, Response, g, request
from prometheus_client import Histogram

SECONDS = Histogram("http_request_seconds", "Seconds to answer", ["endpoint", "method", "status"])
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def install(app: Flask) -> None:
    """Log one line per failing or slow request; count and time all."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer()
            if sys.stderr.isatty()
            else structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )

    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if _SAFE_ID.fullmatch(given) else secrets.token_hex(8)
        g.began = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        if "began" in g:
            seconds = time.perf_counter() - g.began
            # Each new value is a new series for ever: strangers must not be able to invent them.
            method = request.method if request.method in _METHODS else "other"
            SECONDS.labels(request.endpoint or "none", method, response.status_code).observe(
                seconds
            )
        return response
