"""The forms of packing, shipping, receiving, unpacking and selling: they all name a load."""

from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError, NotFoundError
from gis.models import Party
from traceability.following.finding import find_things
from traceability.models import Product
from traceability.recording import boxes, moves
from traceability.recording.boxes import box_uri
from traceability.recording.holdings import is_box_held, is_held, is_known
from traceability.recording.keeping import Keeper
from traceability.recording.moves import Load
from traceability.recording.worklists import list_receivers
from web.trade.done import Done
from web.trade.entries import Entry
from web.trade.keepers import chosen_place, own_areas, own_facilities
from web.trade.processing import offered_lots, read_shares

_MOST_CODES = 2000


def fill_packing(session: Session, by: Keeper, entry: Entry) -> dict[str, Any]:
    """What is packed, into which box."""
    return _offered(session, by, entry, fields=("lots", "codes", "new-box"))


def fill_shipping(session: Session, by: Keeper, entry: Entry) -> dict[str, Any]:
    """What leaves, for whom."""
    return {
        **_offered(session, by, entry, fields=("lots", "codes", "receiver", "paper")),
        "receivers": list_receivers(session, by.captor.party_id),
    }


def fill_receiving(session: Session, by: Keeper, entry: Entry) -> dict[str, Any]:
    """What came in."""
    return _offered(session, by, entry, fields=("codes", "lots", "paper"))


def fill_unpacking(session: Session, by: Keeper, entry: Entry) -> dict[str, Any]:
    """Which box is opened."""
    return _offered(session, by, entry, fields=("box",))


def fill_sale(session: Session, by: Keeper, entry: Entry) -> dict[str, Any]:
    """What was sold."""
    return _offered(session, by, entry, fields=("codes", "lots"))


def record_packing(session: Session, by: Keeper, entry: Entry) -> Done | None:
    """Record that a load was packed, unless something is wrong with the form."""
    load = _read_load(session, by, entry)
    if load.boxes:
        entry.fail("codes", "box-in-box")
    at = entry.moment()
    box = entry.text("box", longest=60)
    place = chosen_place(session, by, entry)
    if not entry.is_right or at is None:
        return None
    code, _event = boxes.record_packing(
        session,
        by,
        box,
        shares=load.shares,
        items=load.items,
        at=at,
        place=place,
    )
    words = _("Đã đóng thùng %(box)s. Ghi mã này lên thùng.", box=code)
    return Done(str(words), url_for("trade_tracing.page", ma=code))


def record_shipping(session: Session, by: Keeper, entry: Entry) -> Done | None:
    """Record that a load left, unless something is wrong with the form."""
    load = _read_load(session, by, entry)
    at = entry.moment()
    paper = entry.text("paper", longest=60)
    number = entry.text("receiver_gln", longest=20)
    place = chosen_place(session, by, entry)
    wanted = entry.number("receiver")
    receiver = session.get(Party, wanted) if wanted is not None else None
    if wanted is not None and receiver is None:
        entry.fail("receiver", "unknown")
    if not entry.is_right or at is None:
        return None
    try:
        moves.record_shipping(
            session,
            by,
            load,
            at=at,
            place=place,
            receiver=receiver,
            receiver_gln=number,
            paper=paper,
        )
    except InvalidInputError as error:
        if number and "GLN" in error.detail:
            entry.fail("receiver_gln", "gln")
            return None
        raise
    return _done(load, str(_("Đã ghi xuất hàng.")))


def record_receiving(session: Session, by: Keeper, entry: Entry) -> Done | None:
    """Record that a load came in, unless something is wrong with the form."""
    load = _read_load(session, by, entry, own=False)
    at = entry.moment()
    paper = entry.text("paper", longest=60)
    place = chosen_place(session, by, entry)
    if not entry.is_right or at is None:
        return None
    moves.record_receiving(session, by, load, at=at, place=place, paper=paper)
    return _done(load, str(_("Đã ghi nhận hàng.")))


def record_unpacking(session: Session, by: Keeper, entry: Entry) -> Done | None:
    """Record that a box was opened, unless something is wrong with the form."""
    box = entry.text("box", required=True, longest=400)
    at = entry.moment()
    code = None
    if box is not None:
        try:
            thing = find_things(session, box)[0]
            code = thing.code if thing.kind == "box" else None
        except (InvalidInputError, NotFoundError):
            code = None
        if code is None:
            entry.fail("box", "box")
        elif not is_box_held(session, by, box_uri(by, code)):
            entry.fail("box", "box-not-held", code=code)
    place = chosen_place(session, by, entry)
    if not entry.is_right or at is None or code is None:
        return None
    boxes.record_unpacking(session, by, code, at=at, place=place)
    words = _("Đã ghi mở thùng %(box)s.", box=code)
    return Done(str(words), url_for("trade_tracing.page", ma=code))


def record_sale(session: Session, by: Keeper, entry: Entry) -> Done | None:
    """Record a sale, unless something is wrong with the form."""
    load = _read_load(session, by, entry)
    if load.boxes:
        entry.fail("codes", "box-sold")
    at = entry.moment()
    place = chosen_place(session, by, entry)
    if not entry.is_right or at is None:
        return None
    moves.record_sale(session, by, load, at=at, place=place)
    return _done(load, str(_("Đã ghi bán lẻ.")))


def _offered(
    session: Session, by: Keeper, entry: Entry, *, fields: tuple[str, ...]
) -> dict[str, Any]:
    facilities = own_facilities(session, by)
    if facilities and not by.is_officer:
        entry.values.setdefault("place", facilities[0].path)
    return {
        "fields": fields,
        "cards": offered_lots(session, by, entry) if "lots" in fields else [],
        "places_offered": [*facilities, *own_areas(session, by)],
    }


def _read_load(session: Session, by: Keeper, entry: Entry, *, own: bool = True) -> Load:
    """Read what is moved; `own` where its items must be the keeper's, or received by them."""
    shares = read_shares(session, by, entry)
    items: list[tuple[Product, str]] = []
    found_boxes: list[str] = []
    lines = [line for line in entry["codes"].splitlines() if line.strip()][: _MOST_CODES + 1]
    if len(lines) > _MOST_CODES:
        entry.fail("codes", "too-many", most=_MOST_CODES)
        lines = []
    for line in lines:
        try:
            thing = find_things(session, line)[0]
        except (InvalidInputError, NotFoundError):
            entry.fail("codes", "unknown-code", code=line.strip()[:60])
            continue
        if thing.kind == "box":
            if own and not is_box_held(session, by, box_uri(by, thing.code)):
                entry.fail("codes", "box-not-held", code=thing.code)
            found_boxes.append(thing.code)
        elif thing.kind == "item" and thing.product is not None and thing.serial is not None:
            if not is_known(session, thing.product, thing.serial):
                entry.fail("codes", "not-issued", code=thing.serial)
            elif own and not is_held(session, by, thing.product, thing.serial):
                entry.fail("codes", "not-held", code=thing.serial)
            items.append((thing.product, thing.serial))
        else:
            entry.fail("codes", "not-an-item", code=line.strip()[:60])
    load = Load(found_boxes, shares, items)
    if load.is_empty and entry.is_right:
        entry.fail("load", "missing")
    return load


def _done(load: Load, words: str) -> Done:
    if load.shares:
        return Done(words, url_for("trade_lots.page", lot_id=load.shares[0].lot.id))
    code = load.boxes[0] if load.boxes else load.items[0][1]
    return Done(words, url_for("trade_tracing.page", ma=code))
