"""All that the page of a product or a lot shows, gathered in a bounded number of statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session, defer

from gis.calendar import today
from gis.models import AdministrativeUnit
from gis.sketches import Sketch
from traceability import lots, ocop
from traceability.errors import InvalidIdentifierError
from traceability.following.journey import Step, public_journey
from traceability.following.lineage import find_ancestors
from traceability.following.origin import (
    PublicOrigin,
    PublicProducer,
    public_origins,
    public_producer,
)
from traceability.following.recalls import RecallNotice, recall_of, recalls_of_lots
from traceability.following.safety import Safety, safety_of
from traceability.gs1.trace_link import Code, label_code
from traceability.models import Listing, Lot, Marketplace, Product
from traceability.products import ProductCard
from traceability.scanning.scans import SerialStanding, standing_of
from traceability.selling import marketplaces
from traceability.selling.photos import Photo, photo_of
from web.context import public_url
from web.products.maps import draw_origin

_LONGEST_SERIAL = 20
_LOTS_LISTED = 12


@dataclass(frozen=True, slots=True)
class ConsumerPage:
    """All that the page of a product or a lot shows; nothing in it is a person's."""

    card: ProductCard
    province: AdministrativeUnit | None
    producer: PublicProducer | None
    lot: Lot | None
    lots: list[Lot]
    origins: list[PublicOrigin]
    sketch: Sketch | None
    listings: list[tuple[Listing, Marketplace]]
    journey: Sequence[Step]
    certificate_holds: bool
    serial_asked: str | None
    standing: SerialStanding | None
    recall: RecallNotice | None
    recalled_lots: frozenset[int]
    safety: Safety | None
    photo: Photo | None
    code: Code
    today: date

    @property
    def product(self) -> Product:
        """The product itself."""
        return self.card.product

    @property
    def address(self) -> str:
        """The address that a label of this product or lot carries."""
        return self.code.uri(public_url())

    @property
    def is_past_shelf_life(self) -> bool:
        """Whether the lot's last day is over."""
        return bool(self.lot and self.lot.expires_on and self.lot.expires_on < self.today)

    @property
    def is_demo(self) -> bool:
        """Whether anything shown was invented for the demonstration."""
        return self.product.is_demo or bool(self.lot and self.lot.is_demo)


def gather(session: Session, card: ProductCard, lot: Lot | None, asked: str | None) -> ConsumerPage:
    """Gather the page of a product, or of one of its lots.

    Args:
        session: Reads only.
        card: The product.
        lot: The lot, if the page is a lot's.
        asked: The serial of the stamp that was scanned, as it came with the address.
    """
    product, day = card.product, today()
    asked = (asked or "").replace("\0", "�").strip()[:_LONGEST_SERIAL] or None
    code = _code(product, lot, asked)
    # What no label can carry was never issued; nothing else is asked about it.
    serial = asked if asked is not None and code.path != _code(product, lot, None).path else None
    # Asked once for the fields, the journey and the badge.
    line = find_ancestors(session, [(product, lot)])[lot.id] if lot else None
    origins = public_origins(session, product.id, lot.id if lot else None, lineage=line)
    if lot is not None:
        # A lot's journey is told from its first day on; a product's newest fields come first.
        origins.sort(key=lambda origin: origin.harvested_on or date.min)
    commune = card.commune
    others = [] if lot else lots.list_lots(session, product.id, limit=_LOTS_LISTED)
    return ConsumerPage(
        card=card,
        province=_province(session, commune),
        producer=public_producer(session, card.producer) if card.producer else None,
        lot=lot,
        lots=others,
        origins=origins,
        sketch=draw_origin(session, product, origins, day),
        listings=marketplaces.list_listings(session, product.id),
        journey=public_journey(session, product, lot, serial, lineage=line) if lot else [],
        certificate_holds=card.certificate is not None and ocop.holds(card.certificate, day),
        serial_asked=asked,
        standing=standing_of(session, product.id, asked, lot.id if lot else None)
        if asked
        else None,
        recall=recall_of(session, product, lot, serial),
        recalled_lots=frozenset(recalls_of_lots(session, [(product, one) for one in others])),
        safety=safety_of(session, lot, lineage=line) if lot else None,
        photo=photo_of(session, product.id),
        code=code,
        today=day,
    )


def _province(session: Session, commune: AdministrativeUnit | None) -> AdministrativeUnit | None:
    if commune is None or commune.parent_id is None:
        return None
    # An outline weighs kilobytes, and the page draws none of a province.
    whole = [defer(AdministrativeUnit.boundary, raiseload=True)]
    return session.get(AdministrativeUnit, commune.parent_id, options=whole)


def _code(product: Product, lot: Lot | None, serial: str | None) -> Code:
    """The code of what is shown; a number that no label can carry is left out of it."""
    lot_code = lot.code if lot else None
    try:
        return label_code(product.gtin, product.trace_code, lot_code, serial)
    except InvalidIdentifierError:
        return label_code(product.gtin, product.trace_code, lot_code)
