"""Codes of things, places and stamps: GS1 numbers and the platform's own. Pure rules, no database.

Two families that must never be taken for each other (Decree 37/2026/ND-CP art. 28.4b):

* GS1 numbers are digits with a modulo 10 check digit (GS1 General Specifications 7.9).
* Own trace codes, `TX-7K3Q-9MHD`, begin with two letters and hold a letter among the eight
  characters that follow, so that no part of them reads as an 8, 12, 13 or 14 digit number. They
  are Crockford base32 (no I, L, O, U); the last character is a check over GF(32) that finds every
  single wrong character and every exchange of two.
"""

import re
import secrets
from collections.abc import Iterator

from traceability.errors import InvalidIdentifierError

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SERIAL_LENGTH = 12
TRACE_PREFIX = "TX"

# GS1 General Specifications figure 7.11-1: what an alphanumeric element may hold.
CSET82 = frozenset(
    "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
)

_TRACE_BODY = 8
_CROCKFORD_BYTES = CROCKFORD.encode()
_VALUES = {character: value for value, character in enumerate(CROCKFORD)}
# What people write or read instead: Crockford's own rule.
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015]+")


def check_digit(body: str) -> str:
    """Compute the GS1 check digit of digits that do not hold one yet.

    Weights 3, 1, 3, … from the right (GS1 General Specifications 7.9.1), for every GS1 number.

    Raises:
        InvalidIdentifierError: When anything but ASCII digits is given.
    """
    _demand_digits(body, "a GS1 number")
    # Every second digit from the right, and those between: asked for each code of each event.
    total = 3 * sum(map(int, body[::-2])) + sum(map(int, body[-2::-2]))
    return str(-total % 10)


def gtin14(value: str) -> str:
    """Bring a GTIN-8, -12, -13 or -14 to 14 digits; spaces and hyphens between digits are dropped.

    Raises:
        InvalidIdentifierError: Wrong length, other characters, wrong check digit, or all zeros.
    """
    digits = _SEPARATORS.sub("", value)
    if len(digits) not in {8, 12, 13, 14}:
        raise InvalidIdentifierError(
            f"A GTIN has 8, 12, 13 or 14 digits; {value!r} has {len(digits)} characters."
        )
    return _checked(digits, "GTIN").zfill(14)


def gln(value: str) -> str:
    """Check a GLN (13 digits; a place or a party) and return its digits.

    Raises:
        InvalidIdentifierError: Wrong length, other characters, wrong check digit, or all zeros.
    """
    return _checked_of_length(value, 13, "GLN")


def sscc(value: str) -> str:
    """Check an SSCC (18 digits; a pallet or parcel) and return its digits.

    Raises:
        InvalidIdentifierError: Wrong length, other characters, wrong check digit, or all zeros.
    """
    return _checked_of_length(value, 18, "SSCC")


def element(value: str, longest: int = 20) -> str:
    """Check an alphanumeric GS1 element such as a lot or a serial, and return it.

    Raises:
        InvalidIdentifierError: Empty, too long, or characters outside CSET 82.
    """
    if not 1 <= len(value) <= longest:
        raise InvalidIdentifierError(
            f"A lot or serial has 1 to {longest} characters; {value!r} has {len(value)}."
        )
    if wrong := set(value) - CSET82:
        raise InvalidIdentifierError(
            f"{value!r} holds {''.join(sorted(wrong))!r}, which GS1 does not admit in it."
        )
    return value


def new_serials(count: int) -> Iterator[str]:
    """Draw serials: 12 Crockford characters, 60 bits from the system's secure source.

    All differ within one call and each holds a letter (twelve digits would read as a GTIN-12).
    With 10^7 issued, a guess hits with probability 9e-12. Memory: the set of the serials drawn.
    """
    drawn: set[str] = set()
    while len(drawn) < count:
        wanted = min(count - len(drawn), 4096)
        pool = bytes(
            _CROCKFORD_BYTES[byte & 31] for byte in secrets.token_bytes(wanted * SERIAL_LENGTH)
        ).decode()
        for start in range(0, len(pool), SERIAL_LENGTH):
            serial = pool[start : start + SERIAL_LENGTH]
            if serial not in drawn and not serial.isdigit():
                drawn.add(serial)
                yield serial


def new_trace_code() -> str:
    """Draw an own trace code such as `TX-7K3Q-9MHD` (35 random bits and a check character)."""
    while True:
        body = "".join(secrets.choice(CROCKFORD) for _ in range(_TRACE_BODY - 1))
        body += trace_check_character(body)
        if not body.isdigit():
            return _written(body)


def trace_code(value: str) -> str:
    """Read an own trace code as people write it and return its one written form.

    Case, spaces and hyphens do not matter; I and L read as 1, O as 0.

    Raises:
        InvalidIdentifierError: No `TX` in front, wrong length or characters, digits only (could be
            taken for a GS1 number), or a wrong check character.
    """
    compact = _SEPARATORS.sub("", value).upper()
    if not compact.startswith(TRACE_PREFIX):
        raise InvalidIdentifierError(
            f"A trace code begins with {TRACE_PREFIX}; {value!r} does not."
        )
    body = compact[len(TRACE_PREFIX) :].translate(_LOOKALIKES)
    if len(body) != _TRACE_BODY or not set(body) <= _VALUES.keys():
        raise InvalidIdentifierError(
            f"A trace code has the form {TRACE_PREFIX}-7K3Q-9MHD; {value!r} has not."
        )
    if body.isdigit():
        raise InvalidIdentifierError("A trace code must hold a letter after TX.")
    if trace_check_character(body[:-1]) != body[-1]:
        raise InvalidIdentifierError(
            f"{value!r} is not a trace code: its check character is wrong, so one character or two"
            " were misread."
        )
    return _written(body)


def trace_check_character(body: str) -> str:
    """Compute the check character of n characters: the sum over GF(32) of 2^(n-i+1) times c(i).

    The weights 2^n … 2 and the check character's own, 1, differ from each other and from 0 up to
    30 characters, so one wrong character or an exchange of two different ones is always found.
    """
    total = 0
    for character in body:
        total = _double(total ^ _VALUES[character])
    return CROCKFORD[total]


def _double(value: int) -> int:
    # Multiplication by x modulo the primitive polynomial x^5 + x^2 + 1 of GF(32).
    value <<= 1
    return value ^ 0b100101 if value & 32 else value


def _written(body: str) -> str:
    return f"{TRACE_PREFIX}-{body[:4]}-{body[4:]}"


def _checked_of_length(value: str, length: int, kind: str) -> str:
    digits = _SEPARATORS.sub("", value)
    if len(digits) != length:
        raise InvalidIdentifierError(
            f"A {kind} has {length} digits; {value!r} has {len(digits)} characters."
        )
    return _checked(digits, kind)


def _checked(digits: str, kind: str) -> str:
    _demand_digits(digits, f"a {kind}")
    if check_digit(digits[:-1]) != digits[-1]:
        raise InvalidIdentifierError(
            f"The check digit of the {kind} {digits} is wrong:"
            f" {digits[-1]} stands where {check_digit(digits[:-1])} belongs."
        )
    if not digits.strip("0"):
        raise InvalidIdentifierError(f"A {kind} of zeros only identifies nothing.")
    return digits


def _demand_digits(value: str, kind: str) -> None:
    # str.isdigit alone would let Arabic-Indic or superscript digits through.
    if not (value.isascii() and value.isdigit()):
        raise InvalidIdentifierError(f"{value!r} is not {kind}: digits 0 to 9 only.")
