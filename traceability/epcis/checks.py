"""Kinds of values in an event, and the reader that collects what is wrong with them. Pure rules.

A check takes the value, where it stands (a JSON pointer, RFC 6901) and the reader; it reports to
the reader and never raises, so that a sender learns of every mistake at once.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from traceability.epcis import epcs
from traceability.epcis.vocabulary import (
    MEASUREMENTS,
    Vocabulary,
    is_absolute_uri,
    read_measurement,
    read_name,
)
from traceability.errors import InvalidIdentifierError

MOST_PROBLEMS = 100
MOST_DEPTH = 32
MOST_ITEMS = 20_000
LONGEST_TEXT = 10_000
# Clocks differ; more than this ahead of ours is the future.
TOLERANCE = timedelta(minutes=10)

# At the ends of the calendar no other zone can be computed.
_FIRST_YEAR, _LAST_YEAR = 1000, 9998
# What a double holds; of things there are fewer.
_LARGEST = 1e308
_MOST = 1e15
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?"
    r"(?:([Zz])|([+-])([0-9]{2}):([0-9]{2}))"
)
_OFFSET = re.compile(r"[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)")
_UOM = re.compile(r"[A-Z0-9]{2,3}")
_HEX = re.compile(r"[A-Fa-f0-9]+")
_FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Reader:
    """Collects problems while an event or a document is read."""

    prefixes: Mapping[str, str] = field(default_factory=dict)
    now: datetime = _FOREVER
    problems: list[dict[str, str]] = field(default_factory=list)

    def fail(self, pointer: str, detail: str) -> None:
        """Note what is wrong at a pointer; beyond `MOST_PROBLEMS` the rest is left out."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append({"pointer": pointer, "detail": detail})


Check = Callable[[Any, str, Reader], None]


def below(pointer: str, name: str | int) -> str:
    """Write the pointer of a member or an item (RFC 6901: `~` and `/` in names are escaped)."""
    if isinstance(name, str):
        name = name.replace("~", "~0").replace("/", "~1")
    return f"{pointer}/{name}"


def check_tree(value: Any, pointer: str, reader: Reader, depth: int = 0) -> None:
    """Check what binds every value: depth, length, finite numbers, characters a database holds."""
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            reader.fail(pointer, f"A text here has at most {LONGEST_TEXT} characters.")
        elif "\x00" in value or not _is_unicode(value):
            reader.fail(pointer, "This text holds a character that is none (NUL, half a pair).")
    elif isinstance(value, bool) or value is None:
        pass
    elif isinstance(value, (int, float)):
        if not is_finite(value):
            reader.fail(pointer, "A number here is finite.")
    elif depth >= MOST_DEPTH:
        reader.fail(pointer, f"More than {MOST_DEPTH} levels deep.")
    elif isinstance(value, Mapping):
        for name, member in value.items():
            if not isinstance(name, str):
                reader.fail(pointer, "The names of an object's members are texts.")
                return
            check_tree(name, pointer, reader)
            check_tree(member, below(pointer, name), reader, depth + 1)
    elif isinstance(value, list):
        if len(value) > MOST_ITEMS:
            reader.fail(pointer, f"A list here has at most {MOST_ITEMS} items.")
            return
        for place, item in enumerate(value):
            check_tree(item, f"{pointer}/{place}", reader, depth + 1)
    else:
        reader.fail(pointer, "This is no JSON value.")


def is_finite(value: float) -> bool:
    """Tell whether a number is one, and can be read again as it was written."""
    # Comparing is exact for integers of any length, and false for NaN.
    return -_LARGEST < value < _LARGEST


def read_time(value: str) -> datetime:
    """Read an RFC 3339 time with its zone; digits beyond microseconds are cut off.

    Raises:
        ValueError: Another form, or a day or hour that does not exist.
    """
    matched = _TIME.fullmatch(value)
    if matched is None:
        raise ValueError(value)
    day, clock, fraction, utc, sign, hours, minutes = matched.groups()
    zone = UTC
    if utc is None:
        if int(hours) > 23 or int(minutes) > 59:
            raise ValueError(value)
        shift = timedelta(hours=int(hours), minutes=int(minutes))
        zone = timezone(-shift if sign == "-" else shift)
    read = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone)
    if not _FIRST_YEAR <= read.year <= _LAST_YEAR:
        raise ValueError(value)
    if fraction is not None:
        read = read.replace(microsecond=int(fraction[1:7].ljust(6, "0")))
    return read


def time(value: Any, pointer: str, reader: Reader) -> None:
    """Check an RFC 3339 time with zone."""
    _read_time(value, pointer, reader)


def past_time(value: Any, pointer: str, reader: Reader) -> None:
    """Check a time that cannot lie ahead: events tell what happened."""
    read = _read_time(value, pointer, reader)
    if read is not None and read > reader.now:
        reader.fail(pointer, f"{value} lies in the future: events tell what has happened.")


