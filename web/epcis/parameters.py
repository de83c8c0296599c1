"""What a request of `/epcis` asks: the parameters of the EPCIS Query Language we know, read.

Several values of one parameter stand between `|`, or between `,` where a comma cannot belong to a
URI, or in repeated parameters.
"""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson
from flask import request

from gis.errors import InvalidInputError
from traceability.epcis.checks import read_time
from traceability.epcis.patterns import Pattern, read_pattern
from traceability.epcis.queries import EventQuery, Match, Position, Reader
from traceability.epcis.vocabulary import (
    BIZ_STEPS,
    DISPOSITIONS,
    ERROR_REASONS,
    Vocabulary,
    is_absolute_uri,
    read_name,
)
from traceability.errors import InvalidIdentifierError
from web.context import current_account

Value = TypeVar("Value")
USUAL, MOST = 30, 1000
EVENT_TYPES = (
    "AggregationEvent",
    "AssociationEvent",
    "ObjectEvent",
    "TransactionEvent",
    "TransformationEvent",
)
_ACTIONS = ("ADD", "OBSERVE", "DELETE")
_THINGS = ("epc", "child")
_ALL = ("epc", "child", "parent", "input", "output")
_MATCHES: dict[str, tuple[tuple[str, ...], bool]] = {
    "MATCH_epc": (_THINGS, False),
    "MATCH_parentID": (("parent",), False),
    "MATCH_inputEPC": (("input",), False),
    "MATCH_outputEPC": (("output",), False),
    "MATCH_anyEPC": (_ALL, False),
    "MATCH_epcClass": (_THINGS, True),
    "MATCH_inputEPCClass": (("input",), True),
    "MATCH_outputEPCClass": (("output",), True),
    "MATCH_anyEPCClass": (_ALL, True),
}
# One sentence for each, as the description of the API has it.
DESCRIBED = {
    "GE_eventTime": "Events that happened at this time or later (RFC 3339)",
    "LT_eventTime": "Events that happened before this time",
    "GE_recordTime": "Events that were recorded at this time or later",
    "LT_recordTime": "Events that were recorded before this time",
    "eventType": "ObjectEvent, AggregationEvent, TransactionEvent, TransformationEvent, …",
    "EQ_action": "ADD, OBSERVE or DELETE",
    "EQ_bizStep": "A business step: bare CBV name, URN or IRI",
    "EQ_disposition": "A disposition: bare CBV name, URN or IRI",
    "EQ_readPoint": "Where it happened: URN or Digital Link",
    "WD_readPoint": "The same, with all places within it",
    "EQ_bizLocation": "Where things are afterwards: URN or Digital Link",
    "WD_bizLocation": "The same, with all places within it",
    "EQ_transformationID": "The run that a transformation belongs to",
    "MATCH_epc": "A thing in epcList or childEPCs; patterns and a final * are understood",
    "MATCH_parentID": "A thing in parentID",
    "MATCH_inputEPC": "A thing in inputEPCList",
    "MATCH_outputEPC": "A thing in outputEPCList",
    "MATCH_anyEPC": "A thing anywhere in the event",
    "MATCH_epcClass": "A lot or a product in quantityList or childQuantityList",
    "MATCH_inputEPCClass": "A lot or a product in inputQuantityList",
    "MATCH_outputEPCClass": "A lot or a product in outputQuantityList",
    "MATCH_anyEPCClass": "A lot or a product anywhere in the event",
    "EQ_eventID": "What its sender called the event, or its hash",
    "EXISTS_errorDeclaration": "true: only events that are declared errors",
    "EQ_errorReason": "Why an event was declared an error",
    "orderBy": "eventTime or recordTime (the usual)",
    "orderDirection": "DESC (with orderBy, the usual) or ASC",
    "eventCountLimit": "Only the first so many events; needs orderBy",
    "maxEventCount": "Refuse to answer when more than so many events match",
    "perPage": f"At most so many events in an answer; {USUAL} usually, {MOST} at most",
    "nextPageToken": "From the Link header of the answer before",
}
# Between words any comma parts; between addresses only one that an address follows.
_BETWEEN_WORDS = re.compile(r"[|,]")
_BETWEEN_ADDRESSES = re.compile(r"\||,(?=\s*[A-Za-z][A-Za-z0-9+.\-]*:)")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, how it is paged, and where this page begins."""

    query: EventQuery
    per_page: int
    # How many events may still be answered (eventCountLimit), and how many may match at all.
    remaining: int | None
    most_matching: int | None
    after: Position | None
    fingerprint: str

    def token(self, after: Position, answered: int) -> str:
        """The token of the page behind this one."""
        left = None if self.remaining is None else self.remaining - answered
        content = [after.at.astimezone(UTC).isoformat(), after.sequence, left, self.fingerprint]
        return base64.urlsafe_b64encode(orjson.dumps(content)).decode().rstrip("=")


def read_query(also: tuple[Match, ...] = (), **fixed: Any) -> Asked:
    """The question of this request.

    Args:
        also: What must match besides.
        fixed: Members of `EventQuery` that the address has set already.

    Raises:
        InvalidInputError: An unknown parameter, or a value that cannot be read, by its name.
    """
    check_known(DESCRIBED)
    order = one("orderBy")
    if order not in (None, "eventTime", "recordTime"):
        raise InvalidInputError("orderBy is eventTime or recordTime.", parameter="orderBy")
    direction = one("orderDirection") or ("ASC" if order is None else "DESC")
    if direction not in ("ASC", "DESC"):
        raise InvalidInputError("orderDirection is ASC or DESC.", parameter="orderDirection")
    query = EventQuery(
        event_time=(_time("GE_eventTime"), _time("LT_eventTime")),
        record_time=(_time("GE_recordTime"), _time("LT_recordTime")),
        types=_words("eventType", EVENT_TYPES),
        actions=_words("EQ_action", _ACTIONS),
        biz_steps=_names("EQ_bizStep", BIZ_STEPS),
        dispositions=_names("EQ_disposition", DISPOSITIONS),
        read_points=_places("readPoint"),
        biz_locations=_places("bizLocation"),
        transformation_ids=tuple(_read("EQ_transformationID", _uri)),
        event_ids=tuple(_read("EQ_eventID", _uri)),
        matches=tuple(
            Match(roles, is_class, tuple(_read(name, read_pattern)))
            for name, (roles, is_class) in _MATCHES.items()
            if name in request.args
        ),
        declared_errors=_flag("EXISTS_errorDeclaration"),
        error_reasons=_names("EQ_errorReason", ERROR_REASONS),
        order="eventTime" if order == "eventTime" else "recordTime",
        descending=direction == "DESC",
        reader=reader(),
    )
    limit, most = number("eventCountLimit"), number("maxEventCount")
    if limit is not None and most is not None:
        raise InvalidInputError("Ask for eventCountLimit or maxEventCount, not for both.")
    if limit is not None and order is None:
        raise InvalidInputError("eventCountLimit needs orderBy.", parameter="eventCountLimit")
    fingerprint = _fingerprint()
    after, left = _read_token(fingerprint)
    return Asked(
        query=replace(query, matches=query.matches + also, **fixed),
        per_page=per_page(),
        remaining=limit if after is None else left,
        most_matching=most,
        after=after,
        fingerprint=fingerprint,
    )


def reader() -> Reader | None:
    """How far the caller sees: a producer who is nothing else only what concerns him."""
    account = current_account()
    if account is None or account.has("officer", "administrator", "leader", "researcher"):
        return None
    return Reader(account.username, account.party_id)


def check_known(known: Any) -> None:
    """Refuse parameters that an address does not have.

    Raises:
        InvalidInputError: Naming them.
    """
    unknown = sorted(name for name in request.args if name not in known and name != "lang")
    if unknown:
        those = f"Known: {', '.join(known)}." if known else "It takes none."
        raise InvalidInputError(
            f"This address has no parameter {', '.join(unknown)}. {those}", parameters=unknown
        )


def one(name: str) -> str | None:
    """The value of a parameter that has one.

    Raises:
        InvalidInputError: It is given twice, or empty.
    """
    given = request.args.getlist(name)
    if len(given) > 1 or given == [""]:
        raise InvalidInputError(f"{name} has one value.", parameter=name)
    return given[0] if given else None


def number(name: str) -> int | None:
    """A whole number from 1.

    Raises:
        InvalidInputError: It is none.
    """
    given = one(name)
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and 0 < int(given) < 10**9):
        raise InvalidInputError(f"{name} is a whole number from 1.", parameter=name)
    return int(given)


def per_page() -> int:
    """How many members an answer may have."""
    return min(number("perPage") or USUAL, MOST)


def _time(name: str) -> datetime | None:
    given = one(name)
    if given is None:
        return None
    try:
        # A plus that was not encoded arrives as a space.
        return read_time(given.replace(" ", "+"))
    except (ValueError, OverflowError) as error:
        raise InvalidInputError(
            f"{name} is a time with its zone, as 2026-10-05T06:30:00+07:00.", parameter=name
        ) from error


def _flag(name: str) -> bool:
    given = one(name)
    if given not in (None, "true", "false"):
        raise InvalidInputError(f"{name} is true or false.", parameter=name)
    return given == "true"


def _split(name: str, between: re.Pattern[str]) -> tuple[str, ...]:
    given = [value.strip() for text in request.args.getlist(name) for value in between.split(text)]
    if not all(given) or (name in request.args and not given):
        raise InvalidInputError(f"{name} has an empty value.", parameter=name)
    return tuple(dict.fromkeys(given))


def _words(name: str, known: tuple[str, ...]) -> tuple[str, ...]:
    given = _split(name, _BETWEEN_WORDS)
    for value in given:
        if value not in known:
            raise InvalidInputError(f"{name} is one of {', '.join(known)}.", parameter=name)
    return given


def _names(name: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    return tuple(_read(name, lambda value: read_name(vocabulary, value), _BETWEEN_WORDS))


def _places(field: str) -> tuple[Pattern, ...]:
    exact = _read(f"EQ_{field}", read_pattern)
    within = _read(f"WD_{field}", read_pattern)
    return (
        *exact,
        *(Pattern(one.exact, (*one.prefixes, *(f"{key}/" for key in one.exact))) for one in within),
    )


def _uri(value: str) -> str:
    if not is_absolute_uri(value):
        raise InvalidInputError(f"{value!r} is not an absolute URI.")
    return value


def _read(
    name: str, reading: Callable[[str], Value], between: re.Pattern[str] = _BETWEEN_ADDRESSES
) -> list[Value]:
    try:
        return [reading(value) for value in _split(name, between)]
    except (InvalidInputError, InvalidIdentifierError) as error:
        raise InvalidInputError(f"{name}: {error.detail}", parameter=name) from error


def _fingerprint() -> str:
    """What a token belongs to: the same question, however many events an answer holds."""
    asked = sorted(
        (name, value)
        for name, value in request.args.items(multi=True)
        if name not in ("nextPageToken", "perPage", "lang")
    )
    content = orjson.dumps([request.path, asked])
    return hashlib.sha256(content).hexdigest()[:16]


def _read_token(fingerprint: str) -> tuple[Position | None, int | None]:
    token = one("nextPageToken")
    if token is None:
        return None, None
    try:
        at, sequence, left, belongs = orjson.loads(
            base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        )
        if not (
            belongs == fingerprint
            and type(sequence) is int
            and abs(sequence) < 2**63
            and (left is None or type(left) is int)
        ):
            raise ValueError(token)
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None:
            raise ValueError(at)
        return Position(instant, sequence), left
    except (ValueError, TypeError) as error:
        raise InvalidInputError(
            "nextPageToken belongs to another question; begin again without it.",
            parameter="nextPageToken",
        ) from error
