"""Asking marketplaces whether an address is there: politely, and never anybody else.

Only https, only hosts of the marketplace, only public addresses: the name is resolved once, every
address it has must be public, and the connection goes to the very address that was looked at. So
neither a redirect nor a name that changes its mind leads into the network the worker stands in.
The standard library's client is enough for that; the common HTTP libraries resolve by themselves.
"""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from traceability.linking.links import is_within

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]

_CONNECT_S = 10.0
# The whole of one exchange; an answer that drips is cut.
_WHOLE_S = 20.0
_MOST_REDIRECTS = 5
# What RFC 3986 admits in an address.
_ADDRESS = ":/?#[]@!$&'()*+,;=%-._~"
_NAT64 = IPv6Network("64:ff9b::/96")


class NoAnswerError(Exception):
    """There is no answer to judge by; `reason` is one of `listing_checks.ERRORS`."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        """Keep the reason, and the status that led to it."""
        super().__init__(reason)
        self.reason, self.status = reason, status


@dataclass(frozen=True, slots=True)
class Reply:
    """The last answer after all redirects."""

    status: int
    url: str
    body: bytes
    retry_after: timedelta | None


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: Address) -> bool:
    """Whether an address is on the open internet, also when it is wrapped in another."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


@dataclass(frozen=True)
class Fetcher:
    """Fetches addresses of marketplaces.

    Args (fields):
        agent: The User-Agent, with where to complain.
        resolve: Names to addresses.
        admits: Which addresses may be connected to.
        port: Where https is spoken.
        context: Trusted authorities; None: the system's.
        whole_s: Seconds for one exchange, however busily the other side drips.
    """

    agent: str
    resolve: Resolve = resolve
    admits: Callable[[Address], bool] = is_public
    port: int = 443
    context: ssl.SSLContext | None = None
    whole_s: float = _WHOLE_S

    def fetch(
        self,
        url: str,
        hosts: Sequence[str],
        *,
        method: str,
        most_bytes: int,
        may: Callable[[str], bool] = lambda _url: True,
    ) -> Reply:
        """Ask for an address and follow redirects within the hosts.

        Args:
            url: An https address.
            hosts: The only ones that may be asked, with their subdomains.
            method: GET or HEAD.
            most_bytes: The rest of a body is left unread.
            may: Whether an address that a redirect leads to lets programs ask for it.

        Raises:
            NoAnswerError: With the reason.
        """
        first: int | None = None
        for _ in range(_MOST_REDIRECTS + 1):
            parts = urlsplit(url)
            host = (parts.hostname or "").lower()
            try:
                odd_port = parts.port not in (None, 443)
            except ValueError:
                odd_port = True
            known = any(is_within(host, domain) for domain in hosts)
            if parts.scheme != "https" or odd_port or parts.username is not None or not known:
                raise NoAnswerError("redirect-elsewhere", first)
            status, headers, body = self._exchange(host, parts, method, most_bytes)
            target = headers.get("Location")
            if status not in (301, 302, 303, 307, 308) or not target:
                return Reply(status, url, body, _retry_after(headers.get("Retry-After")))
            first = first or status
            try:
                # Bare letters, which the client reads as Latin-1, are escaped as browsers do.
                url = urljoin(url, quote(target.strip().encode("latin-1"), safe=_ADDRESS))
                within = any(is_within(urlsplit(url).hostname or "", each) for each in hosts)
            except ValueError as error:
                raise NoAnswerError("bad-answer", status) from error
            if within and not may(url):
                raise NoAnswerError("not-allowed", status)
        raise NoAnswerError("too-many-redirects", first)

    def _exchange(
        self, host: str, parts: SplitResult, method: str, most_bytes: int
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        late = threading.Event()
        try:
            with self._connected(host, late) as connection:
                connection.request(
                    method,
                    path,
                    headers={
                        "User-Agent": self.agent,
                        "Accept": "text/html,*/*;q=0.5",
                        "Accept-Language": "vi,en;q=0.5",
                        "Connection": "close",
                    },
                )
                answer = connection.getresponse()
                body = answer.read(most_bytes)
                answer.close()
        except NoAnswerError:
            raise
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswerError(_reason(error, late)) from error
        if late.is_set():
            raise NoAnswerError("timeout")
        return answer.status, answer.headers, body

    @contextlib.contextmanager
    def _connected(self, host: str, late: threading.Event) -> Iterator[http.client.HTTPSConnection]:
        raw = socket.create_connection((self._address(host), self.port), timeout=_CONNECT_S)
        context = self.context or ssl.create_default_context()
        # The handshake comes after the timer: it can be dripped as well.
        with context.wrap_socket(
            raw, server_hostname=host, do_handshake_on_connect=False
        ) as secured:
            cut = threading.Timer(self.whole_s, _cut, (secured, late))
            cut.daemon = True
            cut.start()
            try:
                secured.do_handshake()
                connection = http.client.HTTPSConnection(host)
                connection.sock = secured
                yield connection
            finally:
                cut.cancel()

    def _address(self, host: str) -> str:
        try:
            found = self.resolve(host, self.port)
        except (OSError, UnicodeError) as error:
            raise NoAnswerError("no-host") from error
        if not found:
            raise NoAnswerError("no-host")
        # A name with one inner address among public ones is none that a marketplace has.
        if not all(self.admits(ip_address(each.partition("%")[0])) for each in found):
            raise NoAnswerError("private-address")
        return found[0]


def _cut(connection: socket.socket, late: threading.Event) -> None:
    late.set()
    with contextlib.suppress(OSError):
        # Of the plain socket below: what waits for it wakes up.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _reason(error: Exception, late: threading.Event) -> str:
    if late.is_set() or isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ssl.SSLError):
        return "no-certificate"
    return "no-connection" if isinstance(error, OSError) else "bad-answer"


def _retry_after(value: str | None) -> timedelta | None:
    """RFC 9110 section 10.2.3: seconds, or a date."""
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit() and len(value) < 10:
        return timedelta(seconds=int(value))
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(moment - datetime.now(UTC), timedelta(0))
