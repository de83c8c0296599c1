"""What tests of producers' work stand on: fields, raw coffee, ground coffee, who records."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.calendar import VIETNAM
from tests.product_factories import Scene, make_scene
from traceability import products
from traceability.epcis.captor import Captor
from traceability.following.places import list_areas
from traceability.models import Product
from traceability.recording.harvests import Harvest, record_harvest
from traceability.recording.keeping import Keeper
from web.accounts import add_account
from web.models import Account

BASE = "https://langbiang.example"


@dataclass
class Trade:
    """The scene of `product_factories`, with a raw and a middle product and who records."""

    scene: Scene
    raw: Product
    middle: Product
    keeper: Keeper

    @property
    def final(self) -> Product:
        """The product with a GTIN."""
        return self.scene.product


def days_ago(days: float) -> datetime:
    """A moment so many days ago."""
    return datetime.now(UTC) - timedelta(days=days)


def typed(moment: datetime) -> str:
    """A moment as a browser sends it."""
    return f"{moment.astimezone(VIETNAM):%Y-%m-%dT%H:%M}"


def make_trade(session: Session) -> Trade:
    """Make the rows; flushes."""
    scene = make_scene(session)
    party = scene.cooperative
    raw, middle = (
        products.register_product(
            session, name=name, producer_id=party.id, commune_id=scene.commune.id
        )
        for name in ("Quả cà phê tươi", "Cà phê nhân")
    )
    keeper = Keeper(Captor("coop", party.id, frozenset({"producer"})), BASE)
    return Trade(scene, raw, middle, keeper)


def harvest(session: Session, trade: Trade, code: str, kilograms: int, days: float):
    """Record a harvest from the cooperative's first area."""
    [area] = list_areas(session, trade.scene.cooperative.id, None)
    return record_harvest(
        session,
        trade.keeper,
        trade.raw,
        code,
        [Harvest(area, Decimal(kilograms))],
        unit="kg",
        at=days_ago(days),
    )


def sign_in_as(app: Flask, session: Session, party_id: int | None, role: str) -> FlaskClient:
    """A client signed in as somebody of a party."""
    name = f"{role}-{secrets.token_hex(3)}"
    password = add_account(session, name, [role])
    account = session.scalar(select(Account).where(Account.username == name))
    account.party_id = party_id
    session.commit()
    client = app.test_client()
    assert (
        client.post("/dang-nhap", data={"username": name, "password": password}).status_code == 302
    )
    return client
