"""Products: register them, find them, list them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, defer

from gis.errors import ConflictError, InvalidInputError, NotFoundError
from gis.models import AdministrativeUnit, Party
from traceability import ocop
from traceability.errors import InvalidIdentifierError
from traceability.gs1.identifiers import gtin14, new_trace_code, trace_code
from traceability.linking import links
from traceability.models import Certificate, Product


@dataclass(frozen=True, slots=True)
class ProductCard:
    """What a list shows of a product."""

    product: Product
    producer: Party | None
    commune: AdministrativeUnit | None
    certificate: Certificate | None


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """What a list of products is narrowed by; None leaves a thing open.

    `text` is compared without accents or case with the names of product, brand and producer, and
    as a code with GTIN (in any of its lengths) and trace code;
    `stars` counts certificates that hold on `on`; `commune_code` is a code of today's communes;
    `gtin` has 14 digits.
    """

    on: date
    text: str | None = None
    group: int | None = None
    stars: int | None = None
    commune_code: str | None = None
    gtin: str | None = None
    producer_id: int | None = None


def register_product(
    session: Session,
    *,
    name: str,
    gtin: str | None = None,
    own_code: str | None = None,
    brand: str | None = None,
    ocop_set: int | None = None,
    ocop_group: int | None = None,
    producer_id: int | None = None,
    commune_id: int | None = None,
    summary: str | None = None,
    story: str | None = None,
    net_content: str | None = None,
    shelf_life: str | None = None,
    standards: str | None = None,
    attributes: dict[str, Any] | None = None,
    source: str | None = None,
    source_id: str | None = None,
    is_demo: bool = False,
) -> Product:
    """Register a product, give it a trace code and its resolver entry; flushes.

    Args:
        session: The transaction.
        name: As on the package.
        gtin: Its GTIN of 8, 12, 13 or 14 digits, if the producer owns one.
        own_code: A trace code already printed; default: a new one.
        brand: The brand, if any.
        ocop_set: 1 to 26; gives the group too.
        ocop_group: 1 to 6, where the set is not known.
        producer_id: The party that makes it.
        commune_id: The commune it comes from.
        summary: One sentence.
        story: The product's story, in paragraphs.
        net_content: Such as `500 g`.
        shelf_life: Such as `12 tháng`.
        standards: Standards and regulations applied.
        attributes: Anything else, kept as it is.
        source: Where the row was loaded from.
        source_id: Its key there.
        is_demo: Invented for the demonstration; marked so wherever it is shown.

    Raises:
        InvalidInputError: An empty name, a bad GTIN or trace code, an unknown set or group.
        ConflictError: When the GTIN or the trace code is registered already.
    """
    if not name.strip():
        raise InvalidInputError("A product needs a name.")
    if ocop_set is not None:
        ocop_group = ocop.group_of(ocop_set)
    elif ocop_group is not None:
        ocop.known_group(ocop_group)
    gtin = gtin14(gtin) if gtin else None
    own_code = trace_code(own_code) if own_code else _unused_code(session)
    _refuse_twice(session, gtin, own_code)
    product = Product(
        gtin=gtin,
        trace_code=own_code,
        name=name.strip(),
        brand=brand,
        ocop_group=ocop_group,
        ocop_set=ocop_set,
        producer_id=producer_id,
        commune_id=commune_id,
        summary=summary,
        story=story,
        net_content=net_content,
        shelf_life=shelf_life,
        standards=standards,
        attributes=attributes or {},
        source=source,
        source_id=source_id,
        is_demo=is_demo,
    )
    session.add(product)
    session.flush()
    links.publish_product(session, product)
    return product


def update_product(
    session: Session, product: Product, values: Mapping[str, Any], *, dry_run: bool = False
) -> bool:
    """Change what is known of a product and say whether anything changed; flushes.

    A change makes its version one higher.

    Args:
        session: The transaction.
        product: The product.
        values: Arguments of `register_product`; what is not named stays. A trace code, being
            printed on labels, never changes; a GTIN may be added, not exchanged.
        dry_run: Say it only; change nothing.

    Raises:
        InvalidInputError: An empty name, a bad GTIN, an unknown set or group.
        ConflictError: Another GTIN or trace code than the one recorded.
    """
    wanted = dict(values)
    own_code = wanted.pop("own_code", None)
    if own_code is not None and trace_code(own_code) != product.trace_code:
        raise ConflictError(f"Product {product.id} has the trace code {product.trace_code}.")
    if wanted.get("gtin") is not None:
        wanted["gtin"] = gtin14(wanted["gtin"])
        if product.gtin not in (None, wanted["gtin"]):
            raise ConflictError(f"Product {product.id} has the GTIN {product.gtin}.")
    if wanted.get("ocop_set") is not None:
        wanted["ocop_group"] = ocop.group_of(wanted["ocop_set"])
    elif wanted.get("ocop_group") is not None:
        ocop.known_group(wanted["ocop_group"])
    if "name" in wanted and not wanted["name"].strip():
        raise InvalidInputError("A product needs a name.")
    changed = {name: new for name, new in wanted.items() if getattr(product, name) != new}
    if not changed or dry_run:
        return bool(changed)
    for name, new in changed.items():
        setattr(product, name, new)
    product.version += 1
    product.updated_at = datetime.now(UTC)
    session.flush()
    links.publish_product(session, product)
    return True


def get_product(session: Session, product_id: int) -> Product:
    """Return a product by its number.

    Raises:
        NotFoundError: When there is none.
    """
    product = session.get(Product, product_id) if 0 < product_id < 2**63 else None
    if product is None:
        raise NotFoundError(f"There is no product {product_id}.")
    return product


def product_of_gtin(session: Session, gtin: str) -> Product:
    """Return a product by its GTIN of any length.

    Raises:
        InvalidIdentifierError: When it is not a GTIN.
        NotFoundError: When no product here has it.
    """
    wanted = gtin14(gtin)
    product = session.scalar(select(Product).where(Product.gtin == wanted))
    if product is None:
        raise NotFoundError(f"No product with the GTIN {wanted} is registered here.")
    return product


def producer_of(
    session: Session, *, gtin: str | None = None, trace_code: str | None = None
) -> int | None:
    """Return the party that makes the product of a GTIN (14 digits) or trace code, or None."""
    same = Product.gtin == gtin if gtin is not None else Product.trace_code == trace_code
    return session.scalar(select(Product.producer_id).where(same))


def get_card(session: Session, product_id: int) -> ProductCard:
    """Return a product with its producer, commune and newest certificate.

    Raises:
        NotFoundError: When there is none.
    """
    known = 0 < product_id < 2**63
    row = session.execute(_cards().where(Product.id == product_id)).first() if known else None
    if row is None:
        raise NotFoundError(f"There is no product {product_id}.")
    return ProductCard(*row)


def list_products(
    session: Session, wanted: ProductFilter, *, limit: int, offset: int = 0
) -> list[ProductCard]:
    """List products in Vietnamese alphabetical order; at most `limit`, after `offset`."""
    query = _narrowed(_cards(), wanted).order_by(Product.name, Product.id)
    return [ProductCard(*row) for row in session.execute(query.limit(limit).offset(offset))]


def list_communes(session: Session) -> list[AdministrativeUnit]:
    """List today's communes that products come from, in alphabetical order."""
    with_products = select(Product.commune_id).where(Product.commune_id.is_not(None))
    return list(
        session.scalars(
            select(AdministrativeUnit)
            .where(AdministrativeUnit.id.in_(with_products), AdministrativeUnit.valid_to.is_(None))
            .order_by(AdministrativeUnit.name)
            .options(defer(AdministrativeUnit.boundary, raiseload=True))
        )
    )


