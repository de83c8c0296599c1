"""Nineteen OCOP products with certificates, lots, listings: brands, decisions, codes invented.

GTINs begin with 952, the prefix that GS1 keeps for demonstrations and examples.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from etl.demo.tables import SOURCE, read_json
from etl.demo.units import today_communes
from traceability.lots import Source, make_lot
from traceability.models import Lot, Product
from traceability.ocop import certify, rubric_on
from traceability.products import register_product
from traceability.selling.marketplaces import list_on_marketplace


def load_products(
    session: Session, parties: Mapping[str, int], areas: Mapping[str, int], today: date
) -> dict[str, int]:
    """Add the products that are not there yet, each with all that belongs to it; flushes.

    A product that is there stays as it is, and so do its lots and listings.

    Returns:
        How many products, lots and listings were added.
    """
    communes = today_communes(session)
    present = set(session.scalars(select(Product.source_id).where(Product.source == SOURCE)))
    added = {"products": 0, "lots": 0, "listings": 0}
    for row in read_json("products.json"):
        if row["key"] in present:
            continue
        product = register_product(
            session,
            **{
                name: row[name]
                for name in (
                    "name",
                    "gtin",
                    "own_code",
                    "brand",
                    "ocop_set",
                    "summary",
                    "story",
                    "net_content",
                    "shelf_life",
                    "standards",
                )
            },
            producer_id=parties[row["producer"]],
            commune_id=communes.get(row["commune"]),
            source=SOURCE,
            source_id=row["key"],
            is_demo=True,
        )
        _certify(session, product, row, today)
        for lot in row["lots"]:
            _make_lot(session, product, lot, areas, today)
        for marketplace, url in row["listings"]:
            list_on_marketplace(session, product, marketplace, url, is_demo=True)
        added["products"] += 1
        added["lots"] += len(row["lots"])
        added["listings"] += len(row["listings"])
    return added


def example_link(session: Session) -> str | None:
    """Return the path of a demo lot's code for `make run` to show: `/01/…/10/…`, None without."""
    found = session.execute(
        select(Product.gtin, Lot.code)
        .join(Lot, Lot.product_id == Product.id)
        .where(Product.is_demo, Product.gtin.is_not(None))
        .order_by(Product.id, Lot.produced_on.desc(), Lot.id)
        .limit(1)
    ).first()
    return f"/01/{found.gtin}/10/{found.code}" if found else None


def _certify(session: Session, product: Product, row: dict[str, Any], today: date) -> None:
    facts = row["certificate"]
    issued_on = today - timedelta(days=facts["issued_days_ago"])
    certify(
        session,
        product,
        stars=facts["stars"],
        decision=f"Quyết định minh hoạ {row['ocop_set']:02d}/QĐ-MH",
        issued_by=facts["issued_by"],
        issued_on=issued_on,
        # (province)-(commune)-(serial)-(year), QĐ 26/2026/QĐ-TTg.
        number=f"68-{row['commune']}-{facts['serial']:03d}-{issued_on.year}",
        rubric_version=rubric_on(issued_on),
    )


def _make_lot(
    session: Session, product: Product, row: dict[str, Any], areas: Mapping[str, int], today: date
) -> None:
    def ago(days: int | None) -> date | None:
        return None if days is None else today - timedelta(days=days)

    produced_on = today - timedelta(days=row["produced_days_ago"])
    make_lot(
        session,
        product,
        f"L{ago(row['harvested_days_ago']) or produced_on:%y%m%d}",
        [
            Source(areas[key], Decimal(quantity), ago(days))
            for key, quantity, days in row["sources"]
        ],
        quantity=Decimal(row["quantity"]),
        unit=row["unit"],
        harvested_on=ago(row["harvested_days_ago"]),
        produced_on=produced_on,
        expires_on=produced_on + timedelta(days=row["keeps_days"]) if row["keeps_days"] else None,
        is_demo=True,
    )
