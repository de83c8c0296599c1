"""How many certified products are sold on marketplaces, by commune and in the province."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from traceability.models import Marketplace

_COVERAGE = text(files("traceability.ocop").joinpath("coverage.sql").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """One commune, or all together (`code` and `name` None and `is_total`).

    `listed` counts products on any marketplace, `by_marketplace` those on each.
    """

    code: str | None
    name: str | None
    is_total: bool
    certified: int
    listed: int
    by_marketplace: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The figures of a day: all together, by commune, and the marketplaces' names by code."""

    on: date
    total: CoverageRow
    communes: Sequence[CoverageRow]
    marketplaces: Mapping[str, str]

    @property
    def sold_on(self) -> list[str]:
        """The codes of the marketplaces that any product is sold on, in their order."""
        return [code for code in self.marketplaces if code in self.total.by_marketplace]


def measure_coverage(session: Session, on: date, commune: str | None = None) -> Coverage:
    """Count certified products and where they are sold.

    A certificate counts that holds on the day; a listing that is dead or retired does not.

    Args:
        session: Reads only.
        on: The day of the certificates; listings are those of now.
        commune: The code of one of today's communes; None = all.
    """
    certified: dict[tuple[str | None, bool], tuple[str | None, int, int]] = {}
    counts: dict[tuple[str | None, bool], dict[str, int]] = {}
    for row in session.execute(_COVERAGE, {"on": on, "commune": commune}):
        key = (row.commune_code, row.is_all_communes)
        if row.is_any_marketplace:
            certified[key] = (row.commune_name, row.certified, row.listed)
        elif row.marketplace_code is not None:
            counts.setdefault(key, {})[row.marketplace_code] = row.listed
    rows = [
        CoverageRow(code, name, is_total, held, listed, counts.get((code, is_total), {}))
        for (code, is_total), (name, held, listed) in certified.items()
    ]
    known = session.execute(
        select(Marketplace.code, Marketplace.name).order_by(Marketplace.position, Marketplace.id)
    )
    return Coverage(
        on,
        next((row for row in rows if row.is_total), CoverageRow(None, None, True, 0, 0, {})),
        [row for row in rows if not row.is_total],
        {row.code: row.name for row in known},
    )
