"""Reads one EPCIS 2.0 event: what it must be, whoever sends it, and what is kept of it. Pure rules.

The shape is that of `shapes.py`; here stand the rules between fields (EPCIS 2.0, 7.4) and those
that GS1's JSON schema leaves to the reader: classes and instances in their places, times that have
passed, contradicting names, declared prefixes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from traceability.epcis import epcs, hashing
from traceability.epcis.checks import TOLERANCE, Reader, check_tree, read_time
from traceability.epcis.contexts import prefixes_of, read_contexts
from traceability.epcis.shapes import EVENTS, TERMS
from traceability.epcis.vocabulary import (
    BIZ_STEPS,
    DISPOSITIONS,
    Vocabulary,
    contradict,
    read_name,
)
from traceability.errors import InvalidEventError

Role = Literal["epc", "parent", "child", "input", "output"]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing or lot that an event speaks of; a lot without a quantity is the whole lot."""

    role: Role
    key: str
    is_class: bool
    quantity: Decimal | None = None
    uom: str | None = None


@dataclass(frozen=True, slots=True)
class ReadEvent:
    """An event that keeps all rules, and what the journal and the rules of business ask of it.

    `context` holds the document's own contexts (not the standard's); the event's, if it has any,
    are in `body`. `corrects` is the hash of what its error declaration is about: an event declared
    an error is the same event again (EPCIS 2.0, 7.4.1.2). Its eventID does not say which one it is,
    for that may repeat, and anybody may have used it for something else.
    """

    body: dict[str, Any]
    context: list[Any]
    identity: bytes
    hash_id: str
    event_id: str | None
    type: str
    action: str | None
    time: datetime
    time_zone_offset: str
    biz_step: str | None
    disposition: str | None
    read_point: str | None
    biz_location: str | None
    transformation_id: str | None
    items: tuple[Item, ...]
    corrects: str | None
    reason: str | None


def read_event(
    event: object, contexts: Sequence[Any] = (), *, now: datetime | None = None
) -> ReadEvent:
    """Read one event and refuse it with every mistake found.

    Args:
        event: The JSON object as it came.
        contexts: The contexts of its document beside the standard's own.
        now: What counts as now; default: this moment.

    Raises:
        InvalidEventError: With `errors`, each a JSON pointer into the event and a sentence.
    """
    reader = Reader(now=(now or datetime.now(UTC)) + TOLERANCE)
    if not isinstance(event, Mapping):
        raise refusal([{"pointer": "", "detail": "An event is a JSON object."}])
    check_tree(event, "", reader)
    if reader.problems:
        raise refusal(reader.problems)
    own = (
        read_contexts(event["@context"], "/@context", reader, terms=TERMS)
        if "@context" in event
        else []
    )
    reader.prefixes = prefixes_of([*contexts, *own])
    kind = event.get("type")
    shape = EVENTS.get(kind) if isinstance(kind, str) else None
    if shape is None:
        detail = "'type' is one of " + ", ".join(EVENTS) + "."
        raise refusal([*reader.problems, {"pointer": "/type", "detail": detail}])
    shape(event, "", reader)
    if not reader.problems:
        _check_rules(event, reader)
    if reader.problems:
        raise refusal(reader.problems)
    return _taken(dict(event), list(contexts), reader.prefixes)


def refusal(problems: list[dict[str, str]]) -> InvalidEventError:
    """Make the error of an event or document: the first problem in words, all of them as facts."""
    first = problems[0]
    place = f"{first['pointer']}: " if first["pointer"] else ""
    more = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
    return InvalidEventError(f"Not EPCIS 2.0. {place}{first['detail']}{more}", errors=problems)


# --- rules between fields -------------------------------------------------------------------


def _check_rules(event: Mapping[str, Any], reader: Reader) -> None:
    _RULES[event["type"]](event, reader)
    step, disposition = _names(event)
    if contradict(step, disposition):
        reader.fail(
            "/disposition",
            f"By CBV 2.0 {step} cannot leave things {disposition}: the pair contradicts itself.",
        )
    persistent = event.get("persistentDisposition")
    if persistent is not None:
        _check_persistent(persistent, reader)
    for name in _LISTS:
        if name in event:
            _check_quantities(event[name], name, reader)
    for place, element in enumerate(event.get("sensorElementList", ())):
        _check_sensor(element, f"/sensorElementList/{place}", reader)


_LISTS = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")


def _check_object(event: Mapping[str, Any], reader: Reader) -> None:
    if "ilmd" in event and event["action"] != "ADD":
        reader.fail("/ilmd", "Master data of a lot (ilmd) belongs to the event that begins it.")
    if event.get("epcList") or event.get("quantityList"):
        return
    if not (event.get("sensorElementList") and "readPoint" in event):
        reader.fail(
            "",
            "An ObjectEvent names what it is about: epcList or quantityList, or what sensors"
            " measured (sensorElementList) at a readPoint.",
        )


def _check_aggregation(event: Mapping[str, Any], reader: Reader) -> None:
    if "parentID" not in event and event["action"] != "OBSERVE":
        reader.fail("", f"'parentID' is missing: {event['action']} says what changes of whom.")
    _check_children(event, reader)


def _check_children(event: Mapping[str, Any], reader: Reader) -> None:
    # DELETE without children takes all out.
    if not _has(event, "childEPCs", "childQuantityList") and event["action"] != "DELETE":
        reader.fail("", "Children are missing: childEPCs or childQuantityList.")
    parent = event.get("parentID")
    if parent is not None:
        keys = [epcs.canonical(child) for child in event.get("childEPCs", ())]
        if epcs.canonical(parent) in keys:
            reader.fail("/childEPCs", "A thing is not its own child.")


