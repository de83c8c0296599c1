"""The table of application identifiers, read once from identifiers.tsv."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from traceability.errors import InvalidIdentifierError
from traceability.gs1.components import RULES, Rule
from traceability.gs1.identifiers import CSET82

Sequences = tuple[tuple[str, ...], ...]

_ALPHABETS = {
    "d": "0123456789",
    "t": "".join(sorted(CSET82)),
    "p": "#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "b": "-0123456789=ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz",
}
_SHAPE = re.compile(r"(\??)([dtpb])(?:(\d+)-)?(\d+)")


@dataclass(frozen=True, slots=True)
class Part:
    """One component of a value: its alphabet (d, t, p or b), its length, the rules it keeps."""

    alphabet: str
    least: int
    most: int
    is_optional: bool
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Identifier:
    """One application identifier.

    `key` holds the sequences of qualifiers where it is a primary key of a Digital Link, None where
    it is none; of `needed` one group must stand beside it, of `excluded` none may. Both hold
    patterns, in which `n` is any digit.
    """

    number: str
    parts: tuple[Part, ...]
    key: Sequences | None
    may_be_attribute: bool
    ends_itself: bool
    needed: tuple[frozenset[str], ...]
    excluded: frozenset[str]
    _pattern: re.Pattern[str]
    _rules: tuple[tuple[int, Rule], ...]

    @property
    def length(self) -> tuple[int, int]:
        """The least and the greatest number of characters."""
        least = sum(part.least for part in self.parts if not part.is_optional)
        return least, sum(part.most for part in self.parts)

    def check(self, value: str) -> None:
        """Check a value.

        Raises:
            InvalidIdentifierError: It is too short or too long, holds other characters, or breaks
                a rule of one of its parts.
        """
        found = self._pattern.fullmatch(value)
        if found is None:
            raise InvalidIdentifierError(self._misshapen(value))
        for group, rule in self._rules:
            part = found[group]
            if part is not None and (wrong := rule(part)) is not None:
                raise InvalidIdentifierError(f"({self.number}) {value}: {wrong}.")

    def _misshapen(self, value: str) -> str:
        shown = f"({self.number}) {value!r}"
        least, most = self.length
        kind = "digits" if {part.alphabet for part in self.parts} == {"d"} else "characters"
        if not least <= len(value) <= most:
            span = f"{least}" if least == most else f"{least} to {most}"
            held = f"{len(value)} character{'s' if len(value) != 1 else ''}"
            return f"{shown} has {held}; ({self.number}) has {span} {kind}."
        admitted = set().union(*(_ALPHABETS[part.alphabet] for part in self.parts))
        if strange := sorted(set(value) - admitted):
            return f"{shown} holds {''.join(strange)!r}, which GS1 does not admit there."
        return f"{shown} does not have the form of ({self.number}): {self._form()}."

    def _form(self) -> str:
        words = {"d": "digit", "t": "character", "p": "capital", "b": "base64url character"}
        spans = (
            (f"{part.least} to {part.most}" if part.least != part.most else f"{part.most}")
            + f" {words[part.alphabet]}{'s' if part.most > 1 else ''}"
            + (" or nothing" if part.is_optional else "")
            for part in self.parts
        )
        return ", then ".join(spans)


@cache
def identifiers() -> dict[str, Identifier]:
    """All application identifiers by number."""
    table = files("traceability.gs1").joinpath("identifiers.tsv").read_text("utf-8")
    rows = (line for line in table.splitlines() if not line.startswith(("#", "number")))
    return {each.number: each for row in rows for each in _read(row)}


def find(number: str) -> Identifier:
    """Return an application identifier.

    Raises:
        InvalidIdentifierError: There is none of this number.
    """
    try:
        return identifiers()[number]
    except KeyError:
        raise InvalidIdentifierError(
            f"There is no GS1 application identifier ({number})."
        ) from None


@cache
def primary_keys() -> dict[str, Sequences]:
    """The sequences of qualifiers of each primary key of a Digital Link."""
    return {each.number: each.key for each in identifiers().values() if each.key is not None}


def matches(number: str, pattern: str) -> bool:
    """Whether a number fits a pattern such as `310n`."""
    return len(number) == len(pattern) and all(
        wanted in ("n", digit) for digit, wanted in zip(number, pattern, strict=True)
    )


def _read(row: str) -> Iterator[Identifier]:
    first, last, parts, key, query, ends, needed, excluded = (row.split("\t") + [""] * 8)[:8]
    read = tuple(_read_part(part) for part in parts.split("; "))
    for number in range(int(first), int(last or first) + 1):
        name = f"{number:0{len(first)}}"
        yield Identifier(
            number=name,
            parts=read,
            key=_read_key(key),
            may_be_attribute=bool(query),
            ends_itself=bool(ends),
            needed=tuple(frozenset(group.split("+")) for group in needed.split()),
            excluded=frozenset(
                f"{name[:3]}n" if word == "family" else word for word in excluded.split()
            ),
            _pattern=_pattern(read),
            _rules=tuple(
                (place, RULES[rule])
                for place, part in enumerate(read, start=1)
                for rule in part.rules
            ),
        )


def _read_part(text: str) -> Part:
    shape, *rules = text.split()
    found = _SHAPE.fullmatch(shape)
    assert found is not None, f"{shape} is no shape of a part"
    optional, alphabet, least, most = found.groups()
    if alphabet == "b":
        rules = ["padding", *rules]
    return Part(alphabet, int(least or most), int(most), bool(optional), tuple(rules))


def _read_key(text: str) -> Sequences | None:
    if not text:
        return None
    if text == "alone":
        return ((),)
    return tuple(tuple(sequence.split(" > ")) for sequence in text.split(" | "))


def _pattern(parts: tuple[Part, ...]) -> re.Pattern[str]:
    # A part that may be left out takes all that follow it along.
    pattern = ""
    for part in reversed(parts):
        characters = re.escape(_ALPHABETS[part.alphabet])
        pattern = f"([{characters}]{{{part.least},{part.most}}}){pattern}"
        if part.is_optional:
            pattern = f"(?:{pattern})?"
    return re.compile(pattern)
