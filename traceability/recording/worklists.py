"""What somebody works with: the products and lots of their organisation, or of their commune."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from gis.errors import NotFoundError
from gis.models import AdministrativeUnit, Party
from traceability.following.recalls import RecallNotice, recalls_of_lots
from traceability.following.safety import Safety, safety_of_lots
from traceability.following.stocks import Stock, list_stocks
from traceability.models import Lot, Product
from traceability.recording.keeping import Keeper, demand_own


@dataclass(frozen=True, slots=True)
class LotCard:
    """A lot with what whoever works with it asks first."""

    product: Product
    lot: Lot
    stock: Stock | None
    recall: RecallNotice | None
    safety: Safety

    @property
    def left(self) -> Decimal | None:
        """How much is left, in the lot's unit; None where nobody said how much there was."""
        return self.stock.left if self.stock else None

    @property
    def is_grown(self) -> bool:
        """Whether it is food or a plant: crafts and tours need no inspection of residues."""
        return self.product.ocop_group not in (4, 6)

    @property
    def begun_on(self) -> date | None:
        """The day it was made."""
        return self.lot.produced_on or self.lot.harvested_on


def list_own_products(session: Session, keeper: Keeper) -> list[Product]:
    """List the products of the keeper's party, or of the officer's commune, by name."""
    query = _own(select(Product), keeper).order_by(Product.name, Product.id).limit(500)
    return list(session.scalars(query))


def list_own_lots(
    session: Session,
    keeper: Keeper,
    *,
    product_id: int | None = None,
    text: str | None = None,
    only_active: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> list[LotCard]:
    """List lots, the newest first; narrowed by product and by words of code or product name."""
    query = _own(select(Product, Lot).join(Lot, Lot.product_id == Product.id), keeper).order_by(
        Lot.id.desc()
    )
    if product_id is not None:
        query = query.where(Product.id == product_id)
    if only_active:
        query = query.where(Lot.status == "active")
    for word in (text or "").split():
        pattern = func.concat("%", func.public.f_unaccent(func.lower(_escaped(word))), "%")
        query = query.where(
            or_(
                func.public.f_unaccent(func.lower(Lot.code)).like(pattern, escape="\\"),
                func.public.f_unaccent(func.lower(Product.name)).like(pattern, escape="\\"),
            )
        )
    rows = session.execute(query.limit(limit).offset(offset)).all()
    return make_cards(session, [(product, lot) for product, lot in rows])


def get_own_lot(session: Session, keeper: Keeper, lot_id: int) -> LotCard:
    """Return one lot of the keeper's own.

    Raises:
        NotFoundError: When there is none.
        ForbiddenError: It is somebody else's.
    """
    lot = session.get(Lot, lot_id) if 0 < lot_id < 2**63 else None
    product = session.get(Product, lot.product_id) if lot else None
    if lot is None or product is None:
        raise NotFoundError(f"There is no lot {lot_id}.")
    demand_own(session, keeper, product)
    return make_cards(session, [(product, lot)])[0]


def make_cards(session: Session, lots: list[tuple[Product, Lot]]) -> list[LotCard]:
    """Bring together what is asked of lots, in a few statements however many they are."""
    stocks = list_stocks(session, lots)
    recalls = recalls_of_lots(session, lots)
    safety = safety_of_lots(session, lots)
    return [
        LotCard(product, lot, stocks.get(lot.id), recalls.get(lot.id), safety[lot.id])
        for product, lot in lots
    ]


def list_receivers(session: Session, except_party: int | None) -> list[Party]:
    """List the organisations that goods may be sent to; households are no choice for all to see."""
    query = select(Party).where(Party.kind != "household").order_by(Party.name).limit(300)
    if except_party is not None:
        query = query.where(Party.id != except_party)
    return list(session.scalars(query))


def name_of_commune(session: Session, code: str | None) -> str | None:
    """The name of today's commune of a code."""
    return session.scalar(
        select(func.coalesce(AdministrativeUnit.full_name, AdministrativeUnit.name))
        .where(AdministrativeUnit.code == code, AdministrativeUnit.valid_to.is_(None))
        .limit(1)
    )


def commune_id_of(session: Session, code: str | None) -> int | None:
    """The id of today's commune of a code."""
    return session.scalar(
        select(AdministrativeUnit.id)
        .where(AdministrativeUnit.code == code, AdministrativeUnit.valid_to.is_(None))
        .limit(1)
    )


def _own(query: Any, keeper: Keeper) -> Any:
    if not keeper.is_officer:
        return query.where(Product.producer_id == (keeper.captor.party_id or 0))
    if keeper.commune_code is None:
        return query
    return query.join(AdministrativeUnit, AdministrativeUnit.id == Product.commune_id).where(
        AdministrativeUnit.code == keeper.commune_code
    )


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
