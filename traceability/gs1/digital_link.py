"""GS1 Digital Link addresses: `/01/09520000100025/10/L2610/21/7K3Q9MHD4T2X`. Pure rules.

Grammar: GS1 Digital Link Standard, URI Syntax 1.6, sections 4 and 5; what values hold:
`traceability.gs1`. A value may hold an encoded slash (`%2F`), so only the raw request path is
parsed, never one that a web server has already decoded.

A `DigitalLink` that exists is valid: the constructor checks it. It may have any primary key of GS1;
`KEYS` are those that the resolver of this site serves.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

from traceability.errors import InvalidIdentifierError
from traceability.gs1.elements import check_beside, check_value, parse_elements
from traceability.gs1.identifiers import gtin14
from traceability.gs1.table import find, identifiers, primary_keys

Qualifiers = tuple[tuple[str, str], ...]

# The primary keys that the resolver serves, with the sequences of qualifiers each admits.
KEYS = {key: primary_keys()[key] for key in ("01", "00", "414", "417", "8004")}

# Where an answer is looked for when the address itself has none, nearest first; a serial outranks
# a lot (GS1-Conformant Resolver Standard 1.2, section 2.5.9 rule 4).
_ITEM_LEVELS = (("22", "10", "21"), ("235",), ("21",), ("22", "10"), ("10",), ("22",), ())
_LEVELS = {
    key: _ITEM_LEVELS if key in ("01", "8006") else (*(one for one in sequences if one), ())
    for key, sequences in primary_keys().items()
}

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SCHEMES = ("http://", "https://", "HTTP://", "HTTPS://")
_HOST = re.compile(r"(?:[0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_SHORT_GTINS = frozenset({8, 12, 13})
# The words that stood in place of numbers until URI Syntax 1.2, for the keys served here.
FORMER_NAMES = {
    "gtin": "01",
    "sscc": "00",
    "gln": "414",
    "party": "417",
    "giai": "8004",
    "cpv": "22",
    "lot": "10",
    "ser": "21",
    "glnx": "254",
}
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
        sequences = primary_keys().get(self.key)
        if sequences is None:
            raise InvalidIdentifierError(
                f"{self.key!r} is not a key that a GS1 Digital Link begins with;"
                f" those are {', '.join(primary_keys())}."
            )
        check_value(self.key, self.value)
        if self.qualifiers:
            names = tuple(name for name, _ in self.qualifiers)
            if not any(_in_order(names, sequence) for sequence in sequences):
                raise InvalidIdentifierError(_misplaced(self.key, names, sequences))
            for name, value in self.qualifiers:
                check_value(name, value)

    @property
    def path(self) -> str:
        """The canonical raw path, percent-encoded, without a final slash."""
        parts = ((self.key, self.value), *self.qualifiers)
        return "".join(f"/{name}/{quote(value, safe=_UNRESERVED)}" for name, value in parts)

    @property
    def root(self) -> "DigitalLink":
        """The same primary key alone."""
        return self._narrowed(())

    def uri(self, base: str) -> str:
        """Write the full address below a base such as `https://example.vn`."""
        return base.rstrip("/") + self.path

    def get(self, name: str) -> str | None:
        """Return the value of a qualifier (such as `10`, the lot), or None."""
        return dict(self.qualifiers).get(name)

    def levels(self) -> Iterator["DigitalLink"]:
        """Yield where to look for an answer: this very thing first, its bare key last."""
        yield self
        if not self.qualifiers:
            return
        held = dict(self.qualifiers)
        for names in _LEVELS[self.key]:
            if len(names) <= len(held) and all(name in held for name in names):
                qualifiers = tuple((name, held[name]) for name in names)
                if qualifiers != self.qualifiers:
                    yield self._narrowed(qualifiers)

    def _narrowed(self, qualifiers: Qualifiers) -> "DigitalLink":
        # Parts of what was checked are not checked again: this runs for every scan.
        made = object.__new__(DigitalLink)
        for name, value in (
            ("key", self.key),
            ("value", self.value),
            ("qualifiers", qualifiers),
        ):
            object.__setattr__(made, name, value)
        return made


def parse_path(raw_path: str) -> DigitalLink:
    """Parse the raw (still percent-encoded) path of an address; one final slash is tolerated.

    Raises:
        InvalidIdentifierError: Any breach of the grammar or of a component's rule.
    """
    raw_pairs = split_pairs(raw_path)
    if any(name in FORMER_NAMES for name, _ in raw_pairs):
        _explain_former_names(raw_pairs)
    (key, value), *qualifiers = [(name, decode_segment(value)) for name, value in raw_pairs]
    if key == "01" and len(value) in _SHORT_GTINS:
        _explain_short_gtin(value, raw_path)
    return DigitalLink(key, value, tuple(qualifiers))


def parse_uri(uri: str) -> DigitalLink:
    """Parse a full http(s) address whose path ends with a Digital Link; its query is left aside.

    The path may begin with folders of its owner's (`/shop/01/…`).

    Raises:
        InvalidIdentifierError: Another scheme, an odd host, or a path that does not parse.
    """
    try:
        parts = urlsplit(uri)
    except ValueError as error:
        raise InvalidIdentifierError(f"{uri!r} is not an address.") from error
    if not uri.startswith(_SCHEMES) or not _HOST.fullmatch(parts.netloc):
        raise InvalidIdentifierError(f"{uri!r} is not a plain http or https address.")
    return parse_path(_without_stem(parts.path))


def parse_element_link(text: str) -> DigitalLink:
    """Read the thing that a written element string names: `(01)…(17)…(10)…`; attributes are left.

    Raises:
        InvalidIdentifierError: No element string, or none of its elements is a primary key.
    """
    elements = dict(parse_elements(text))
    for key, sequences in primary_keys().items():
        if key in elements:
            kept = max(sequences, key=lambda names: sum(name in elements for name in names))
            qualifiers = tuple((name, elements[name]) for name in kept if name in elements)
            return DigitalLink(key, elements[key], qualifiers)
    raise InvalidIdentifierError(
        f"{text[:60]!r} names nothing: it holds none of the keys {', '.join(primary_keys())}."
    )


def check_query(link: DigitalLink, raw_query: str) -> None:
    """Check the attributes in the raw query of a Digital Link; other parameters are nobody's here.

    A name of digits only is an application identifier; `&` and `;` separate (URI Syntax 4.7), `+`
    is a blank, which no value holds.

    Raises:
        InvalidIdentifierError: An unknown identifier, one that is no attribute or belongs into the
            path, one given twice, an empty or wrong value, or one that never stands beside another.
    """
    if not raw_query:
        return
    given = {link.key, *(name for name, _ in link.qualifiers)}
    attributes: list[str] = []
    for part in raw_query.replace(";", "&").split("&"):
        name, _, value = part.partition("=")
        if "%" in name:
            name = unquote(name)
        if not (name.isascii() and name.isdigit()):
            continue
        if name not in identifiers():
            raise InvalidIdentifierError(
                f"There is no GS1 application identifier ({name}), and a parameter of another kind"
                " has a letter in its name."
            )
        _check_attribute(link, name, decode_segment(value.replace("+", " ")))
        if name in given:
            raise InvalidIdentifierError(f"({name}) is given twice in this address.")
        given.add(name)
        attributes.append(name)
    if attributes:
        check_beside(sorted(given))


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
    if address.endswith(("?", "&")):
        joint = ""
    return f"{address}{joint}{query}{hash_mark}{fragment}"


def split_pairs(raw_path: str) -> list[tuple[str, str]]:
    """Split a raw path into (name, still encoded value); one final slash is tolerated.

    Raises:
        InvalidIdentifierError: No leading slash, an empty segment, or a name without value.
    """
    start, *segments = raw_path.removesuffix("/").split("/")
    if start or not segments:
        raise InvalidIdentifierError(f"{raw_path!r} holds no code, such as /01/09520009000012.")
    if "" in segments:
        raise InvalidIdentifierError(f"{raw_path!r} holds nothing between two slashes.")
    # What RFC 3986 calls equal is equal: a digit may be written %XX as well.
    names = [unquote(name) for name in segments[::2]]
    if len(segments) % 2:
        raise InvalidIdentifierError(
            f"{raw_path!r} ends with {names[-1]!r} and no value of it: each name in the path has"
            " its value after it."
        )
    return list(zip(names, segments[1::2], strict=True))


def decode_segment(segment: str) -> str:
    """Undo the percent-encoding of one value.

    Raises:
        InvalidIdentifierError: A stray `%`, or bytes outside ASCII.
    """
    if "%" in segment:
        if _BAD_ESCAPE.search(segment):
            raise InvalidIdentifierError(f"{segment!r} holds a % that begins no %XX.")
        decoded = unquote_to_bytes(segment)
        if decoded.isascii():
            return decoded.decode("ascii")
    elif segment.isascii():
        return segment
    raise InvalidIdentifierError(f"{segment!r} holds characters outside the set that GS1 admits.")


def _check_attribute(link: DigitalLink, number: str, value: str) -> None:
    identifier = find(number)
    if not value:
        raise InvalidIdentifierError(f"({number}) is given without a value.")
    if _belongs_into_path(link, number):
        raise InvalidIdentifierError(
            f"({number}) says what thing it is: it belongs into the path,"
            f" /{link.key}/…/{number}/…, not into the query."
        )
    if not identifier.may_be_attribute:
        raise InvalidIdentifierError(
            f"({number}) may not stand in the query of an address that begins with ({link.key})."
        )
    if number == "01" and len(value) in _SHORT_GTINS:
        value = value.zfill(14)
    identifier.check(value)


def _belongs_into_path(link: DigitalLink, number: str) -> bool:
    names = {name for name, _ in link.qualifiers}
    return any(
        number in sequence and names.issubset(sequence) for sequence in primary_keys()[link.key]
    )


def _in_order(names: tuple[str, ...], sequence: tuple[str, ...]) -> bool:
    remaining = iter(sequence)
    return all(name in remaining for name in names)


def _misplaced(key: str, names: tuple[str, ...], sequences: tuple[tuple[str, ...], ...]) -> str:
    admitted = ", or ".join("/".join(sequence) for sequence in sequences if sequence)
    takes = f"({key}) takes {admitted}, in this order" if admitted else f"({key}) takes nothing"
    sentence = f"The path goes on with {', '.join(map(repr, names))} after its key: {takes}."
    for name in names:
        found = identifiers().get(name)
        if found is not None and found.may_be_attribute and not _is_qualifier(key, name):
            sentence += f" ({name}) belongs into the query: ?{name}=…"
    return sentence


def _is_qualifier(key: str, name: str) -> bool:
    return any(name in sequence for sequence in primary_keys()[key])


def _explain_former_names(raw_pairs: list[tuple[str, str]]) -> None:
    address = "".join(f"/{FORMER_NAMES.get(name, name)}/{value}" for name, value in raw_pairs)
    words = " and ".join(repr(name) for name, _ in raw_pairs if name in FORMER_NAMES)
    raise InvalidIdentifierError(
        f"A GS1 Digital Link has numbers in place of {words} today: ask for {address}.",
        address=address,
    )


def _explain_short_gtin(value: str, raw_path: str) -> None:
    whole = gtin14(value)
    rest = raw_path.removeprefix(f"/01/{value}")
    address = f"/01/{whole}{rest}" if rest != raw_path else f"/01/{whole}"
    raise InvalidIdentifierError(
        f"A GTIN in an address has 14 digits, {value!r} has {len(value)}: ask for {address}.",
        address=address,
    )


def _without_stem(path: str) -> str:
    segments = path.removesuffix("/").split("/")
    # The last primary key with whole pairs after it begins the link; none of them is a qualifier.
    for place in range(len(segments) - 2, 0, -2):
        if segments[place] in primary_keys():
            return "/" + "/".join(segments[place:])
    return path
