"""What the public may see of where a product grew and of who made it.

A household's name is a person's and is shown only with a recorded consent; a plot that could
single out a household is a rounded point without a name (Law 91/2025/QH15 art. 16; the rule is the
database function `gis.is_singled_out`, the same as on the public map).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from geoalchemy2 import WKBElement
from sqlalchemy import any_, case, func, literal, select
from sqlalchemy.orm import Session, defer

from gis.models import AdministrativeUnit, Consent, Crop, GrowingArea, GrowingAreaCode, Party
from gis.sketches import Sketch, sketch_place
from traceability.following.lineage import Ancestor, find_ancestors
from traceability.models import Lot, LotSource, Product

# A product as a whole shows where its newest lots came from.
_NEWEST_LOTS = 30


@dataclass(frozen=True, slots=True)
class PublicOrigin:
    """A growing area as the public sees it; `name` is None where it could name a person.

    `shape` is a polygon or a point, EPSG:4326, lon/lat; `area_ha` geodesic hectares.
    """

    growing_area_id: int
    name: str | None
    area_ha: float | None
    crop: Crop | None
    commune: AdministrativeUnit | None
    codes: tuple[str, ...]
    harvested_on: date | None
    quantity: Decimal | None
    shape: WKBElement


@dataclass(frozen=True, slots=True)
class PublicProducer:
    """Who makes a product, as the public sees it; `name` is None without consent to show it."""

    kind: str
    name: str | None
    address: str | None


def public_producer(session: Session, party: Party) -> PublicProducer:
    """Return what may be shown of a producer."""
    if party.kind != "household":
        return PublicProducer(party.kind, party.name, party.address)
    agreed = session.scalars(
        select(Consent.fields).where(
            Consent.party_id == party.id,
            Consent.withdrawn_at.is_(None),
            literal("name") == any_(Consent.fields),
        )
    ).all()
    fields = {name for each in agreed for name in each}
    return PublicProducer(
        party.kind,
        party.name if "name" in fields else None,
        party.address if "address" in fields else None,
    )


def public_origins(
    session: Session,
    product_id: int,
    lot_id: int | None = None,
    *,
    limit: int = 30,
    lineage: Sequence[Ancestor] | None = None,
) -> list[PublicOrigin]:
    """List the growing areas of one lot, or of a product's newest lots, the newest harvest first.

    The fields of a lot that was made from others are theirs, through any number of steps; how much
    each gave to it is told of a lot's own fields only. `lineage` is the lot's, where it is known.
    """
    if lineage is not None:
        line, own = {each.lot.id for each in lineage}, {lineage[0].lot.id}
    else:
        lots = _lots_of(session, product_id, lot_id)
        line = {each.lot.id for found in find_ancestors(session, lots).values() for each in found}
        own = {lot.id for _, lot in lots}
    singled_out = func.gis.is_singled_out(
        Party.kind, GrowingArea.household_count, GrowingArea.area_ha
    )
    shape = case(
        (singled_out, func.gis.rounded_location(GrowingArea.location)),
        else_=func.coalesce(GrowingArea.boundary, GrowingArea.location),
    )
    codes = (
        select(func.array_agg(GrowingAreaCode.code))
        .where(
            GrowingAreaCode.growing_area_id == GrowingArea.id, GrowingAreaCode.status != "revoked"
        )
        .correlate(GrowingArea)
        .scalar_subquery()
    )
    sources = (
        select(
            LotSource.growing_area_id,
            func.max(LotSource.harvested_on).label("harvested_on"),
            func.sum(LotSource.quantity).filter(LotSource.lot_id.in_(own)).label("quantity"),
        )
        .where(LotSource.lot_id.in_(line))
        .group_by(LotSource.growing_area_id)
    )
    found = sources.subquery()
    rows = session.execute(
        select(
            GrowingArea.id,
            case((singled_out, None), else_=GrowingArea.name),
            case((singled_out, None), else_=GrowingArea.area_ha),
            Crop,
            AdministrativeUnit,
            codes,
            found.c.harvested_on,
            found.c.quantity,
            func.ST_SetSRID(shape, 4326, type_=GrowingArea.location.type),
        )
        .join(found, found.c.growing_area_id == GrowingArea.id)
        .outerjoin(Crop, Crop.id == GrowingArea.crop_id)
        .outerjoin(AdministrativeUnit, AdministrativeUnit.id == GrowingArea.commune_id)
        .options(defer(AdministrativeUnit.boundary, raiseload=True))
        .outerjoin(Party, Party.id == GrowingArea.party_id)
        .order_by(
            found.c.harvested_on.desc().nulls_last(),
            found.c.quantity.desc().nulls_last(),
            GrowingArea.id,
        )
        .limit(limit)
    )
    return [
        PublicOrigin(
            area_id, name, area_ha, crop, commune, tuple(sorted(held or ())), day, q, drawn
        )
        for area_id, name, area_ha, crop, commune, held, day, q, drawn in rows
    ]


def _lots_of(session: Session, product_id: int, lot_id: int | None) -> list[tuple[Product, Lot]]:
    query = (
        select(Product, Lot)
        .join(Lot, Lot.product_id == Product.id)
        .where(Product.id == product_id, Lot.status == "active")
        .order_by(Lot.id.desc())
        .limit(_NEWEST_LOTS)
    )
    if lot_id is not None:
        query = (
            select(Product, Lot)
            .join(Lot, Lot.product_id == Product.id)
            .where(Product.id == product_id, Lot.id == lot_id)
        )
    return [(product, lot) for product, lot in session.execute(query)]


def origin_sketch(
    session: Session, product: Product, origins: Sequence[PublicOrigin], day: date
) -> Sketch | None:
    """Draw where a product comes from: its communes, their neighbours, its growing areas.

    Returns:
        None when neither a growing area nor a commune is known.
    """
    communes = {origin.commune.id for origin in origins if origin.commune is not None}
    if not communes and product.commune_id is not None:
        communes = {product.commune_id}
    if not origins and not communes:
        return None
    shapes = [origin.shape for origin in origins]
    return sketch_place(session, shapes, day=day, commune_ids=sorted(communes))
