"""What a recall of a lot would reach, before anybody confirms it, and who has to be told."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from urllib.parse import urlsplit

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from gis.calendar import local_day
from gis.models import Party
from traceability.following.origin import PublicProducer, public_producer
from traceability.following.stocks import lot_keys
from traceability.linking.links import product_codes
from traceability.lots import find_lots
from traceability.models import Lot, Product, Serial

_REACH, _BOXES, _SENT = (
    text((files("traceability.following") / name).read_text("utf-8"))
    for name in ("reach.sql", "boxes.sql", "sent.sql")
)
_MOST_LOTS = 2000
# Beyond these the boxes of single labels are not looked for: a page is waiting.
_MOST_LABELS = 2000
_MOST_BOXES = 5000
_MOST_SENDINGS = 1000
_PARTY = re.compile(r"/chu-the/([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who was sent something, or took it in; `party` is None for one known by `code` alone (GLN).

    Organisations are named with their address; a household only with its consent.
    """

    party_id: int | None
    party: PublicProducer | None
    code: str
    last_on: date


@dataclass(frozen=True, slots=True)
class Reach:
    """The lots made from a lot, the labels issued for it and for them, the boxes they were in.

    `receivers` are all to whom any of it went, the newest first.
    """

    lots: list[tuple[Product, Lot]]
    serial_count: int
    box_count: int
    receivers: list[Receiver]


def reach_of(session: Session, product: Product, lot: Lot) -> Reach:
    """Follow a lot forward to all that a recall of it reaches."""
    given = {"keys": lot_keys(product, lot.code), "most": _MOST_LOTS}
    found = find_lots(session, session.scalars(_REACH, given).all())
    others = {each.id: (made, each) for made, each in found.values() if each.id != lot.id}
    everything = {lot.id: (product, lot), **others}
    count = session.scalar(select(func.count()).where(Serial.lot_id.in_(everything))) or 0
    keys = [key for made, each in everything.values() for key in lot_keys(made, each.code)]
    if 0 < count <= _MOST_LABELS:
        labels = session.scalars(select(Serial).where(Serial.lot_id.in_(everything)))
        for label in labels:
            made = everything[label.lot_id or 0][0]
            keys += [code.path for code in product_codes(made, None, label.serial)]
    boxes = session.scalars(_BOXES, {"keys": keys, "most": _MOST_BOXES}).all()
    makers = {made.producer_id for made, _ in everything.values()}
    receivers = [
        each
        for each in _receivers(session, [*keys, *boxes])
        if each.party_id is None or each.party_id not in makers
    ]
    return Reach(list(others.values()), count, len(boxes), receivers)


def _receivers(session: Session, keys: Sequence[str]) -> list[Receiver]:
    last: dict[str, date] = {}
    for row in session.execute(_SENT, {"keys": list(keys), "most": _MOST_SENDINGS}):
        named = [
            urlsplit(str(each.get("destination", ""))).path
            for each in json.loads(row.body).get("destinationList", ())
        ]
        if row.biz_step not in ("shipping", "departing") and row.party_id is not None:
            named.append(f"/chu-the/{row.party_id}")
        for path in named:
            last.setdefault(path, local_day(row.event_time))
    numbers = {path: int(found[1]) for path in last if (found := _PARTY.fullmatch(path))}
    parties = {
        party.id: party
        for party in session.scalars(select(Party).where(Party.id.in_(numbers.values())))
    }
    return [
        Receiver(
            numbers.get(path),
            public_producer(session, party) if party is not None else None,
            path.rpartition("/")[2],
            day,
        )
        for path, day in last.items()
        for party in (parties.get(numbers.get(path, 0)),)
        if party is not None or path.startswith(("/417/", "/414/"))
    ]