def offset(value: Any, pointer: str, reader: Reader) -> None:
    """Check the offset of the place where it happened, -14:00 to +14:00."""
    if not (isinstance(value, str) and _OFFSET.fullmatch(value)):
        reader.fail(pointer, "An offset is written like +07:00, at most 14 hours.")


def uri(value: Any, pointer: str, reader: Reader) -> None:
    """Check an absolute URI."""
    if not (isinstance(value, str) and is_absolute_uri(value)):
        reader.fail(pointer, "An absolute URI stands here, such as urn:… or https://….")


def text(value: Any, pointer: str, reader: Reader) -> None:
    """Check a text."""
    if not isinstance(value, str):
        reader.fail(pointer, "A text stands here.")


def boolean(value: Any, pointer: str, reader: Reader) -> None:
    """Check true or false."""
    if not isinstance(value, bool):
        reader.fail(pointer, "true or false stands here.")


def number(value: Any, pointer: str, reader: Reader) -> None:
    """Check a JSON number (not one written as text)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        reader.fail(pointer, "A number stands here.")


def quantity(value: Any, pointer: str, reader: Reader) -> None:
    """Check a quantity: a number above zero (EPCIS 2.0, 7.3.3.3)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        reader.fail(pointer, "A quantity is a number.")
    elif not value > 0:
        reader.fail(pointer, "A quantity is more than nothing.")
    elif value >= _MOST:
        reader.fail(pointer, "A quantity is below 10^15.")


def uom(value: Any, pointer: str, reader: Reader) -> None:
    """Check the form of a unit: two or three characters of UN/ECE Recommendation 20."""
    if not (isinstance(value, str) and _UOM.fullmatch(value)):
        reader.fail(pointer, "A unit is a code of UN/ECE Recommendation 20, such as KGM.")


def hexadecimal(value: Any, pointer: str, reader: Reader) -> None:
    """Check hexadecimal digits."""
    if not (isinstance(value, str) and _HEX.fullmatch(value)):
        reader.fail(pointer, "Hexadecimal digits stand here.")


def identifier(value: Any, pointer: str, reader: Reader) -> None:
    """Check a URI which, where it is of GS1 or our own, keeps the rules of its key."""
    read_key(value, pointer, reader)


def instance(value: Any, pointer: str, reader: Reader) -> None:
    """Check the name of one thing; a kind or a lot of things belongs in a quantity list."""
    key = read_key(value, pointer, reader)
    if key is not None and epcs.is_class(key):
        reader.fail(
            pointer, f"{value} names a kind or a lot: one thing stands here, lots in quantityList."
        )


def class_of_things(value: Any, pointer: str, reader: Reader) -> None:
    """Check the name of a kind or a lot; one thing belongs in an EPC list."""
    key = read_key(value, pointer, reader)
    if key is not None and epcs.is_known(key) and not epcs.is_class(key):
        reader.fail(
            pointer, f"{value} names one thing: a lot or a kind stands here, things in epcList."
        )


def read_key(value: Any, pointer: str, reader: Reader) -> str | None:
    """Return the key of a value, or None after noting what is wrong with it."""
    if not isinstance(value, str):
        reader.fail(pointer, "An absolute URI stands here, such as urn:epc:id:… or https://….")
        return None
    try:
        return epcs.canonical(value)
    except InvalidIdentifierError as error:
        reader.fail(pointer, error.detail)
        return None


def name_of(vocabulary: Vocabulary) -> Check:
    """Make the check of a name of one CBV list, or an absolute URI."""

    def check(value: Any, pointer: str, reader: Reader) -> None:
        _read_or_fail(lambda: read_name(vocabulary, value), value, pointer, reader)

    return check


def measurement_of(words: frozenset[str] = MEASUREMENTS) -> Check:
    """Make the check of a name of the GS1 Web Vocabulary for sensors."""

    def check(value: Any, pointer: str, reader: Reader) -> None:
        _read_or_fail(lambda: read_measurement(value, words), value, pointer, reader)

    return check


def one_of(*words: str) -> Check:
    """Make the check of a choice of words."""

    def check(value: Any, pointer: str, reader: Reader) -> None:
        if value not in words:
            reader.fail(pointer, f"One of {', '.join(words)} stands here.")

    return check


def _read_or_fail(read: Callable[[], str], value: Any, pointer: str, reader: Reader) -> None:
    if not isinstance(value, str):
        reader.fail(pointer, "A name of the standard, or an absolute URI, stands here.")
        return
    try:
        read()
    except InvalidIdentifierError as error:
        reader.fail(pointer, error.detail)


def _read_time(value: Any, pointer: str, reader: Reader) -> datetime | None:
    try:
        return read_time(value)
    except (ValueError, TypeError):
        reader.fail(
            pointer, "A time is written as RFC 3339 with its zone: 2026-10-05T06:30:00+07:00."
        )
        return None


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