def _check_transaction(event: Mapping[str, Any], reader: Reader) -> None:
    if not event["bizTransactionList"]:
        reader.fail("/bizTransactionList", "A TransactionEvent names one transaction at least.")
    if not _has(event, "epcList", "quantityList") and event["action"] != "DELETE":
        reader.fail("", "What the transaction is about is missing: epcList or quantityList.")


def _check_transformation(event: Mapping[str, Any], reader: Reader) -> None:
    inputs = _has(event, "inputEPCList", "inputQuantityList")
    outputs = _has(event, "outputEPCList", "outputQuantityList")
    if inputs and outputs:
        return
    if "transformationID" not in event:
        reader.fail(
            "",
            "A TransformationEvent has inputs and outputs; one side alone needs a"
            " transformationID that joins it to the other.",
        )
    elif not inputs and not outputs:
        reader.fail("", "A TransformationEvent has inputs or outputs.")


_RULES = {
    "ObjectEvent": _check_object,
    "AggregationEvent": _check_aggregation,
    "AssociationEvent": _check_children,
    "TransactionEvent": _check_transaction,
    "TransformationEvent": _check_transformation,
}


def _has(event: Mapping[str, Any], *names: str) -> bool:
    return any(event.get(name) for name in names)


def _check_persistent(persistent: Mapping[str, Any], reader: Reader) -> None:
    if not persistent:
        reader.fail("/persistentDisposition", "'set' or 'unset' is missing.")
    begun, ended = (
        {read_name(DISPOSITIONS, one) for one in persistent.get(name, ())}
        for name in ("set", "unset")
    )
    both = begun & ended
    if both:
        reader.fail("/persistentDisposition", f"{min(both)} is both set and unset.")


def _check_quantities(elements: list[Mapping[str, Any]], name: str, reader: Reader) -> None:
    for place, element in enumerate(elements):
        if "uom" in element and "quantity" not in element:
            reader.fail(f"/{name}/{place}/uom", "A unit without a quantity measures nothing.")


def _check_sensor(element: Mapping[str, Any], pointer: str, reader: Reader) -> None:
    metadata = element.get("sensorMetadata", {})
    if "startTime" in metadata and "endTime" in metadata:
        start, end = read_time(metadata["startTime"]), read_time(metadata["endTime"])
        if end < start:
            reader.fail(f"{pointer}/sensorMetadata/endTime", "It ends before it starts.")
    for place, report in enumerate(element["sensorReport"]):
        where = f"{pointer}/sensorReport/{place}"
        low, high = report.get("minValue"), report.get("maxValue")
        if low is not None and high is not None and low > high:
            reader.fail(f"{where}/minValue", "The least value is more than the greatest.")
        if ("percRank" in report) != ("percValue" in report):
            reader.fail(where, "percRank and percValue are given together.")


# --- what is kept ---------------------------------------------------------------------------


def _taken(event: dict[str, Any], contexts: list[Any], prefixes: Mapping[str, str]) -> ReadEvent:
    text = hashing.pre_hash(event, prefixes)
    digest = hashing.digest_of(text)
    hash_id = hashing.hash_id(digest)
    declaration = event.get("errorDeclaration")
    identity = digest
    if declaration is not None:
        identity = hashing.digest_of(text + hashing.declaration_text(declaration, prefixes))
    event_id = event.get("eventID")
    step, disposition = _names(event)
    return ReadEvent(
        body=event,
        context=contexts,
        identity=identity,
        hash_id=hash_id,
        event_id=event_id,
        type=event["type"],
        action=event.get("action"),
        time=read_time(event["eventTime"]).astimezone(UTC),
        time_zone_offset=event["eventTimeZoneOffset"],
        biz_step=step,
        disposition=disposition,
        read_point=_place(event, "readPoint"),
        biz_location=_place(event, "bizLocation"),
        transformation_id=event.get("transformationID"),
        items=tuple(_items(event)),
        corrects=None if declaration is None else hash_id,
        reason=None if declaration is None else declaration.get("reason"),
    )


def pointers(event: ReadEvent) -> list[str]:
    """Where each of the items stands in the event, as JSON pointers, in their order."""
    found = ["/parentID"] if "parentID" in event.body else []
    for name, _ in _ROLES:
        found += [f"/{name}/{place}" for place in range(len(event.body.get(name, ())))]
    return found


def _items(event: Mapping[str, Any]) -> Iterator[Item]:
    if "parentID" in event:
        yield Item("parent", epcs.canonical(event["parentID"]), is_class=False)
    for name, role in _ROLES:
        for given in event.get(name, ()):
            if isinstance(given, str):
                yield Item(role, epcs.canonical(given), is_class=False)
                continue
            amount = given.get("quantity")
            yield Item(
                role,
                epcs.canonical(given["epcClass"]),
                is_class=True,
                # By its text: 0.1 is a tenth, not the binary number nearest to it.
                quantity=None if amount is None else Decimal(str(amount)),
                uom=given.get("uom"),
            )


_ROLES: tuple[tuple[str, Role], ...] = (
    ("epcList", "epc"),
    ("quantityList", "epc"),
    ("childEPCs", "child"),
    ("childQuantityList", "child"),
    ("inputEPCList", "input"),
    ("inputQuantityList", "input"),
    ("outputEPCList", "output"),
    ("outputQuantityList", "output"),
)


def _names(event: Mapping[str, Any]) -> tuple[str | None, str | None]:
    return _name(BIZ_STEPS, event.get("bizStep")), _name(DISPOSITIONS, event.get("disposition"))


def _name(vocabulary: Vocabulary, value: str | None) -> str | None:
    return None if value is None else read_name(vocabulary, value)


def _place(event: Mapping[str, Any], name: str) -> str | None:
    return epcs.canonical(event[name]["id"]) if name in event else None