def count_products(session: Session, wanted: ProductFilter) -> int:
    """Count what `list_products` would list in all."""
    query = _narrowed(_cards(), wanted).with_only_columns(func.count())
    return session.scalar(query) or 0


def _cards() -> Any:
    newest = (
        select(Certificate.id)
        .where(Certificate.product_id == Product.id)
        .order_by(Certificate.issued_on.desc(), Certificate.id.desc())
        .limit(1)
        .correlate(Product)
        .scalar_subquery()
    )
    return (
        select(Product, Party, AdministrativeUnit, Certificate)
        .outerjoin(Party, Party.id == Product.producer_id)
        .outerjoin(AdministrativeUnit, AdministrativeUnit.id == Product.commune_id)
        .outerjoin(Certificate, Certificate.id == newest)
        # Outlines weigh kilobytes a row, and no card draws one.
        .options(defer(AdministrativeUnit.boundary, raiseload=True))
    )


def _narrowed(query: Any, wanted: ProductFilter) -> Any:
    if wanted.text and wanted.text.strip():
        words = and_(*map(_names_with, wanted.text.split()))
        code = _of_code(wanted.text)
        query = query.where(words if code is None else or_(code, words))
    if wanted.gtin is not None:
        query = query.where(Product.gtin == wanted.gtin)
    if wanted.producer_id is not None:
        query = query.where(Product.producer_id == wanted.producer_id)
    if wanted.group is not None:
        query = query.where(Product.ocop_group == wanted.group)
    if wanted.stars is not None:
        query = query.where(
            Certificate.stars == wanted.stars,
            Certificate.status == "valid",
            Certificate.issued_on <= wanted.on,
            Certificate.expires_on >= wanted.on,
        )
    if wanted.commune_code is not None:
        query = query.where(
            AdministrativeUnit.code == wanted.commune_code,
            AdministrativeUnit.valid_to.is_(None),
        )
    return query


def _names_with(word: str) -> ColumnElement[bool]:
    pattern = func.concat("%", _folded(_escaped(word)), "%")
    return or_(
        _folded(Product.name).like(pattern, escape="\\"),
        _folded(Product.brand).like(pattern, escape="\\"),
        # A household's name is a person's: not to be found by searching for it.
        and_(
            Party.kind != "household",
            _folded(Party.name).like(pattern, escape="\\"),
        ),
    )


def _of_code(typed: str) -> ColumnElement[bool] | None:
    """The product whose code was typed: a GTIN of 8, 12, 13 or 14 digits, or a trace code."""
    try:
        return Product.gtin == gtin14(typed)
    except InvalidIdentifierError:
        pass
    try:
        return Product.trace_code == trace_code(typed)
    except InvalidIdentifierError:
        return None


def _folded(text: Any) -> Any:
    return func.public.f_unaccent(func.lower(text))


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _unused_code(session: Session) -> str:
    while True:
        code = new_trace_code()
        if session.scalar(select(Product.id).where(Product.trace_code == code)) is None:
            return code


def _refuse_twice(session: Session, gtin: str | None, own_code: str) -> None:
    same = Product.trace_code == own_code
    if gtin is not None:  # `gtin = NULL` would find every product without one
        same = or_(same, Product.gtin == gtin)
    other = session.scalar(select(Product).where(same).limit(1))
    if other is not None:
        code = gtin if other.gtin == gtin and gtin else own_code
        raise ConflictError(f"{code} is registered already, for product {other.id} ({other.name}).")
