"""The addresses of the site, and whether they are free.

Only the standard library: `make run` asks before any set-up.
"""

import os
import socket
import sys


def wanted_address() -> tuple[str, int]:
    """Read HOST and PORT from the environment.

    Raises:
        ValueError: When PORT is no port, or HOST no address of this machine; the text says so.
    """
    host = os.environ.get("HOST") or "127.0.0.1"
    given = os.environ.get("PORT") or "8000"
    if not given.isascii() or not given.isdigit() or not 1 <= int(given) <= 65535:
        raise ValueError(f"PORT must be a number from 1 to 65535, not {given!r}.")
    return host, int(given)


def check_free(host: str, port: int) -> None:
    """Raise ValueError, saying what to do, when nothing can listen there."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise ValueError(f"HOST {host} is not known: {error.strerror}.") from error
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        # As the web server does: connections of the last run that linger do not count.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(1)
        except PermissionError as error:
            raise ValueError(f"Port {port} needs more rights: choose one from 1024 on.") from error
        except OSError as error:
            if "in use" not in str(error):
                raise ValueError(f"HOST {host} cannot be used: {error.strerror}.") from error
            raise ValueError(
                f"Port {port} of {host} is taken: `make stop` when it is an earlier `make run`,"
                f" else stop that program or take another port: PORT={port + 1} make run"
            ) from error


def local_address(host: str, port: int) -> str:
    """The address under which this machine itself finds the site."""
    if host in {"0.0.0.0", ""}:
        return f"http://127.0.0.1:{port}"
    if host == "::":
        return f"http://[::1]:{port}"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def lan_address(host: str) -> str | None:
    """The address under which others find this machine, or None when only it may."""
    if host in {"localhost", "::1"} or host.startswith("127."):
        return None
    if host not in {"0.0.0.0", "::", ""}:
        return f"[{host}]" if ":" in host else host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: asks which interface would be taken
        except OSError:
            return None
        return str(probe.getsockname()[0])


if __name__ == "__main__":
    try:
        check_free(*wanted_address())
    except ValueError as problem:
        sys.exit(str(problem))
