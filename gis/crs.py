"""Coordinate systems: VN-2000 by province, recognising them, and the way to WGS84.

Everything is stored in EPSG:4326, lon/lat. VN-2000 needs the seven-parameter shift of QĐ
05/2007/QĐ-BTNMT; leaving it out moves Đà Lạt by 226 m, so a VN-2000 file whose datum
got lost on the way is recognised by its projection.
"""

from functools import lru_cache
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import CRSError

from gis.errors import CrsMismatchError

WGS84 = "EPSG:4326"

# EPSG code: central meridian in degrees. All TM-3 zones have k = 0.9999, x0 = 500 000 m, y0 = 0.
TM3_MERIDIANS = {
    9205: 103.0,
    9206: 104.0,
    9207: 104.5,
    9208: 104.75,
    5897: 105.0,
    9209: 105.5,
    9210: 105.75,
    9211: 106.0,
    9212: 106.25,
    9213: 106.5,
    9214: 107.0,
    9215: 107.25,
    9216: 107.5,
    5899: 107.75,
    5898: 108.0,
    9217: 108.25,
    9218: 108.5,
    5896: 102.0,
}
# UTM on VN-2000 (k = 0.9996).
UTM_MERIDIANS = {3405: 105.0, 3406: 111.0}

# Zone of a province's cadastral files, by province code. Only what a source states: 68 Lâm Đồng
# keeps 107°45′ after the merger (template of TT 16/2025/TT-BXD), 40 Nghệ An has 104°45′; files of
# old Đắk Nông (67) and Bình Thuận (60), now in Lâm Đồng, come in 108°30′.
PROVINCE_ZONES = {"68": 5899, "40": 9208, "67": 9218, "60": 9218}

# Where those provinces lie, roughly, as they are since 1 July 2025: west, south, east, north.
PROVINCE_EXTENTS = {"68": (107.1, 10.2, 109.2, 12.9), "40": (103.8, 18.5, 105.9, 20.1)}

# Outside this box (lon/lat, degrees) a row does not lie in Vietnam: west, south, east, north.
VIETNAM = (102.0, 6.0, 118.0, 23.5)


def parse_crs(text: str) -> pyproj.CRS:
    """Read a coordinate system: `EPSG:n`, an authority code, WKT or PROJJSON.

    Raises:
        CrsMismatchError: When it cannot be understood.
    """
    try:
        return pyproj.CRS.from_user_input(text.strip())
    except CRSError as error:
        shown = text if len(text) < 60 else text[:57] + "…"
        raise CrsMismatchError(
            f"{shown} is not a coordinate system known here; write it as EPSG:5899."
        ) from error


def name_crs(crs: pyproj.CRS) -> str:
    """Name a system for people and reports: `EPSG:n` where there is a code, else its name."""
    authority = crs.to_authority(min_confidence=70)
    return ":".join(authority) if authority else str(crs.name)


def recognise_vn2000(crs: pyproj.CRS) -> int | None:
    """Find the VN-2000 system that a definition without a usable code means.

    Old `.prj` and `.tab` files name the datum oddly (`D_Vietnam_2000`, `unknown`, `WGS_1984`) or
    lose it. A transverse Mercator with k = 0.9999, x0 = 500 000 m on a VN-2000 meridian is used for
    VN-2000 only, whatever datum is written beside it; k = 0.9996 (UTM) only when the datum says so.

    Returns:
        The EPSG code, or None.
    """
    if not crs.is_projected or crs.coordinate_operation is None:
        return None
    if "Transverse Mercator" not in str(crs.coordinate_operation.method_name):
        return None
    values = {item.name: _number(item.value) for item in crs.coordinate_operation.params}
    meridian = values.get("Longitude of natural origin")
    scale = values.get("Scale factor at natural origin")
    easting = values.get("False easting")
    if meridian is None or scale is None or easting is None or abs(easting - 500_000) > 0.01:
        return None
    if abs(values.get("False northing", 0)) > 0.01:
        return None
    zones = TM3_MERIDIANS if abs(scale - 0.9999) < 1e-9 else {}
    datum = f"{crs.name} {crs.datum.name if crs.datum else ''}".lower()
    if abs(scale - 0.9996) < 1e-9 and any(
        mark in datum.replace(" ", "").replace("_", "").replace("-", "")
        for mark in ("vn2000", "vietnam2000")
    ):
        zones = UTM_MERIDIANS
    return next((code for code, known in zones.items() if abs(known - meridian) < 1e-6), None)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


@lru_cache(maxsize=64)
def transformer_to_wgs84(crs: str) -> pyproj.Transformer:
    """Make the transformer to EPSG:4326, in x, y order on both sides."""
    return pyproj.Transformer.from_crs(parse_crs(crs), WGS84, always_xy=True)


def to_wgs84(shapes: NDArray[np.object_], crs: str) -> NDArray[np.object_]:
    """Bring geometries to EPSG:4326, lon/lat, heights dropped.

    Args:
        shapes: shapely geometries, shape (n,); None stays None.
        crs: Their system, as `parse_crs` reads it; x (easting or longitude) before y.

    Returns:
        New geometries. A coordinate that the projection cannot reach becomes infinite, which makes
        its geometry invalid.
    """
    transformer = transformer_to_wgs84(crs)
    move: Any = transformer.transform
    moved: NDArray[np.object_] = shapely.transform(shapes, move, interleaved=False)
    return moved


def point_to_wgs84(x: float, y: float, crs: str) -> tuple[float, float]:
    """Bring one point (x then y) to longitude and latitude in degrees."""
    longitude, latitude = transformer_to_wgs84(crs).transform(x, y)
    return float(longitude), float(latitude)


def move_point(x: float, y: float, source: str, target: str) -> tuple[float, float]:
    """Bring one point from one system to another, by way of WGS84.

    Args:
        x: Easting (m) or longitude (degrees), whatever order the authority names the axes in.
        y: Northing (m) or latitude (degrees).
        source: The system of x and y, as `parse_crs` reads it.
        target: The system of the answer.

    Raises:
        CrsMismatchError: A system is unknown, or the point lies where one of them does not reach.
    """
    longitude, latitude = point_to_wgs84(x, y, source)
    moved = transformer_to_wgs84(target).transform(longitude, latitude, direction="INVERSE")
    if not np.isfinite((longitude, latitude, *moved)).all():
        raise CrsMismatchError(f"The point {x:g}, {y:g} lies outside of what {source} describes.")
    return float(moved[0]), float(moved[1])


def is_in_vietnam(longitude: float, latitude: float) -> bool:
    """Say whether a point lies in the box around Vietnam."""
    west, south, east, north = VIETNAM
    return west <= longitude <= east and south <= latitude <= north


def proj4_definitions() -> dict[str, str]:
    """VN-2000 systems as PROJ strings, for maps that reproject in the browser.

    The datum shift is that of QĐ 05/2007/QĐ-BTNMT with its rotations turned (PROJ's `+towgs84`
    counts them as position vectors; without the turn it is 0.55 m off).
    """
    shift = (
        "+ellps=WGS84 +towgs84=-191.90441429,-39.30318279,-111.45032835,"
        "0.00928836,-0.01975479,0.00427372,0.252906278 +units=m +no_defs"
    )
    return {
        f"EPSG:{code}": f"+proj=tmerc +lat_0=0 +lon_0={meridian:g} +k={scale} +x_0=500000 +y_0=0"
        f" {shift}"
        for meridians, scale in ((TM3_MERIDIANS, 0.9999), (UTM_MERIDIANS, 0.9996))
        for code, meridian in meridians.items()
    }
