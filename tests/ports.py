"""Ports for servers that another process opens a while after they were chosen."""

import secrets
import socket

# Below those that Linux gives to whoever asks for any (net.ipv4.ip_local_port_range): between the
# choice and the opening, no connection of a browser and no other test gets one of these.
_FIRST, _COUNT = 20_000, 12_000


def choose_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    while True:
        port = _FIRST + secrets.randbelow(_COUNT)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
