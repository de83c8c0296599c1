"""Lots for those who work with them: the list, and the page of one lot with its next steps."""

from typing import Any

from flask import Blueprint, render_template, request, url_for
from sqlalchemy.orm import Session

from traceability.following.journal_pages import EventCard, make_event_cards, read_events
from traceability.following.lineage import find_ancestors
from traceability.following.reach import reach_of
from traceability.following.stocks import lot_keys
from traceability.linking.links import product_page
from traceability.lots import find_lots, trace_lot
from traceability.models import Event
from traceability.recording.keeping import Keeper
from traceability.recording.worklists import LotCard, get_own_lot, list_own_lots, list_own_products
from web import access
from web.context import transaction
from web.products.words import PRODUCER_KINDS
from web.trade.keepers import keep_no_copy, keeper
from web.trade.words import EVENT_WORDS, VERDICTS, kind_of, tell_number, tell_safety

blueprint = Blueprint("trade_lots", __name__, url_prefix="/san-xuat/lo")
blueprint.after_request(keep_no_copy)
_PAGE = 30


@blueprint.get("")
@access.roles("producer", "officer", "administrator")
def index() -> str:
    """The lots of the caller's organisation or commune, the newest first."""
    page = min(max(request.args.get("trang", 1, type=int), 1), 10_000)
    text = request.args.get("q", "").strip()[:60]
    product_id = request.args.get("product", type=int)
    by = keeper()
    with transaction() as session:
        cards = list_own_lots(
            session,
            by,
            product_id=product_id,
            text=text,
            limit=_PAGE + 1,
            offset=(page - 1) * _PAGE,
        )
        following = None
        if len(cards) > _PAGE:
            following = url_for(".index", trang=page + 1, q=text or None, product=product_id)
        return render_template(
            "trade/lots.html",
            cards=cards[:_PAGE],
            products=list_own_products(session, by),
            product_id=product_id,
            text=text,
            following=following,
            amount=tell_number,
            tell_safety=tell_safety,
        )


@blueprint.get("/<int:lot_id>")
@access.roles("producer", "officer", "administrator")
def page(lot_id: int) -> str:
    """One lot: how much is left, its badge, where it came from, what happened, what comes next."""
    by = keeper()
    with transaction() as session:
        card = get_own_lot(session, by, lot_id)
        return render_template("trade/lot.html", **_told(session, by, card))


def page_of_event(session: Session, event: Event) -> str:
    """The page of a lot that an event is about, else the list; what was made comes first."""
    [card] = make_event_cards(session, [event])
    found = find_lots(session, (line.key for line in card.lines))
    for line in sorted(card.lines, key=lambda each: each.role != "output"):
        if line.key in found:
            return url_for("trade_lots.page", lot_id=found[line.key][1].id)
    return url_for("trade_lots.index")


def _told(session: Session, by: Keeper, card: LotCard) -> dict[str, Any]:
    line = find_ancestors(session, [(card.product, card.lot)])[card.lot.id]
    events = read_events(session, lot_keys(card.product, card.lot.code))
    return {
        "card": card,
        "origins": [(each, origin) for each in line for origin in trace_lot(session, each.lot)],
        "ancestors": line[1:],
        "reach": reach_of(session, card.product, card.lot),
        "events": events,
        "may_correct": {event.sequence: _may_correct(by, event) for event in events},
        "producer_kinds": PRODUCER_KINDS,
        "public_page": product_page(card.product.id, card.lot.code),
        "amount": tell_number,
        "tell_safety": tell_safety,
        "event_words": EVENT_WORDS,
        "verdicts": VERDICTS,
        "kind_of": kind_of,
    }


def _may_correct(by: Keeper, card: EventCard) -> bool:
    """Whether to offer a correction; the form itself asks again, and more exactly."""
    if card.is_revoked or card.event.corrects is not None:
        return False
    return by.is_officer or (
        card.event.party_id is not None and card.event.party_id == by.captor.party_id
    )
