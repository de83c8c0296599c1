"""High-tech agricultural zones, and whether what they reported meets their indicators.

Most thresholds are what zones reported of themselves, not the law's (DOMAIN 3): every indicator
says its `basis`, and pages show it.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import inf

from geoalchemy2 import WKBElement
from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from gis.errors import NotFoundError
from gis.models import AdministrativeUnit, HighTechZone, Party, ZoneAssessment, ZoneIndicator


@dataclass(frozen=True, slots=True)
class Judgement:
    """One indicator of one zone: the newest value, and whether it meets the threshold.

    `is_met` is None where nothing was reported, or a bound such as `> 65` leaves it open.
    """

    code: str
    name: str
    name_en: str
    unit: str | None
    operator: str
    threshold: Decimal | None
    basis: str
    value: Decimal | None
    qualifier: str
    assessed_on: date | None
    source: str | None
    is_met: bool | None


@dataclass(frozen=True, slots=True)
class ZoneEntry:
    """One zone with its commune, its holder and its judgements, in the order of the indicators."""

    id: int
    code: str | None
    name: str
    product: str | None
    commune_id: int | None
    commune_name: str | None
    holder: str | None
    recognised_on: date | None
    recognised_year: int | None
    declared_area_ha: Decimal | None
    area_ha: float
    note: str | None
    boundary: WKBElement
    is_demo: bool
    judgements: tuple[Judgement, ...]

    @property
    def address(self) -> str:
        """What stands for the zone in an address: its code, or its id where it has none."""
        return self.code or str(self.id)

    @property
    def met(self) -> int:
        """How many indicators are met."""
        return sum(judgement.is_met is True for judgement in self.judgements)

    @property
    def judged(self) -> int:
        """How many indicators could be judged."""
        return sum(judgement.is_met is not None for judgement in self.judgements)


def is_met(value: Decimal, qualifier: str, operator: str, threshold: Decimal | None) -> bool | None:
    """Judge `value operator threshold`, where the value may be only a bound.

    Args:
        value: In the indicator's unit; 1 or 0 for yes or no.
        qualifier: Empty when the value is exact; `>`, `>=`, `<`, `<=` when the true value is only
            known to be on that side of it.
        operator: `=`, `>`, `>=`, `<`, `<=`, or `is` (yes).
        threshold: In the same unit; None with `is`.

    Returns:
        True or False where it holds, or fails, for every value that the report allows; None where
        the report leaves it open.

    Raises:
        ValueError: Unknown operator or qualifier.
    """
    if qualifier not in ("", ">", ">=", "<", "<="):
        raise ValueError(f"unknown qualifier {qualifier!r}")
    if operator == "is":
        return value == 1
    if threshold is None:
        raise ValueError("a comparison needs a threshold")
    # What the true value may be: from low to high, an end counts when it is closed.
    low = float(value) if qualifier in ("", ">", ">=") else -inf
    high = float(value) if qualifier in ("", "<", "<=") else inf
    low_open, high_open = qualifier == ">", qualifier == "<"
    limit = float(threshold)
    above = low > limit or (low == limit and low_open)
    below = high < limit or (high == limit and high_open)
    match operator:
        case ">":
            holds, fails = above, high <= limit
        case ">=":
            holds, fails = low >= limit, below
        case "<":
            holds, fails = below, low >= limit
        case "<=":
            holds, fails = high <= limit, above
        case "=":
            holds, fails = low == high == limit, above or below
        case _:
            raise ValueError(f"unknown operator {operator!r}")
    if holds:
        return True
    return False if fails else None


def list_zones(session: Session) -> tuple[ZoneEntry, ...]:
    """List all zones in Vietnamese order of their names."""
    return _read(session, select(HighTechZone).order_by(HighTechZone.name, HighTechZone.id))


def read_zone(session: Session, address: str) -> ZoneEntry:
    """Read one zone by its code, or by its id where it has none.

    Raises:
        NotFoundError: There is none.
    """
    query = select(HighTechZone).where(HighTechZone.code == address)
    found = _read(session, query)
    if not found and address.isascii() and address.isdigit() and len(address) < 19:
        found = _read(session, select(HighTechZone).where(HighTechZone.id == int(address)))
    if not found:
        raise NotFoundError(f"There is no high-tech zone {address}.")
    return found[0]


def _read(session: Session, query: Select[HighTechZone]) -> tuple[ZoneEntry, ...]:
    joined = (
        query.add_columns(AdministrativeUnit.name, Party.name, Party.kind)
        .outerjoin(AdministrativeUnit, AdministrativeUnit.id == HighTechZone.commune_id)
        .outerjoin(Party, Party.id == HighTechZone.party_id)
    )
    rows = session.execute(joined).all()
    indicators = session.scalars(
        select(ZoneIndicator).order_by(ZoneIndicator.position, ZoneIndicator.id)
    ).all()
    newest = _newest_assessments(session, [zone.id for zone, *_ in rows])
    return tuple(
        ZoneEntry(
            zone.id,
            zone.code,
            zone.name,
            zone.product,
            zone.commune_id,
            commune_name,
            None if holder_kind == "household" else holder,
            zone.recognised_on,
            zone.recognised_year,
            zone.declared_area_ha,
            zone.area_ha,
            zone.note,
            zone.boundary,
            zone.is_demo,
            tuple(
                _judge(indicator, newest.get((zone.id, indicator.id))) for indicator in indicators
            ),
        )
        for zone, commune_name, holder, holder_kind in rows
    )


def _newest_assessments(
    session: Session, zone_ids: list[int]
) -> dict[tuple[int, int], ZoneAssessment]:
    newest = (
        select(ZoneAssessment)
        .where(ZoneAssessment.zone_id.in_(zone_ids))
        .ext(distinct_on(ZoneAssessment.zone_id, ZoneAssessment.indicator_id))
        .order_by(
            ZoneAssessment.zone_id,
            ZoneAssessment.indicator_id,
            ZoneAssessment.assessed_on.desc(),
        )
    )
    return {(found.zone_id, found.indicator_id): found for found in session.scalars(newest)}


def _judge(indicator: ZoneIndicator, reported: ZoneAssessment | None) -> Judgement:
    met = None
    if reported is not None:
        met = is_met(reported.value, reported.qualifier, indicator.operator, indicator.threshold)
    return Judgement(
        indicator.code,
        indicator.name,
        indicator.name_en,
        indicator.unit,
        indicator.operator,
        indicator.threshold,
        indicator.basis,
        reported.value if reported else None,
        reported.qualifier if reported else "",
        reported.assessed_on if reported else None,
        reported.source if reported else None,
        met,
    )
