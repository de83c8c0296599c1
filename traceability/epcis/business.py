"""What an event may say of products registered here; things of others are recorded as they come.

Decided:

* Who may begin, end and recall things of ours: the product's producer, officers, administrators.
  Whoever captures may observe, pack, ship, receive, sell and use them.
* An item begins once, is sold once, ends once. One that ended is only looked at afterwards
  (inspected, held, counted); one that was recalled is not sold. A label that was issued and never
  activated is not sold either. Numbers that were never issued here are recorded and get no state:
  their page goes on saying that they were not issued.
* An item is in one box at a time, over the time of events, not the time of their capture.
* What comes out of a transformation is not more than what went in, in each dimension in which all
  inputs are measured (mass, volume); pieces are not compared, for a log makes many boards.
* Of a lot whose amount is known no more is used, sold and taken out of the world than was made,
  and no party sends more of it than that, what it received back deducted.
* An error declaration is made by who captured the event, or by the authority. From then on the
  event does not count.
"""

from collections.abc import Iterable, Mapping
from itertools import chain, islice
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from traceability.epcis.amounts import check_lots, check_transformation
from traceability.epcis.captor import Captor
from traceability.epcis.checks import MOST_PROBLEMS
from traceability.epcis.events import Item, ReadEvent, pointers
from traceability.epcis.histories import check_items
from traceability.epcis.own import OwnThing, find_own, lock_own, lock_products
from traceability.epcis.states import apply_states
from traceability.errors import RuleBrokenError
from traceability.models import Event

__all__ = ["apply_states", "check_business", "lock_products"]

_AUTHORITY = frozenset({"officer", "administrator"})
_ENDS = frozenset({"decommissioning", "destroying"})


def check_business(session: Session, event: ReadEvent, by: Captor) -> None:
    """Refuse an event that contradicts what is recorded of our own products.

    Waits for other captures that speak of the same products, until the end of this transaction;
    `lock_products` for a whole capture beforehand keeps two of them from waiting for each other.

    Raises:
        RuleBrokenError: With `errors`, each a pointer into the event and a sentence.
    """
    if event.corrects is not None:
        _check_declaration(session, event, by)
        return
    own = find_own(session, (item.key for item in event.items))
    if not own:
        return
    lock_own(session, own.values())
    found = chain(
        _check_rights(event, own, by),
        check_items(session, event, own),
        check_lots(session, event, own, by.party_id),
        check_transformation(session, event),
    )
    problems = list(islice(found, MOST_PROBLEMS))
    if problems:
        raise RuleBrokenError(_sentence(problems), errors=problems)


def _check_rights(
    event: ReadEvent, own: Mapping[str, OwnThing], by: Captor
) -> Iterable[dict[str, Any]]:
    if not _AUTHORITY.isdisjoint(by.roles):
        return
    for item, pointer in zip(event.items, pointers(event), strict=True):
        thing = own.get(item.key)
        if thing is None or (verb := _sovereign(event, item)) is None:
            continue
        if by.party_id is None or thing.product.producer_id != by.party_id:
            yield {
                "pointer": pointer,
                "detail": f"{item.key}: only the producer of {thing.product.name}, an officer or an"
                f" administrator may {verb} it.",
            }
            return


def _sovereign(event: ReadEvent, item: Item) -> str | None:
    """What an event does to a thing that only its producer and the authority may, if anything."""
    if item.role == "output" or (event.type == "ObjectEvent" and event.action == "ADD"):
        return "commission"
    if event.type == "ObjectEvent" and (event.action == "DELETE" or event.biz_step in _ENDS):
        return "decommission"
    if event.disposition == "recalled":
        return "recall"
    return None


def _check_declaration(session: Session, event: ReadEvent, by: Captor) -> None:
    if not _AUTHORITY.isdisjoint(by.roles):
        return
    named = session.execute(
        select(Event.party_id, Event.captured_by).where(
            or_(Event.hash_id == event.corrects, Event.event_id == event.corrects),
            Event.corrects.is_(None),
        )
    ).all()
    for party_id, captured_by in named:
        if captured_by != by.name and (party_id is None or party_id != by.party_id):
            detail = "Only who captured an event, an officer or an administrator declares it wrong."
            raise RuleBrokenError(
                detail, errors=[{"pointer": "/errorDeclaration", "detail": detail}]
            )
    if not named:
        own = find_own(session, (item.key for item in event.items))
        strange = [t for t in own.values() if t.product.producer_id != by.party_id]
        if strange or (own and by.party_id is None):
            detail = "The event that this declares wrong is not in the journal."
            raise RuleBrokenError(
                detail, errors=[{"pointer": "/errorDeclaration", "detail": detail}]
            )


def _sentence(problems: list[dict[str, Any]]) -> str:
    more = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{problems[0]['detail']}{more}"
