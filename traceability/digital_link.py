"""GS1 Digital Link addresses: `/01/09520000100025/10/L2610/21/7K3Q9MHD4T2X`. Pure rules.

Grammar and tables: GS1 Digital Link Standard, URI Syntax 1.6, sections 4 and 5; component rules:
GS1 Barcode Syntax Dictionary. A value may hold an encoded slash (`%2F`), so only the raw request
path is parsed, never one that a web server has already decoded. Each key's alternatives of
qualifiers stand in the order in which the address must give them.

A `DigitalLink` that exists is valid: the constructor checks it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes, urlsplit

from traceability.errors import InvalidIdentifierError
from traceability.identifiers import element, gln, gtin14, sscc

Qualifiers = tuple[tuple[str, str], ...]

# The sequences of qualifiers each primary key admits.
KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "01": (("22", "10", "21"), ("235",)),
    "00": ((),),
    "414": (("254",), ("7040",)),
    "417": (("7040",),),
    "8004": (("7040",),),
}

# Where an answer is looked for when the address itself has none, nearest first; a serial outranks
# a lot (GS1-Conformant Resolver Standard 1.2, section 2.5.9 rule 4).
_LEVELS: dict[str, tuple[tuple[str, ...], ...]] = {
    "01": (("22", "10", "21"), ("235",), ("21",), ("22", "10"), ("10",), ("22",), ()),
    "00": ((),),
    "414": (("254",), ("7040",), ()),
    "417": (("7040",), ()),
    "8004": (("7040",), ()),
}

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UIC = re.compile(r"[0-9].{2}[-0-9A-Z_a-z]", re.DOTALL)
# RFC 3986 unreserved characters stay as they are, all others are written %XX.
_UNRESERVED = "-._~"


@dataclass(frozen=True, slots=True)
class DigitalLink:
    """One identified thing: a primary key and, below it, its qualifiers in the standard's order."""

    key: str
    value: str
    qualifiers: Qualifiers = ()

    def __post_init__(self) -> None:
        """Check every component.

        Raises:
            InvalidIdentifierError: An unknown key, a component that breaks its rule, or qualifiers
                that this key does not take, not in this order, or not together.
        """
        if self.key not in KEYS:
            raise InvalidIdentifierError(
                f"{self.key!r} is not a key this resolver serves; it serves {', '.join(KEYS)}."
            )
        _check(self.key, self.value)
        names = tuple(name for name, _ in self.qualifiers)
        if not any(_in_order(names, sequence) for sequence in KEYS[self.key]):
            raise InvalidIdentifierError(
                f"After key {self.key} the qualifiers {', '.join(names)} are not admitted together"
                " in this order."
            )
        for name, value in self.qualifiers:
            _check(name, value)

    @property
    def path(self) -> str:
        """The canonical raw path, percent-encoded, without a final slash."""
        parts = ((self.key, self.value), *self.qualifiers)
        return "".join(f"/{name}/{quote(value, safe=_UNRESERVED)}" for name, value in parts)

    def uri(self, base: str) -> str:
        """Write the full address below a base such as `https://example.vn`."""
        return base.rstrip("/") + self.path

    def get(self, name: str) -> str | None:
        """Return the value of a qualifier (such as `10`, the lot), or None."""
        return dict(self.qualifiers).get(name)

    def levels(self) -> Iterator["DigitalLink"]:
        """Yield where to look for an answer: this very thing first, its bare key last."""
        yield self
        held = dict(self.qualifiers)
        for names in _LEVELS[self.key]:
            if held.keys() >= set(names):
                level = DigitalLink(self.key, self.value, tuple((n, held[n]) for n in names))
                if level != self:
                    yield level


def parse_path(raw_path: str) -> DigitalLink:
    """Parse the raw (still percent-encoded) path of an address; one final slash is tolerated.

    Raises:
        InvalidIdentifierError: Any breach of the grammar or of a component's rule.
    """
    pairs = [(name, decode_segment(value)) for name, value in split_pairs(raw_path)]
    (key, value), *qualifiers = pairs
    return DigitalLink(key, value, tuple(qualifiers))


