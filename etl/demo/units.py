"""The units: seven communes of 2025, the communes and districts they were made of, the province.

The boundaries are schematic (`schematic`): they keep areas, centres and neighbours; `is_demo` is
what says so. Of the province only these seven communes are drawn: 2,156 of its 24,233 km². Real
boundaries are loaded over them and clear the mark:
`python -m etl load administrative-units FILE --valid-from 2025-07-01`.
"""

from datetime import date
from decimal import Decimal
from typing import Any

import shapely
from geoalchemy2.shape import from_shape
from sqlalchemy import select
from sqlalchemy.orm import Session

from etl.demo.tables import SOURCE, read_json, read_table
from gis.models import AdministrativeSuccession, AdministrativeUnit
from gis.reform import LAST_DAY_BEFORE, REFORM_ON

# The day of the census whose areas and populations the former units carry.
CENSUS = date(2009, 4, 1)
OLD_DISTRICTS = {"675": "Lạc Dương", "677": "Đơn Dương"}
PRO_NOTE = "Mã 24946 chưa kiểm chứng; xã đã nhập vào Quảng Lập trước năm 2025, chưa rõ ngày."

Key = tuple[str, date]


def read_pieces() -> dict[str, shapely.Polygon]:
    """Read the drawn former communes: code → polygon, EPSG:4326, lon/lat; a valid coverage."""
    return {code: shapely.Polygon(ring) for code, ring in read_json("units.json").items()}


def load_units(session: Session) -> int:
    """Add the units and successions that are not there yet; flushes, does not commit.

    Returns:
        How many units were added.
    """
    present = {
        (unit.code, unit.valid_from): unit.id
        for unit in session.execute(
            select(AdministrativeUnit.code, AdministrativeUnit.valid_from, AdministrativeUnit.id)
        )
    }
    added = 0
    for row in _rows(read_pieces()):
        key = (row["code"], row["valid_from"])
        if key in present:
            continue
        parent: Key | None = row.pop("parent")
        unit = AdministrativeUnit(
            **row,
            parent_id=present[parent] if parent else None,
            source=SOURCE,
            source_id=f"{row['code']}@{row['valid_from']}",
            is_demo=True,
        )
        session.add(unit)
        session.flush()
        present[key] = unit.id
        added += 1
    _load_successions(session, present)
    return added


def _rows(pieces: dict[str, shapely.Polygon]) -> list[dict[str, Any]]:
    """The units as rows, parents before children."""
    facts = read_table("unit_facts.csv")
    province: Key = ("68", REFORM_ON)
    rows = [
        _row(
            province,
            "Lâm Đồng",
            "Tỉnh Lâm Đồng",
            "province",
            list(pieces.values()),
            km2="24233.07",
        )
    ]
    for code, name in OLD_DISTRICTS.items():
        parts = [pieces[fact["code"]] for fact in facts if fact["district_code"] == code]
        rows.append(_row((code, CENSUS), name, f"Huyện {name}", "district", parts))
    for fact in facts:
        in_district = fact["district_code"] in OLD_DISTRICTS
        row = _row(
            (fact["code"], CENSUS),
            fact["name"],
            fact["full_name"],
            "commune",
            [pieces[fact["code"]]],
            parent=(fact["district_code"], CENSUS) if in_district else None,
            km2=fact["area_km2"],
            note=PRO_NOTE if fact["code"] == "24946" else None,
        )
        row["population"] = int(fact["population"])
        row["attributes"] |= {"district": fact["district"], "figures": "Tổng điều tra 1/4/2009"}
        rows.append(row)
    for commune in read_table("commune_facts.csv"):
        parts = [pieces[fact["code"]] for fact in facts if fact["new_code"] == commune["code"]]
        rows.append(
            _row(
                (commune["code"], REFORM_ON),
                commune["name"],
                commune["full_name"],
                "commune",
                parts,
                parent=province,
                km2=commune["area_km2"],
            )
        )
    return rows


def _row(
    key: Key,
    name: str,
    full_name: str,
    level: str,
    parts: list[shapely.Polygon],
    *,
    parent: Key | None = None,
    km2: str | None = None,
    note: str | None = None,
) -> dict[str, Any]:
    code, valid_from = key
    whole = shapely.coverage_union_all(parts)
    return {
        "code": code,
        "name": name,
        "full_name": full_name,
        "level": level,
        "parent": parent,
        "valid_from": valid_from,
        "valid_to": LAST_DAY_BEFORE if valid_from == CENSUS else None,
        "declared_area_ha": Decimal(km2) * 100 if km2 else None,
        "boundary": from_shape(shapely.MultiPolygon(shapely.get_parts(whole)), srid=4326),
        "attributes": {"note": note} if note else {},
    }


def _load_successions(session: Session, present: dict[Key, int]) -> None:
    pairs = select(AdministrativeSuccession.old_id, AdministrativeSuccession.new_id)
    known = {(row.old_id, row.new_id) for row in session.execute(pairs)}
    for fact in read_table("unit_facts.csv"):
        pair = present[(fact["code"], CENSUS)], present[(fact["new_code"], REFORM_ON)]
        if pair not in known:
            session.add(
                AdministrativeSuccession(
                    old_id=pair[0],
                    new_id=pair[1],
                    share=Decimal(1),
                    basis="Nghị quyết 1671/NQ-UBTVQH15",
                )
            )
    session.flush()


def today_communes(session: Session) -> dict[str, int]:
    """Return the id of each commune of the present by its code."""
    rows = session.execute(
        select(AdministrativeUnit.code, AdministrativeUnit.id).where(
            AdministrativeUnit.level == "commune", AdministrativeUnit.valid_to.is_(None)
        )
    )
    return {row.code: row.id for row in rows}
