"""An https server that plays the marketplaces: answers by path, and remembers who asked."""

import contextlib
import ssl
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Shop(ThreadingHTTPServer):
    """Answers by path: (status, headers, body); HEAD may be answered otherwise."""

    daemon_threads = True

    def __init__(self, certificate):
        super().__init__(("127.0.0.1", 0), Door)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        # Hands are shaken in the thread of each client: one that stays silent holds nobody up.
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )
        self.answers, self.asked, self.agents, self.dripping = {}, [], set(), set()

    def handle_error(self, request, client_address):
        """A client that refuses the certificate is no error of the test."""


class Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        host = self.headers["Host"]
        self.server.asked.append((self.command, host + self.path))
        self.server.agents.add(self.headers["User-Agent"])
        known = self.server.answers
        if self.path in self.server.dripping:
            for _ in range(200):
                try:
                    self.wfile.write(b"H")
                except OSError:
                    return
                time.sleep(0.1)
            return
        found = known.get((self.command, self.path), known.get(self.path, (404, {}, b"")))
        status, headers, body = found
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            with contextlib.suppress(OSError):
                self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815  the name that the library looks for

    def log_message(self, *_):
        pass