def parse_uri(uri: str) -> DigitalLink:
    """Parse a full http(s) address whose path is a Digital Link; its query is left aside.

    Raises:
        InvalidIdentifierError: Another scheme, or a path that does not parse.
    """
    try:
        parts = urlsplit(uri)
    except ValueError as error:
        raise InvalidIdentifierError(f"{uri!r} is not an address.") from error
    if parts.scheme.lower() not in {"http", "https"} or not parts.netloc:
        raise InvalidIdentifierError(f"{uri!r} is not an http or https address.")
    return parse_path(parts.path)


def product_link(gtin: str, lot: str | None = None, serial: str | None = None) -> DigitalLink:
    """Build the link of a trade item, its lot and its serial (any GTIN length is brought to 14).

    Raises:
        InvalidIdentifierError: When a component breaks its rule.
    """
    given = (("10", lot), ("21", serial))
    return DigitalLink("01", gtin14(gtin), tuple((n, v) for n, v in given if v is not None))


def with_query(target: str, query: str) -> str:
    """Pass a request's raw query string on to a target, unchanged (resolver standard 2.12).

    Joined with `?`, or `&` where the target has a query of its own; before its fragment.
    """
    if not query:
        return target
    address, hash_mark, fragment = target.partition("#")
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}{query}{hash_mark}{fragment}"


def split_pairs(raw_path: str) -> list[tuple[str, str]]:
    """Split a raw path into (name, still encoded value); one final slash is tolerated.

    Raises:
        InvalidIdentifierError: No leading slash, fewer than two segments, or a name without value.
    """
    segments = raw_path.removesuffix("/").split("/")
    if segments[0] or len(segments) < 3:
        raise InvalidIdentifierError(f"{raw_path!r} holds no code: /key/value is the least.")
    if not len(segments) % 2:
        raise InvalidIdentifierError(
            f"{raw_path!r} names {segments[-1]!r} without a value: keys and values come in pairs."
        )
    return list(zip(segments[1::2], segments[2::2], strict=True))


def _in_order(names: tuple[str, ...], sequence: tuple[str, ...]) -> bool:
    remaining = iter(sequence)
    return all(name in remaining for name in names)


def decode_segment(segment: str) -> str:
    """Undo the percent-encoding of one value.

    Raises:
        InvalidIdentifierError: A stray `%`, or bytes outside ASCII.
    """
    if _BAD_ESCAPE.search(segment):
        raise InvalidIdentifierError(f"{segment!r} holds a % that begins no %XX.")
    try:
        return unquote_to_bytes(segment).decode("ascii")
    except UnicodeDecodeError as error:
        raise InvalidIdentifierError(
            f"{segment!r} holds characters outside the set that GS1 admits."
        ) from error


def _check(name: str, value: str) -> None:
    _CHECKS[name](name, value)


def _numeric(normalise: Callable[[str], str], length: int) -> Callable[[str, str], None]:
    def check(name: str, value: str) -> None:
        if len(value) != length or normalise(value) != value:
            raise InvalidIdentifierError(
                f"({name}) has exactly {length} digits; {value!r} has not."
            )

    return check


def _text(longest: int) -> Callable[[str, str], None]:
    def check(_name: str, value: str) -> None:
        element(value, longest)

    return check


def _asset(name: str, value: str) -> None:
    _text(30)(name, value)
    # A GIAI begins with its owner's GS1 company prefix, of at least four digits.
    if not re.match(r"[0-9]{4}", value):
        raise InvalidIdentifierError(f"({name}) begins with a company prefix; {value!r} does not.")


def _extension(name: str, value: str) -> None:
    _text(4)(name, value)
    if not _UIC.fullmatch(value):
        raise InvalidIdentifierError(f"({name}) is a digit and three characters, not {value!r}.")


_CHECKS: dict[str, Callable[[str, str], None]] = {
    "00": _numeric(sscc, 18),
    "01": _numeric(gtin14, 14),
    "10": _text(20),
    "21": _text(20),
    "22": _text(20),
    "235": _text(28),
    "254": _text(20),
    "414": _numeric(gln, 13),
    "417": _numeric(gln, 13),
    "7040": _extension,
    "8004": _asset,
}
