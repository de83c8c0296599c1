"""The coordinate systems that features are published in (OGC API – Features Part 2).

Everything is stored in EPSG:4326, lon/lat, which OGC calls CRS84. PostGIS's `ST_Transform` reaches
VN-2000 by the same seven parameters as `gis.crs` (QĐ 05/2007/QĐ-BTNMT; a test compares them to the
millimetre), so shapes are transformed in the database. The systems of a projection are written
east, north, as EPSG defines them; EPSG:4326 and EPSG:4756 are written latitude, longitude.
"""

import re
from dataclasses import dataclass

from gis.crs import TM3_MERIDIANS, UTM_MERIDIANS
from gis.errors import InvalidInputError

_EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
# Seven decimals of a degree are about a centimetre; projected systems count in metres.
_DEGREE_DECIMALS = 7
_METRE_DECIMALS = 3


@dataclass(frozen=True, slots=True)
class PublishedCrs:
    """One system: its address, its number in `spatial_ref_sys`, its axes and its unit."""

    uri: str
    srid: int
    is_flipped: bool = False
    is_projected: bool = False

    @property
    def decimals(self) -> int:
        """How many decimals a coordinate is written with."""
        return _METRE_DECIMALS if self.is_projected else _DEGREE_DECIMALS

    @property
    def name(self) -> str:
        """What pyproj and people call it."""
        return f"EPSG:{self.srid}"


CRS84 = PublishedCrs("http://www.opengis.net/def/crs/OGC/1.3/CRS84", 4326)


def _epsg(code: int, *, is_flipped: bool = False, is_projected: bool = True) -> PublishedCrs:
    return PublishedCrs(f"{_EPSG}{code}", code, is_flipped, is_projected)


# CRS84 first, since it is the default; then what this province's files come in.
_SYSTEMS = (
    CRS84,
    _epsg(4326, is_flipped=True, is_projected=False),
    _epsg(3857),
    _epsg(5899),
    *(_epsg(code) for code in sorted(UTM_MERIDIANS)),
    *(_epsg(code) for code in sorted(TM3_MERIDIANS) if code != 5899),
    _epsg(4756, is_flipped=True, is_projected=False),
)
PUBLISHED = {system.uri: system for system in _SYSTEMS}
_CODES = {str(system.srid): system for system in _SYSTEMS if system is not CRS84}
_SHORT = re.compile(
    r"(?:https?://www\.opengis\.net/def/crs/EPSG/[0-9.]+/|urn:ogc:def:crs:EPSG:[0-9.]*:|EPSG:)"
    r"([0-9]{4,5})",
    re.IGNORECASE,
)


def find_crs(value: str, parameter: str) -> PublishedCrs:
    """Find the system that an address, a URN or `EPSG:n` (also in `[…]`) means.

    Raises:
        InvalidInputError: It is none of `PUBLISHED`.
    """
    asked = value.strip()
    if asked.startswith("[") and asked.endswith("]"):
        asked = asked[1:-1]
    found = PUBLISHED.get(asked)
    if found is None and asked.upper() in ("OGC:CRS84", "CRS84", "URN:OGC:DEF:CRS:OGC:1.3:CRS84"):
        found = CRS84
    if found is None and (match := _SHORT.fullmatch(asked)):
        found = _CODES.get(match[1])
    if found is None:
        raise InvalidInputError(
            f"{parameter} must be one of the systems that the collection lists, for example"
            f" {CRS84.uri} or {_EPSG}5899.",
            parameter=parameter,
        )
    return found
