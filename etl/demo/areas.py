"""Growing areas with their codes, members and parcels, laid out on the former communes' land."""

import random
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import NamedTuple

import shapely
from geoalchemy2.shape import from_shape
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from etl.demo.fields import Land, cut_parcels, to_degrees, to_metres
from etl.demo.tables import SOURCE, read_json, read_table
from etl.demo.units import read_pieces, today_communes
from gis.codes import issue_code
from gis.models import Crop, GrowingArea, GrowingAreaMember, Parcel

# The land that the zones of Lạc Lâm and Lạc Xuân take, and how large they are drawn (hectares).
ZONES = {"24940": 120.0, "24934": 175.0}
REASONS = {
    "warned": "Minh hoạ: nhật ký thiếu ngày cách ly của một lần phun.",
    "suspended": "Minh hoạ: mẫu kiểm tra vượt mức dư lượng của thị trường nhập khẩu.",
}
HECTARES_A_PARCEL = 3.6


class Plan(NamedTuple):
    """Where everything lies (EPSG:4326, lon/lat), by key; zones by former commune."""

    areas: dict[str, shapely.Polygon]
    parcels: dict[str, list[shapely.Polygon]]
    zones: dict[str, shapely.Polygon]
    applications: dict[str, shapely.Polygon]


@cache
def lay_out() -> Plan:
    """Lay out all zones, growing areas and parcels; the same each time.

    Takes a second, so whoever has nothing to add does not ask for it.
    """
    lands: dict[str, Land] = {}
    plan = Plan({}, {}, {}, {})
    for code, piece in read_pieces().items():
        ground = to_metres(piece)
        land = Land(ground, f"land {code}")
        if code in ZONES:
            zone = land.lay(ZONES[code])
            plan.zones[code] = to_degrees(zone)
            land = Land(zone, f"zone {code}")
        lands[code] = land
    # The large ones first: they are the hardest to place.
    rows = read_table("growing_areas.csv")
    for row in sorted(rows, key=lambda row: (-float(row["area_ha"]), row["key"])):
        chance = random.Random(row["key"])  # noqa: S311  shapes, not secrets
        field = lands[row["unit"]].lay(float(row["area_ha"]))
        plan.areas[row["key"]] = to_degrees(field)
        count = max(1, min(4, round(float(row["area_ha"]) / HECTARES_A_PARCEL)))
        parcels = cut_parcels(chance, field, count)
        plan.parcels[row["key"]] = [to_degrees(parcel) for parcel in parcels]
    for row in read_json("applications.json"):
        plan.applications[row["key"]] = to_degrees(lands[row["unit"]].lay(float(row["area_ha"])))
    return plan


def load_areas(
    session: Session, parties: Mapping[str, int], today: date
) -> tuple[dict[str, int], dict[str, int]]:
    """Add the growing areas that are not there yet, with all that belongs to them; flushes.

    Returns:
        How many growing areas, codes and parcels were added, and the id of each area by its key.
    """
    communes = today_communes(session)
    successors = {fact["code"]: fact["new_code"] for fact in read_table("unit_facts.csv")}
    crops = {crop.code: crop.id for crop in session.execute(select(Crop.code, Crop.id))}
    present = select(GrowingArea.source_id, GrowingArea.id).where(GrowingArea.source == SOURCE)
    ids = {str(area.source_id): area.id for area in session.execute(present)}
    added = {"growing areas": 0, "growing-area codes": 0, "parcels": 0}
    for number, row in enumerate(read_table("growing_areas.csv")):
        if row["key"] in ids:
            continue
        plan = lay_out()
        shape = plan.areas[row["key"]]
        drawn = row["drawn"] == "yes"
        area = GrowingArea(
            name=row["name"],
            crop_id=crops.get(row["crop"]),
            party_id=parties[row["party"]],
            commune_id=communes.get(successors[row["unit"]]),
            status="suspended" if "suspended" in row["codes"] else "active",
            variety=row["variety"] or None,
            planted_year=int(row["planted_year"]) if row["planted_year"] else None,
            household_count=int(row["households"]),
            standard=row["standard"] or None,
            declared_area_ha=Decimal(row["area_ha"]),
            boundary=from_shape(shapely.MultiPolygon([shape]), srid=4326) if drawn else None,
            location=from_shape(shape.representative_point(), srid=4326),
            source=SOURCE,
            source_id=row["key"],
            is_demo=True,
        )
        session.add(area)
        session.flush()
        ids[row["key"]] = area.id
        added["growing areas"] += 1
        added["growing-area codes"] += _issue_codes(session, area, row["codes"], number, today)
        members = [parties[key] for key in row["members"].split()]
        pieces = plan.parcels[row["key"]] if drawn else []
        added["parcels"] += _add_parcels(session, area, members, pieces)
    return added, ids


def _issue_codes(session: Session, area: GrowingArea, codes: str, number: int, today: date) -> int:
    """Issue the codes of an area: `EU JP:suspended` is two markets, one of them suspended."""
    wanted = codes.split()
    for word in wanted:
        market, _, status = word.partition(":")
        issued_on = date(today.year - 1 - number % 2, 1 + number % 12, 3 + number % 25)
        code = issue_code(
            session, area, market, issued_on=issued_on, issued_by="UBND xã (minh hoạ)"
        ).code
        code.expires_on = issued_on.replace(year=issued_on.year + 5)
        if status:
            code.status, code.status_reason = status, REASONS[status]
    session.flush()
    return len(wanted)


def _add_parcels(
    session: Session, area: GrowingArea, members: list[int], pieces: list[shapely.Polygon]
) -> int:
    parcels = []
    for index, piece in enumerate(pieces):
        shape = from_shape(shapely.MultiPolygon([piece]), srid=4326)
        parcels.append(
            Parcel(
                code=func.ST_GeoHash(func.ST_PointOnSurface(shape), 12),
                name=f"{area.name}, thửa {index + 1}",
                party_id=members[index % len(members)] if members else area.party_id,
                crop_id=area.crop_id,
                commune_id=area.commune_id,
                boundary=shape,
                source=SOURCE,
                source_id=f"{area.source_id}/{index + 1}",
                is_demo=True,
            )
        )
    session.add_all(parcels)
    session.flush()
    for index, member in enumerate(members):
        session.add(
            GrowingAreaMember(
                growing_area_id=area.id,
                party_id=member,
                parcel_id=parcels[index].id if index < len(parcels) else None,
                area_ha=round(area.declared_area_ha / len(members), 4)
                if area.declared_area_ha
                else None,
            )
        )
    session.flush()
    return len(parcels)
