"""Rows and readers that tests of the map stand on."""

from datetime import date
from math import asinh, floor, pi, radians, tan
from pathlib import Path

import pyogrio
from geopandas import GeoDataFrame
from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.models import (
    AdministrativeUnit,
    Crop,
    Facility,
    GrowingArea,
    GrowingAreaCode,
    HighTechZone,
    Parcel,
    Party,
)
from gis.tiles.drawing import TileAddress

# A place in Lạc Dương that is no middle of a rounding cell.
LON, LAT = 108.4532, 12.0517


def square(lon: float, lat: float, side: float) -> str:
    """A square as EWKT; degrees, `lon`, `lat` its south-west corner."""
    east, north = lon + side, lat + side
    ring = f"{lon} {lat},{east} {lat},{east} {north},{lon} {north},{lon} {lat}"
    return f"SRID=4326;MULTIPOLYGON((({ring})))"


def add_unit(session: Session, code: str, name: str, boundary: str, **fields) -> AdministrativeUnit:
    """A commune of today, unless the fields say otherwise."""
    fields = {"level": "commune", "valid_from": date(2025, 7, 1), **fields}
    unit = AdministrativeUnit(code=code, name=name, boundary=boundary, **fields)
    session.add(unit)
    session.flush()
    return unit


def add_area(
    session: Session,
    name: str,
    holder: str | None,
    *,
    lon: float = LON,
    lat: float = LAT,
    side: float = 0.002,
    code: str | None = None,
    **fields,
) -> GrowingArea:
    """A square growing area of coffee of a new party of that kind; 0.002° is about 4.8 ha."""
    party = None
    if holder is not None:
        party = Party(kind=holder, name=f"Chủ của {name}")
        session.add(party)
    crop = session.scalars(select(Crop).where(Crop.code == "ca-phe")).one()
    session.flush()
    area = GrowingArea(
        name=name,
        crop_id=crop.id,
        party_id=party.id if party else None,
        boundary=square(lon, lat, side),
        **fields,
    )
    session.add(area)
    session.flush()
    if code:
        session.add(
            GrowingAreaCode(
                growing_area_id=area.id, code=code, market="domestic", issued_on=date(2026, 9, 1)
            )
        )
        session.flush()
    session.refresh(area)
    return area


def add_zone(session: Session, name: str, lon: float = LON, lat: float = LAT) -> HighTechZone:
    """A zone of about 120 ha."""
    zone = HighTechZone(name=name, boundary=square(lon, lat, 0.01))
    session.add(zone)
    session.flush()
    return zone


def add_facility(session: Session, name: str, holder: str | None = None) -> Facility:
    """A packing house of a new party of that kind."""
    party = None
    if holder is not None:
        party = Party(kind=holder, name=f"Chủ của {name}")
        session.add(party)
        session.flush()
    facility = Facility(
        name=name,
        kind="packing-house",
        party_id=party.id if party else None,
        location=f"SRID=4326;POINT({LON} {LAT})",
    )
    session.add(facility)
    session.flush()
    return facility


def add_parcels(session: Session, count: int, side: float = 0.0005) -> list[Parcel]:
    """A row of square parcels eastwards."""
    made = [
        Parcel(code=f"P{n:05}", boundary=square(LON + n * side, LAT, side)) for n in range(count)
    ]
    session.add_all(made)
    session.flush()
    return made


def tile_at(z: int, lon: float = LON, lat: float = LAT) -> TileAddress:
    """The tile of a zoom that holds a place (degrees)."""
    side = 2**z
    column = floor((lon + 180) / 360 * side)
    row = floor((1 - asinh(tan(radians(lat))) / pi) / 2 * side)
    return TileAddress(z, row, column)


def decode(tile: bytes, address: TileAddress, folder: Path) -> dict[str, GeoDataFrame]:
    """The layers of a vector tile, read by GDAL, in EPSG:4326."""
    if not tile:
        return {}
    path = folder / "tile.mvt"
    path.write_bytes(tile)
    place = {"Z": address.z, "X": address.column, "Y": address.row}
    return {
        name: pyogrio.read_dataframe(path, layer=name, **place).to_crs(4326)
        for name, _ in pyogrio.list_layers(path)
    }
