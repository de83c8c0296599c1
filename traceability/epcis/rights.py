"""Who may do what with things of ours: their producer, the authority, and whom they were sent to.

* Beginning, ending and recalling are the producer's and the authority's; an officer of a commune is
  the authority for its products.
* Packing, unpacking, selling, using up and judging (conformant or not) are for those who have, or
  had, the thing: its producer; the parties that one of them, or the authority, sent it to; and
  where a shipment names no party known here, who first received it afterwards, one for each such
  shipment. A thing is sent by itself, with its lot or in a box; the parties are those of the
  `destinationList` (owning or possessing), by their address here or the GLN of a place of theirs.
* Looking, shipping and receiving are free, but a stranger's word about where a thing is, or was,
  changes nothing: not who has it, not its page, not its warnings.
* A run of several events (`transformationID`) that names things of ours is of one party.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.models import AdministrativeUnit
from traceability.epcis.captor import Captor
from traceability.epcis.custody import Custody
from traceability.epcis.events import Item, ReadEvent, pointers
from traceability.epcis.histories import act_of
from traceability.epcis.own import OwnThing, find_own
from traceability.models import EventItem, Product

_ENDS = frozenset({"decommissioning", "destroying"})
_VERDICTS = frozenset({"conformant", "non_conformant"})
_NOBODY = "An account of no organisation neither recalls nor handles products registered here."


class Rights:
    """What one captor may do with the things of ours that some events speak of."""

    def __init__(
        self,
        session: Session,
        events: Sequence[ReadEvent],
        own: Mapping[str, OwnThing],
        by: Captor,
    ) -> None:
        self._session = session
        self._by = by
        self._keys = {key for thing in own.values() for key in thing.journal_keys()} | {
            item.key for event in events for item in event.items if item.role == "parent"
        }
        products = {thing.product.id: thing.product for thing in own.values()}
        self._strange = {id_ for id_, one in products.items() if not may_rule(session, by, one)}
        self._custody: Custody | None = None
        if self._strange and not (by.is_authority or by.is_nobody):
            self._custody = Custody(session, self._keys)

    def check(self, event: ReadEvent, own: Mapping[str, OwnThing]) -> Iterator[dict[str, Any]]:
        """Yield what the captor may not do with things of ours; the first of each kind."""
        if not any(thing.product.id in self._strange for thing in own.values()):
            return
        if self._by.is_nobody:
            yield {"pointer": "", "detail": _NOBODY}
            return
        handled: dict[str, tuple[str, str]] = {}
        for item, pointer in zip(event.items, pointers(event), strict=True):
            thing = own.get(item.key)
            if thing is None or thing.product.id not in self._strange:
                continue
            if (verb := _sovereign(event, item)) is not None:
                yield {
                    "pointer": pointer,
                    "detail": f"{item.key}: only the producer of {thing.product.name}, an officer"
                    f" or an administrator may {verb} it.",
                }
                return
            if not self._by.is_authority and (verb := _handling(event, item)) is not None:
                handled[item.key] = (pointer, verb)
        for key, (pointer, verb) in handled.items():
            if self._by.party_id not in self.holders(own[key]):
                yield {
                    "pointer": pointer,
                    "detail": f"{key}: the producer of {own[key].product.name}"
                    f" did not send it to you: nobody else may {verb} it.",
                }
                return

    def holders(self, thing: OwnThing) -> set[int]:
        """The parties that have, or had, a thing."""
        if self._custody is None:
            self._custody = Custody(self._session, self._keys)
        return self._custody.holders(thing)

    def note(self, event: ReadEvent, sequence: int) -> None:
        """Add an event that was accepted."""
        if self._custody is not None:
            self._custody.note(event, sequence, self._by.party_id)


def may_rule(session: Session, by: Captor, product: Product) -> bool:
    """Whether a product is the captor's own, or the authority's to rule over."""
    if not by.is_authority:
        return by.party_id is not None and product.producer_id == by.party_id
    if by.rules_over(None):
        return True
    code = select(AdministrativeUnit.code).where(AdministrativeUnit.id == product.commune_id)
    return by.rules_over(session.scalar(code))


def check_word(session: Session, event: ReadEvent, by: Captor) -> Iterator[dict[str, Any]]:
    """Yield what nobody's account may not say even of what is not ours, for it may reach it.

    In the journal no party is the mark of the authority: a recall, and what is sent or unpacked
    with things of ours in it.
    """
    if not by.is_nobody:
        return
    if event.disposition == "recalled":
        yield {"pointer": "/disposition", "detail": _NOBODY}
    elif event.biz_step in ("shipping", "departing") or event.action == "DELETE":
        packed = select(EventItem.key).where(
            EventItem.role == "child",
            EventItem.event_sequence.in_(
                select(EventItem.event_sequence).where(
                    EventItem.key.in_({item.key for item in event.items}),
                    EventItem.role == "parent",
                )
            ),
        )
        if find_own(session, session.scalars(packed)):
            yield {"pointer": "", "detail": _NOBODY}


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
    if item.role == "child" and event.action in ("ADD", "DELETE"):
        return "pack" if event.action == "ADD" else "unpack"
    act = act_of(event.type, event.action, event.biz_step, item.role)
    return act if act in ("use", "sell") else None
