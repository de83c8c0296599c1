"""The forms of an inspection and of a recall."""

from typing import Any, cast

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from traceability.following.reach import reach_of
from traceability.recording import checks
from traceability.recording.keeping import Keeper, Share
from traceability.recording.worklists import LotCard, get_own_lot, list_own_lots
from web.products.words import PRODUCER_KINDS
from web.trade.done import Done
from web.trade.entries import Entry
from web.trade.keepers import chosen_place, own_areas, own_facilities
from web.trade.words import VERDICTS


def fill_inspection(session: Session, by: Keeper, entry: Entry) -> dict[str, Any]:
    """Which lot, and what came of it."""
    entry.values.setdefault("verdict", "conformant")
    return {
        "cards": _cards(session, by, entry),
        "places_offered": [*own_facilities(session, by), *own_areas(session, by)],
        "verdicts": VERDICTS,
    }


def record_inspection(session: Session, by: Keeper, entry: Entry) -> Done | None:
    """Record the verdict, unless something is wrong with the form."""
    card = _card(session, by, entry)
    verdict = entry["verdict"]
    if verdict not in VERDICTS:
        entry.fail("verdict", "unknown")
    at = entry.moment()
    number = entry.text("result_number", longest=60)
    place = chosen_place(session, by, entry)
    if not entry.is_right or card is None or at is None:
        return None
    checks.record_inspection(
        session,
        by,
        Share(card.lot, card.product),
        at=at,
        verdict=cast(Any, verdict),
        place=place,
        result_number=number,
        destructive=entry["destructive"] == "yes",
    )
    words = _("Đã ghi kết quả kiểm tra lô %(lot)s.", lot=card.lot.code)
    return Done(str(words), url_for("trade_lots.page", lot_id=card.lot.id))


def fill_recall(session: Session, by: Keeper, entry: Entry) -> dict[str, Any]:
    """Which lot and why; once both are known, what it reaches, to be confirmed."""
    cards = _cards(session, by, entry)
    chosen = next((card for card in cards if str(card.lot.id) == entry["lo"]), None)
    asked = entry["asked"] == "yes" and not entry.mistakes and chosen is not None
    return {
        "cards": cards,
        "chosen": chosen,
        "reach": reach_of(session, chosen.product, chosen.lot) if asked and chosen else None,
        "places_offered": [*own_facilities(session, by), *own_areas(session, by)],
        "producer_kinds": PRODUCER_KINDS,
        "longest": checks.LONGEST_REASON,
    }


def record_recall(session: Session, by: Keeper, entry: Entry) -> Done | None:
    """Ask for a confirmation first; record the recall when it is given."""
    card = _card(session, by, entry)
    reason = entry.text("reason", required=True, longest=checks.LONGEST_REASON)
    at = entry.moment()
    place = chosen_place(session, by, entry)
    if not entry.is_right or card is None or reason is None or at is None:
        return None
    if entry["confirmed"] != "yes":
        entry.values["asked"] = "yes"
        return None
    checks.record_recall(
        session,
        by,
        Share(card.lot, card.product),
        at=at,
        reason=reason,
        place=place,
    )
    words = _("Đã thu hồi lô %(lot)s. Trang của mọi tem liên quan đã báo đỏ.", lot=card.lot.code)
    return Done(str(words), url_for("trade_lots.page", lot_id=card.lot.id))


def _cards(session: Session, by: Keeper, entry: Entry) -> list[LotCard]:
    cards = list_own_lots(session, by, only_active=True, limit=60)
    named = entry.number("lo")
    if named is not None and all(card.lot.id != named for card in cards):
        cards.insert(0, get_own_lot(session, by, named))
    return cards


def _card(session: Session, by: Keeper, entry: Entry) -> LotCard | None:
    named = entry.number("lo")
    if named is None:
        entry.fail("lo", "missing")
        return None
    return get_own_lot(session, by, named)
