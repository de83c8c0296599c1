"""The two high-tech zones with what they reported, and the facilities around them."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import shapely
from geoalchemy2.shape import from_shape
from sqlalchemy import select
from sqlalchemy.orm import Session

from etl.demo.areas import lay_out
from etl.demo.tables import SOURCE, read_json, read_table
from etl.demo.units import today_communes
from gis.models import Facility, HighTechZone, ZoneAssessment, ZoneIndicator

# A facility stands this far (degrees, some 60 m) south-east of the corner of its field.
BESIDE = 0.0005


def load_zones(session: Session, parties: Mapping[str, int]) -> int:
    """Add the zones and their assessments that are not there yet; flushes.

    Values are those that were reported; "> 65" is kept as 65 with the qualifier `>`.
    """
    communes = today_communes(session)
    successors = {fact["code"]: fact["new_code"] for fact in read_table("unit_facts.csv")}
    indicators = {
        row.code: row.id for row in session.execute(select(ZoneIndicator.code, ZoneIndicator.id))
    }
    present = set(session.scalars(select(HighTechZone.code)))
    added = 0
    for row in read_json("zones.json"):
        if row["code"] in present:
            continue
        zone = HighTechZone(
            code=row["code"],
            name=row["name"],
            product=row["product"],
            commune_id=communes.get(successors[row["unit"]]),
            party_id=parties[row["party"]],
            recognised_year=row["recognised_year"],
            declared_area_ha=Decimal(row["declared_area_ha"]) if row["declared_area_ha"] else None,
            note=row["note"],
            boundary=from_shape(shapely.MultiPolygon([lay_out().zones[row["unit"]]]), srid=4326),
            source=SOURCE,
            source_id=row["key"],
            is_demo=True,
        )
        session.add(zone)
        session.flush()
        session.add_all(
            ZoneAssessment(
                zone_id=zone.id,
                indicator_id=indicators[code],
                assessed_on=date.fromisoformat(row["assessed_on"]),
                value=Decimal(value),
                qualifier=qualifier,
                source=(*said, row["source"])[0],
            )
            for code, (value, qualifier, *said) in row["values"].items()
        )
        added += 1
    session.flush()
    return added


def load_facilities(session: Session, parties: Mapping[str, int]) -> int:
    """Add the facilities that are not there yet, each beside a field of its own; flushes."""
    communes = today_communes(session)
    successors = {fact["code"]: fact["new_code"] for fact in read_table("unit_facts.csv")}
    present = set(session.scalars(select(Facility.source_id).where(Facility.source == SOURCE)))
    rows = [row for row in read_table("facilities.csv") if row["key"] not in present]
    for row in rows:
        _, south, east, _ = lay_out().areas[row["beside"]].bounds
        session.add(
            Facility(
                code=row["code"] or None,
                name=row["name"],
                kind=row["kind"],
                party_id=parties[row["party"]],
                commune_id=communes.get(successors[row["unit"]]),
                location=from_shape(
                    shapely.Point(round(east + BESIDE, 6), round(south - BESIDE, 6)), srid=4326
                ),
                source=SOURCE,
                source_id=row["key"],
                is_demo=True,
            )
        )
    session.flush()
    return len(rows)
