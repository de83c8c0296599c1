"""Who may do what with things of ours: their producer, the authority, and whom they were sent to.

* Beginning, ending and recalling are the producer's and the authority's; an officer of a commune is
  the authority for its products.
* Packing, selling, using up and judging (conformant or not) are everybody's who may have the thing:
  once its producer, or the authority, sent it out, by itself, with its lot or in a box. Before
  that, a stranger's event would take stock away or make labels void that never left the workshop.
* Looking, shipping, receiving and unpacking are free.
* A run of several events (`transformationID`) that names things of ours is of one party.
"""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from gis.models import AdministrativeUnit
from traceability.epcis.captor import Captor
from traceability.epcis.events import Item, ReadEvent, pointers
from traceability.epcis.histories import act_of
from traceability.epcis.own import OwnThing, find_own
from traceability.models import Event, EventItem, Product

_LET_GO = text((files("traceability.epcis") / "let_go.sql").read_text("utf-8"))
_AUTHORITY = frozenset({"officer", "administrator"})
_ENDS = frozenset({"decommissioning", "destroying"})
_VERDICTS = frozenset({"conformant", "non_conformant"})
_NOBODY = "An account of no organisation neither recalls nor handles products registered here."
_VERBS = {"use": "use", "sell": "sell", "pack": "pack"}


def is_authority(by: Captor) -> bool:
    """Whether somebody acts for a commune, the province or the platform."""
    return not _AUTHORITY.isdisjoint(by.roles)


def may_rule(session: Session, by: Captor, product: Product) -> bool:
    """Whether a product is the captor's own, or the authority's to rule over."""
    if not is_authority(by):
        return by.party_id is not None and product.producer_id == by.party_id
    if "administrator" in by.roles or by.commune_code is None:
        return True
    code = select(AdministrativeUnit.code).where(AdministrativeUnit.id == product.commune_id)
    return session.scalar(code) == by.commune_code


def check_rights(
    session: Session, event: ReadEvent, own: Mapping[str, OwnThing], by: Captor
) -> Iterator[dict[str, Any]]:
    """Yield what the captor may not do with things of ours; the first of each kind."""
    products = {thing.product.id: thing.product for thing in own.values()}
    strange = {one.id for one in products.values() if not may_rule(session, by, one)}
    if not strange:
        return
    if _is_nobody(by):
        yield {"pointer": "", "detail": _NOBODY}
        return
    handled: dict[str, tuple[str, str]] = {}
    for item, pointer in zip(event.items, pointers(event), strict=True):
        thing = own.get(item.key)
        if thing is None or thing.product.id not in strange:
            continue
        if (verb := _sovereign(event, item)) is not None:
            yield {
                "pointer": pointer,
                "detail": f"{item.key}: only the producer of {thing.product.name}, an officer or an"
                f" administrator may {verb} it.",
            }
            return
        if not is_authority(by) and (verb := _handling(event, item)) is not None:
            handled[item.key] = (pointer, verb)
    sent = _let_go(session, {key: own[key] for key in handled})
    for key, (pointer, verb) in handled.items():
        if key not in sent:
            yield {
                "pointer": pointer,
                "detail": f"{key}: the producer of {own[key].product.name} did not send it out:"
                f" nobody else may {verb} it.",
            }
            return


def check_word(
    session: Session, event: ReadEvent, own: Mapping[str, OwnThing], by: Captor
) -> Iterator[dict[str, Any]]:
    """Yield what binds also events that name nothing of ours, for they may come to reach it.

    A recall by nobody's account, and a run that somebody else began and that names things of ours.
    """
    if event.disposition == "recalled" and _is_nobody(by):
        yield {"pointer": "/disposition", "detail": _NOBODY}
    if event.transformation_id is None or is_authority(by):
        return
    others = session.scalars(
        select(Event.sequence).where(
            Event.transformation_id == event.transformation_id,
            Event.party_id.is_distinct_from(by.party_id),
        )
    ).all()
    if not others:
        return
    named = select(EventItem.key).where(EventItem.event_sequence.in_(others))
    if own or find_own(session, session.scalars(named)):
        yield {
            "pointer": "/transformationID",
            "detail": "This transformationID is somebody else's: a run is of one party.",
        }


def _is_nobody(by: Captor) -> bool:
    """Whether an account is of no party: in the journal that is the mark of the authority."""
    return by.party_id is None and not is_authority(by)


def _sovereign(event: ReadEvent, item: Item) -> str | None:
    """What an event does to a thing that only its producer and the authority may, if anything."""
    if item.role == "output" or (event.type == "ObjectEvent" and event.action == "ADD"):
        return "commission"
    if event.type == "ObjectEvent" and (event.action == "DELETE" or event.biz_step in _ENDS):
        return "decommission"
    if event.disposition == "recalled":
        return "recall"
    return None


def _handling(event: ReadEvent, item: Item) -> str | None:
    """What an event does to a thing that takes having it, if anything."""
    if item.role == "epc" and event.disposition in _VERDICTS:
        return "judge"
    if item.role == "child" and event.action == "ADD":
        return "pack"
    return _VERBS.get(act_of(event.type, event.action, event.biz_step, item.role) or "")


def _let_go(session: Session, things: Mapping[str, OwnThing]) -> set[str]:
    rows = [
        (name, thing.product.producer_id, key)
        for name, thing in things.items()
        for key in thing.journal_keys()
    ]
    if not rows:
        return set()
    asked, producers, keys = zip(*rows, strict=True)
    given = {"asked": list(asked), "producers": list(producers), "keys": list(keys)}
    return set(session.scalars(_LET_GO, given))
