"""What the platform itself knows about a criterion: said beside it, never scored by it."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from traceability.linking.links import LISTED
from traceability.models import Listing, Lot, LotSource, Product, SerialBatch
from traceability.ocop.groups import TOURISM_GROUP
from traceability.ocop.rubric import STORY, RubricSet

# Scales of `data/scales.tsv` that speak of these things, whatever the set calls the line.
_LABEL_SCALES = ("nhan-hang", "bao-bi-nhan", "nhan-thuyet-minh")
_MARKET_SCALES = ("noi-ban-chinh",)
_FIELD_SCALES = ("chung-nhan-vung-nguyen", "chung-nhan-noi-san")


@dataclass(frozen=True, slots=True)
class Hint:
    """One fact beside a criterion.

    `kind`: `trace-code` (value: the product's code), `labels` (how many serials were issued),
    `listings` (on how many marketplaces), `no-listing`, `story`, `no-story`, `fields` (in how many
    growing areas its lots grew).
    """

    kind: str
    value: str | int | None = None


def platform_hints(
    session: Session, product: Product, rubric: RubricSet
) -> dict[str, tuple[Hint, ...]]:
    """Say by criterion what is recorded here that bears on it; reads only.

    The electronic trace code on the label is a gate of four stars in most sets, the story inside
    its content another, the e-shop link one of five stars. Tourism has no labels.
    """
    if rubric.group == TOURISM_GROUP:
        return {}
    hints: dict[str, tuple[Hint, ...]] = {}
    for criterion in rubric.criteria:
        if criterion.scale.startswith(_LABEL_SCALES):
            hints[criterion.code] = _labels(session, product)
        elif criterion.scale.startswith(_MARKET_SCALES):
            hints[criterion.code] = (_listings(session, product),)
        elif criterion.code == STORY:
            hints[criterion.code] = (Hint("story" if product.story else "no-story"),)
        elif criterion.scale.startswith(_FIELD_SCALES):
            hints[criterion.code] = _fields(session, product)
    return hints


def _labels(session: Session, product: Product) -> tuple[Hint, ...]:
    ordered = session.scalar(
        select(func.sum(SerialBatch.count)).where(SerialBatch.product_id == product.id)
    )
    code = Hint("trace-code", product.trace_code)
    return (code, Hint("labels", ordered)) if ordered else (code,)


def _listings(session: Session, product: Product) -> Hint:
    count = session.scalar(
        select(func.count(Listing.marketplace_id.distinct())).where(
            Listing.product_id == product.id, LISTED
        )
    )
    return Hint("listings", count) if count else Hint("no-listing")


def _fields(session: Session, product: Product) -> tuple[Hint, ...]:
    found = session.scalar(
        select(func.count(LotSource.growing_area_id.distinct()))
        .join(Lot, Lot.id == LotSource.lot_id)
        .where(Lot.product_id == product.id)
    )
    return (Hint("fields", found),) if found else ()
