"""The desk: what is open, what comes next, and the doors to everything a producer does."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gis.database import wait_for_turn
from gis.errors import ConflictError, InvalidInputError
from gis.models import Party
from traceability.gs1.identifiers import gtin14
from traceability.models import Product
from traceability.products import register_product
from traceability.recording.keeping import Keeper
from traceability.recording.worklists import (
    LotCard,
    commune_id_of,
    list_own_lots,
    list_own_products,
    name_of_commune,
)
from web import access
from web.context import transaction
from web.trade.entries import Entry
from web.trade.keepers import keep_no_copy, keeper
from web.trade.steps import STEPS
from web.trade.words import tell_number, tell_safety

blueprint = Blueprint("trade_desk", __name__)
blueprint.after_request(keep_no_copy)
_LATEST = 12


@blueprint.get("/san-xuat")
@access.roles("producer", "officer", "administrator")
def desk() -> str:
    """The desk."""
    by = keeper()
    with transaction() as session:
        cards = list_own_lots(session, by, only_active=True, limit=60)
        products = list_own_products(session, by)
        return render_template(
            "trade/desk.html",
            title=_title(session, by),
            is_lost=not by.is_officer and by.captor.party_id is None,
            is_officer=by.is_officer,
            steps=STEPS,
            products=products,
            alarms=_alarms(cards),
            cards=cards[:_LATEST],
            more=len(cards) > _LATEST,
            amount=tell_number,
            tell_safety=tell_safety,
        )


@blueprint.get("/san-xuat/san-pham-moi")
@access.roles("producer", "officer", "administrator")
def new_product() -> str:
    """The form of a new product, or of a raw material of one's own."""
    return _product_page(Entry.fresh())


@blueprint.post("/san-xuat/san-pham-moi")
@access.roles("producer", "officer", "administrator")
def add_product() -> Response | tuple[str, int]:
    """Register a product of the caller's organisation, or of the officer's commune."""
    entry = Entry.sent()
    by = keeper()
    name = entry.text("name", required=True)
    gtin = entry.text("gtin", longest=20)
    net_content = entry.text("net_content", longest=60)
    if entry.is_right and name is not None:
        try:
            with transaction("registering a product") as session:
                wait_for_turn(session, f"new product of {by.captor.party_id} {by.commune_code}")
                same = _find_same(session, by, name, gtin, net_content)
                if same is not None:
                    flash(_("Sản phẩm %(product)s đã có; không thêm lần nữa.", product=same.name))
                    return redirect(_harvest(same), 303)
                product = register_product(
                    session,
                    name=name,
                    gtin=gtin,
                    net_content=net_content,
                    shelf_life=entry.text("shelf_life", longest=60),
                    **_belonging(session, by),
                )
                flash(_("Đã thêm %(product)s.", product=product.name))
                return redirect(_harvest(product), 303)
        except ConflictError:
            entry.fail("gtin", "gtin-taken")
        except InvalidInputError:
            entry.fail("gtin", "gtin")
    return _product_page(entry), 400


def _product_page(entry: Entry) -> str:
    by = keeper()
    return render_template(
        "trade/product.html",
        entry=entry,
        is_lost=not by.is_officer and by.captor.party_id is None,
    )


def _find_same(
    session: Session, by: Keeper, name: str, gtin: str | None, net_content: str | None
) -> Product | None:
    """A product that is there already in the same words, as after a button tapped twice."""
    number = gtin14(gtin) if gtin else None
    said = (name.casefold(), (net_content or "").casefold())
    return next(
        (
            each
            for each in list_own_products(session, by)
            if (each.name.casefold(), (each.net_content or "").casefold()) == said
            and number in (None, each.gtin)
        ),
        None,
    )


def _harvest(product: Product) -> str:
    return url_for("trade_steps.form", step="thu-hoach", product=product.id)


def _belonging(session: Session, by: Keeper) -> dict[str, Any]:
    if by.is_officer:
        return {"commune_id": commune_id_of(session, by.commune_code)}
    party = session.get(Party, by.captor.party_id) if by.captor.party_id else None
    if party is None:
        raise InvalidInputError("The account belongs to no organisation.")
    return {"producer_id": party.id, "commune_id": party.commune_id}


def _title(session: Session, by: Keeper) -> str | None:
    if by.is_officer:
        return name_of_commune(session, by.commune_code)
    party = session.get(Party, by.captor.party_id) if by.captor.party_id else None
    return party.name if party else None


def _alarms(cards: list[LotCard]) -> dict[str, list[LotCard]]:
    """What needs somebody: recalled lots, early harvests, lots nobody inspected."""
    return {
        "recalled": [card for card in cards if card.recall],
        "early": [
            card for card in cards if not card.recall and card.safety.reason == "early-harvest"
        ],
        "failed": [
            card for card in cards if not card.recall and card.safety.reason == "non-conformant"
        ],
        "unchecked": [
            card
            for card in cards
            if not card.recall
            and card.safety.reason == "not-inspected"
            and card.is_grown
            and (card.left is None or card.left > 0)
        ],
    }
