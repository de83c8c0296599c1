r"""Values of application identifiers: one, several together, and the written form `(01)…(10)…`.

An element string is what a GS1 barcode holds. People write it with the numbers in brackets:
`(01)09520009000012(10)L2610`. A bracket that belongs to a value and would read as the next number
is written `\(`, the backslash being a character that no value holds.
"""

import re
from collections.abc import Iterable, Sequence

from traceability.errors import InvalidIdentifierError
from traceability.gs1.table import find, identifiers, matches

Elements = tuple[tuple[str, str], ...]

_HEAD = re.compile(r"(?<!\\)\(([0-9]{2,4})\)")
_LONGEST = 4096


def check_value(number: str, value: str) -> None:
    """Check the value of an application identifier.

    Raises:
        InvalidIdentifierError: An unknown identifier, or a value that breaks its rules.
    """
    find(number).check(value)


def check_beside(numbers: Sequence[str]) -> None:
    """Check that no two of these stand side by side that GS1 forbids on one thing.

    Raises:
        InvalidIdentifierError: Two exclude each other (General Specifications 4.13).
    """
    for number in numbers:
        for other in numbers:
            if other != number and any(matches(other, p) for p in find(number).excluded):
                raise InvalidIdentifierError(f"({number}) never stands beside ({other}).")


def check_complete(numbers: Sequence[str]) -> None:
    """Check that each of these has beside it what it needs.

    What one carrier lacks may stand on another of the same thing, so this is asked only of all that
    is known together (General Specifications 4.14), never of a single address.

    Raises:
        InvalidIdentifierError: One stands without any of the companions it needs.
    """
    for number in numbers:
        groups = find(number).needed
        if groups and not any(_all_among(group, numbers) for group in groups):
            wanted = ", or ".join(
                " with ".join(f"({one})" for one in sorted(group)) for group in groups
            )
            raise InvalidIdentifierError(f"({number}) needs beside it {wanted}.")


def parse_elements(text: str) -> Elements:
    """Parse a written element string such as `(01)09520009000012(10)L2610(17)261231`.

    Equal repetitions are dropped; the whole must be complete and free of contradictions.

    Raises:
        InvalidIdentifierError: Another form, an unknown identifier, a value that breaks its rules,
            one identifier with two values, or companions missing or forbidden.
    """
    found = dict(_split(text.strip()))
    numbers = tuple(found)
    check_beside(numbers)
    check_complete(numbers)
    return tuple(found.items())


def write_elements(elements: Iterable[tuple[str, str]]) -> str:
    """Write elements with their numbers in brackets."""
    return "".join("(" + number + ")" + value.replace("(", "\\(") for number, value in elements)


def _split(text: str) -> Elements:
    heads = [head for head in _HEAD.finditer(text) if head[1] in identifiers()]
    if not heads or heads[0].start() or len(text) > _LONGEST:
        raise InvalidIdentifierError(
            f"{text[:40]!r} is no element string: it begins with a number in brackets, as in (01)."
        )
    read: dict[str, str] = {}
    ends = [head.start() for head in heads[1:]] + [len(text)]
    for head, end in zip(heads, ends, strict=True):
        number, value = head[1], text[head.end() : end].replace("\\(", "(")
        check_value(number, value)
        if read.setdefault(number, value) != value:
            raise InvalidIdentifierError(f"({number}) is given twice, with different values.")
    return tuple(read.items())


def _all_among(patterns: Iterable[str], numbers: Sequence[str]) -> bool:
    return all(any(matches(number, pattern) for number in numbers) for pattern in patterns)
