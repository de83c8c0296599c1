"""Who has, or had, a thing of ours: walked through the journal by the rule of `rights.py`."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, func, select, text, union
from sqlalchemy.orm import InstrumentedAttribute, Session

from gis.models import Facility, GrowingArea
from traceability.epcis.epcs import canonical
from traceability.epcis.events import ReadEvent
from traceability.epcis.own import OwnThing
from traceability.epcis.vocabulary import SOURCE_TYPES, read_name
from traceability.errors import InvalidIdentifierError

_FOLDER = files("traceability.epcis")
_LINKS = text((_FOLDER / "custody_links.sql").read_text("utf-8"))
_MOVES = text((_FOLDER / "custody_moves.sql").read_text("utf-8"))
_TAKEN_IN = frozenset({"receiving", "accepting", "arriving"})
_OWNERS = frozenset({"owning_party", "possessing_party"})
_PARTY = re.compile(r"/chu-the/([0-9]{1,18})/?", re.ASCII)
_GLN = re.compile(r"/41[47]/([0-9]{13})(?:/.*)?", re.ASCII)
_LAST = 2**63


class _Move(NamedTuple):
    """Something was sent or received; `named` are the keys of the parties it was sent to."""

    position: int
    sequence: int
    party_id: int | None
    is_sent: bool
    named: tuple[str, ...] = ()


class Custody:
    """Who has some things of ours, read once; what a capture adds is noted."""

    def __init__(self, session: Session, keys: Iterable[str]) -> None:
        asked = sorted(set(keys))
        # What a thing is sent with, and since which event of the journal.
        self._about: dict[str, dict[str, int]] = defaultdict(dict)
        if asked:
            for row in session.execute(_LINKS, {"keys": asked}):
                self._about[row.asked][row.key] = row.since
        self._moves: dict[str, set[_Move]] = defaultdict(set)
        named: set[str] = set()
        reached = sorted({key for keys in self._about.values() for key in keys})
        if reached:
            for row in session.execute(_MOVES, {"keys": reached}):
                parties = tuple(_named(row.destinations or ()))
                named.update(parties)
                self._moves[row.key].add(
                    _Move(row.position or _LAST, row.sequence, row.party_id, row.is_sent, parties)
                )
        self._known = _known_parties(session, named)

    def holders(self, thing: OwnThing) -> set[int]:
        """The parties that have, or had, a thing; its producer first of all."""
        moves = sorted(
            {
                move
                for name in thing.journal_keys()
                for key, since in {name: 0, **self._about.get(name, {})}.items()
                for move in self._moves.get(key, ())
                if move.sequence > since
            }
        )
        holders: set[int] = set()
        if thing.product.producer_id is not None:
            holders.add(thing.product.producer_id)
        # Shipments that named nobody known here, and that nobody took in yet.
        open_to_all = 0
        for move in moves:
            if not move.is_sent:
                if open_to_all and move.party_id is not None and move.party_id not in holders:
                    holders.add(move.party_id)
                    open_to_all -= 1
            elif move.party_id is None or move.party_id in holders:
                receivers = {party for name in move.named for party in self._known.get(name, ())}
                holders |= receivers
                open_to_all += not receivers
        return holders

    def note(self, event: ReadEvent, sequence: int, party_id: int | None) -> None:
        """Add an event that was accepted; whom it sends to is nobody of this capture."""
        if event.biz_step in _TAKEN_IN:
            for item in event.items:
                self._moves[item.key].add(_Move(_LAST, sequence, party_id, is_sent=False))
        box = next((item.key for item in event.items if item.role == "parent"), None)
        if box is None or event.action != "ADD":
            return
        children = {item.key for item in event.items if item.role == "child"}
        for about in self._about.values():
            if not children.isdisjoint(about):
                for key in (box, *self._about.get(box, ())):
                    about.setdefault(key, sequence)


def _named(destinations: Sequence[Any]) -> Iterable[str]:
    for one in destinations:
        if read_name(SOURCE_TYPES, one.get("type", "")) in _OWNERS:
            try:
                yield canonical(one["destination"])
            except InvalidIdentifierError:
                continue


def _known_parties(session: Session, names: Iterable[str]) -> dict[str, set[int]]:
    """The parties that names mean: their address on this site, or the GLN of a place of theirs."""
    known: dict[str, set[int]] = defaultdict(set)
    glns: dict[str, set[str]] = defaultdict(set)
    for name in set(names):
        path = urlsplit(name).path
        if (party := _PARTY.fullmatch(path)) is not None:
            known[name].add(int(party[1]))
        elif (gln := _GLN.fullmatch(path)) is not None:
            glns[gln[1]].add(name)
    if glns:
        wanted = sorted(glns)
        owners = union(
            *(
                select(gln_.label("gln"), party.label("party")).where(
                    gln_ == func.any(wanted), party.is_not(None)
                )
                for gln_, party in _places()
            )
        )
        for number, party_id in session.execute(owners):
            for name in glns[number]:
                known[name].add(party_id)
    return known


def _places() -> list[tuple[ColumnElement[str], InstrumentedAttribute[Any]]]:
    return [
        (Facility.attributes["gln"].astext, Facility.party_id),
        (GrowingArea.attributes["gln"].astext, GrowingArea.party_id),
    ]
