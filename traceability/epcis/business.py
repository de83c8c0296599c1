"""What an event may say of products registered here; things of others are recorded as they come.

Decided:

* Who may do what with things of ours: `rights.py`.
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

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.models import AdministrativeUnit, Party
from traceability.epcis.captor import Captor
from traceability.epcis.checks import MOST_PROBLEMS
from traceability.epcis.events import ReadEvent
from traceability.epcis.ledger import Ledger
from traceability.epcis.own import find_own
from traceability.epcis.rights import check_word, may_rule
from traceability.errors import RuleBrokenError
from traceability.models import Event, EventItem


def check_business(session: Session, event: ReadEvent, ledger: Ledger) -> None:
    """Refuse an event that contradicts what is recorded of our own products.

    Args:
        session: The transaction; it holds the locks of these products (`own.lock_products`).
        event: No error declaration.
        ledger: What is recorded of its things, and what the events before it added.

    Raises:
        RuleBrokenError: With `errors`, each a pointer into the event and a sentence.
    """
    own, by = ledger.own(event), ledger.by
    _refuse(check_word(session, event, by))
    _refuse(ledger.runs.check_owner(event, own, by))
    if own:
        _refuse(
            chain(
                ledger.rights.check(event, own),
                ledger.histories.check(event, own, ledger.rights.holders),
                ledger.amounts.check(event, own, ledger.lots, by.party_id),
                ledger.runs.check(event),
            )
        )


def _refuse(found: Iterable[dict[str, Any]]) -> None:
    problems = list(islice(found, MOST_PROBLEMS))
    if problems:
        raise RuleBrokenError(_sentence(problems), errors=problems)


def check_declaration(session: Session, event: ReadEvent, by: Captor) -> None:
    """Refuse an error declaration that is not the captor's to make.

    Raises:
        RuleBrokenError: The event is somebody else's, or is not there.
    """
    # What only repeats another event in other words has no effect to take back.
    named = session.execute(
        select(Event.sequence, Event.party_id, Event.captured_by).where(
            Event.hash_id == event.corrects, Event.corrects.is_(None), Event.repeats.is_(None)
        )
    ).all()
    if not named and event.event_id is not None:
        _check_content(session, event, by)
    if by.is_authority:
        _check_commune(session, event, by, [row.sequence for row in named])
        return
    for _, party_id, captured_by in named:
        if captured_by != by.name and (party_id is None or party_id != by.party_id):
            _refuse_declaration(
                "Only who captured an event, an officer or an administrator declares it wrong."
            )
    if not named:
        own = find_own(session, (item.key for item in event.items))
        strange = [t for t in own.values() if t.product.producer_id != by.party_id]
        if strange or (own and by.party_id is None):
            _refuse_declaration("The event that this declares wrong is not in the journal.")


def _check_content(session: Session, event: ReadEvent, by: Captor) -> None:
    """Refuse a declaration that names an event which may be declared but says something else."""
    meant = select(Event.sequence).where(
        Event.event_id == event.event_id, Event.corrects.is_(None), Event.repeats.is_(None)
    )
    if not by.is_authority:
        own = Event.captured_by == by.name
        meant = meant.where(own if by.party_id is None else own | (Event.party_id == by.party_id))
    if session.scalar(meant.limit(1)) is not None:
        _refuse_declaration(
            "An event declared an error is the same event again: this one says something else than"
            f" {event.event_id} in the journal."
        )


def _check_commune(
    session: Session, event: ReadEvent, by: Captor, sequences: Sequence[int]
) -> None:
    """Refuse an officer's declaration about products of none but other communes."""
    keys = session.scalars(select(EventItem.key).where(EventItem.event_sequence.in_(sequences)))
    own = find_own(session, [*keys, *(item.key for item in event.items)])
    products = {thing.product.id: thing.product for thing in own.values()}.values()
    if products and not any(may_rule(session, by, product) for product in products):
        _refuse_declaration("None of the products of this event is of your commune.")
    if products or by.commune_code is None or "administrator" in by.roles:
        return
    # What names no product, such as a box's way, is of the commune of whoever recorded it.
    elsewhere = (
        select(Event.sequence)
        .outerjoin(Party, Party.id == Event.party_id)
        .outerjoin(AdministrativeUnit, AdministrativeUnit.id == Party.commune_id)
        .where(
            Event.sequence.in_(sequences),
            Event.captured_by != by.name,
            AdministrativeUnit.code.is_distinct_from(by.commune_code),
        )
    )
    if session.scalar(elsewhere.limit(1)) is not None:
        _refuse_declaration("Whoever recorded this event is not of your commune.")


def _refuse_declaration(detail: str) -> None:
    raise RuleBrokenError(detail, errors=[{"pointer": "/errorDeclaration", "detail": detail}])


def _sentence(problems: list[dict[str, Any]]) -> str:
    more = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{problems[0]['detail']}{more}"
