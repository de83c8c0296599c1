"""How often a code was scanned, by day and commune, and what is known of a scanned serial.

Nothing says "genuine": a copied label opens the same page as the true one. What helps a buyer is
what contradicts the label: it was never issued, not yet put on an item, withdrawn, or seen where
one item cannot be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files
from typing import Literal, cast
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from gis.calendar import today
from gis.models import AdministrativeUnit
from traceability.errors import InvalidIdentifierError
from traceability.gs1.identifiers import element
from traceability.models import ScanDay, ScanWriter

State = Literal["issued", "active", "sold", "void", "recalled"]

# Different serials of a product that were never issued, kept apart on one day. Counterfeiters print
# one number or a few; who invents numbers by the thousand only wants to fill the table.
MOST_UNISSUED = 200
# One item was in two communes so far apart on one day. 300 km is what a lorry or a family car goes
# in a day here; places taken from network addresses are right to some tens of kilometres.
DISTANT_M = 300_000.0
# One item passes the packing shed, a carrier, a shop, a buyer and whoever gets it as a present; in
# more communes than this in all, it is more likely many items with one number.
MOST_PLACES = 6
# Scans on days before the item was shipped (by an event): the first may be the packer's own.
EARLY_SCANS = 2
_WRITERS_KEPT = timedelta(days=2)
_RECORD = text(
    files("traceability.scanning").joinpath("record_scans.sql").read_text(encoding="utf-8")
)
_STANDING = text(
    files("traceability.scanning").joinpath("standing.sql").read_text(encoding="utf-8")
)


@dataclass(frozen=True, slots=True)
class Scanned:
    """What one count is about; the day is Vietnam's, the commune empty where it is not known."""

    day: date
    product_id: int
    lot_id: int | None = None
    serial: str | None = None
    commune_id: int | None = None


@dataclass(frozen=True, slots=True)
class SerialStanding:
    """What is known of a serial that somebody scanned.

    `warnings` are slugs, gravest first: unissued, void, recalled, not-active, distant, many-places,
    before-shipping.
    """

    state: State | Literal["unissued"]
    issued_at: datetime | None
    lot_id: int | None
    first_scanned_on: date | None
    scan_count: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sighting:
    """Scans of a serial on one day (of Vietnam) in one commune; None: at a place not known."""

    day: date
    commune: str | None
    scans: int


def record_scans(session: Session, writer: UUID, number: int, scans: Mapping[Scanned, int]) -> int:
    """Add counted scans to the log; the same flush sent again adds nothing.

    Args:
        session: The open transaction.
        writer: The process that counted.
        number: Of its flush; each flush has a higher one than the last.
        scans: How often each was scanned.

    Returns:
        Scans added: 0 when this flush was recorded before.
    """
    keys = list(scans)
    added = session.scalar(
        _RECORD,
        {
            "writer": writer,
            "number": number,
            "days": [key.day for key in keys],
            "products": [key.product_id for key in keys],
            "lots": [key.lot_id for key in keys],
            "serials": [key.serial for key in keys],
            "communes": [key.commune_id for key in keys],
            "scans": list(scans.values()),
            "most": MOST_UNISSUED,
        },
    )
    return int(added or 0)


def forget_writers(session: Session) -> None:
    """Remove the marks of processes that ended days ago."""
    session.execute(delete(ScanWriter).where(ScanWriter.flushed_at < func.now() - _WRITERS_KEPT))


def standing_of(
    session: Session, product_id: int, serial: str, lot_id: int | None = None
) -> SerialStanding:
    """What is known of a serial: its state, its scans so far, what speaks against it. One query.

    Args:
        session: An open session.
        product_id: The product whose serial it is.
        serial: As it was scanned; anything a stranger may send.
        lot_id: The lot that the code or the page names; a serial of another lot is unknown there.
    """
    try:
        element(serial)
    except InvalidIdentifierError:
        return SerialStanding("unissued", None, None, None, 0, ("unissued",))
    row = session.execute(
        _STANDING,
        {
            "product_id": product_id,
            "serial": serial,
            "quoted": quote(serial, safe="-._~"),
            "distant_m": DISTANT_M,
            "most_places": MOST_PLACES,
            "early_scans": EARLY_SCANS,
        },
    ).one()
    is_issued = row.state is not None and (lot_id is None or row.lot_id in (None, lot_id))
    state = cast("State", row.state) if is_issued else "unissued"
    held: dict[str, bool] = {
        "unissued": not is_issued,
        "void": state == "void",
        "recalled": state == "recalled",
        "not-active": state == "issued",
        "distant": row.is_distant,
        "many-places": row.is_in_many_places,
        "before-shipping": is_issued and row.is_before_shipping,
    }
    return SerialStanding(
        state=state,
        issued_at=row.issued_at if is_issued else None,
        lot_id=row.lot_id if is_issued else None,
        first_scanned_on=row.first_scanned_on,
        scan_count=int(row.scan_count),
        warnings=tuple(slug for slug, holds in held.items() if holds),
    )


def list_sightings(
    session: Session, product_id: int, serial: str, *, limit: int = 60
) -> list[Sighting]:
    """Where and when one serial was scanned, the newest day first: what an officer goes by."""
    rows = session.execute(
        select(ScanDay.day, AdministrativeUnit.name, func.sum(ScanDay.scans))
        .outerjoin(AdministrativeUnit, AdministrativeUnit.id == ScanDay.commune_id)
        .where(ScanDay.product_id == product_id, ScanDay.serial == serial)
        .group_by(ScanDay.day, AdministrativeUnit.id)
        .order_by(ScanDay.day.desc(), AdministrativeUnit.name)
        .limit(limit)
    )
    return [Sighting(day, commune, int(scans)) for day, commune, scans in rows]


def find_commune(session: Session, place: str | tuple[float, float]) -> int | None:
    """The id of today's commune with this code, or around this point (lon, lat; degrees)."""
    day = today()
    query = select(AdministrativeUnit.id).where(
        AdministrativeUnit.level == "commune",
        AdministrativeUnit.valid_from <= day,
        func.coalesce(AdministrativeUnit.valid_to, day) >= day,
    )
    if isinstance(place, str):
        query = query.where(AdministrativeUnit.code == place)
    else:
        point = func.ST_SetSRID(func.ST_MakePoint(*place), 4326)
        query = query.where(func.ST_Covers(AdministrativeUnit.boundary, point))
    return session.scalar(query.order_by(AdministrativeUnit.id).limit(1))
