"""What is asked of a layer: box, period, values, filter, order, properties, coordinate system.

The functions read the parameters of OGC API – Features; each refusal names its parameter.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import isfinite
from typing import Any

import numpy as np
import shapely

from gis.crs import to_wgs84
from gis.errors import InvalidInputError
from gis.layer import Layer
from gis.published_crs import CRS84, PublishedCrs

MOST_SORTED = 5
# A side of a box in another system is bent in degrees: so many points follow it.
_POINTS_OF_A_SIDE = 21
# No projected system of the earth has a coordinate farther out.
_FARTHEST_M = 1e8


@dataclass(frozen=True, slots=True)
class Period:
    """A time interval, both ends inclusive; None is open. Days count in UTC."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Box:
    """Degrees, lon/lat, EPSG:4326; `west` > `east` crosses the 180th meridian.

    `outline` is the box itself (WKB, EPSG:4326) where it was given in a system whose axes do not
    follow meridians and parallels; the four numbers are then what surrounds it.
    """

    west: float
    south: float
    east: float
    north: float
    outline: bytes | None = None


@dataclass(frozen=True, slots=True)
class SortKey:
    """A property to sort by; features without it come last either way."""

    name: str
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """Which features of a layer, in what order, with what of them.

    `equal` are properties and the values they must have; `condition` is a CQL2 expression as its
    JSON encoding has it (`gis.cql2`); `properties` None = all of them; `commune` is
    the one whose rows the reader may see (`Layer.commune_only`), None = all. `words` and `unit` are
    explained in `gis.narrowing`.
    """

    box: Box | None = None
    period: Period | None = None
    equal: tuple[tuple[str, Any], ...] = ()
    condition: Any = None
    condition_crs: PublishedCrs = CRS84
    sort: tuple[SortKey, ...] = ()
    properties: tuple[str, ...] | None = None
    crs: PublishedCrs = CRS84
    commune: str | None = None
    words: str | None = None
    unit: str | None = None

    def is_all_of(self, layer: Layer) -> bool:
        """Whether nothing that was asked narrows the layer; a period only where it has one."""
        return (
            self.box is None
            and (self.period is None or layer.period is None)
            and not self.equal
            and self.condition is None
            and self.words is None
            and self.unit is None
        )


EVERYTHING = Selection()


def parse_box(value: str, crs: PublishedCrs = CRS84) -> Box:
    """Read `west,south,east,north` (or six numbers with heights, which are left out).

    Args:
        value: The numbers, in the axis order and unit of `crs`.
        crs: The system of the numbers.

    Raises:
        InvalidInputError: Not four or six finite numbers in the order and range of their system.
    """
    try:
        numbers = [float(part) for part in value.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (4, 6) or not all(isfinite(number) for number in numbers):
        raise InvalidInputError(
            "bbox must be four numbers west,south,east,north (or six with heights).",
            parameter="bbox",
        )
    if len(numbers) == 6:
        numbers = [*numbers[0:2], *numbers[3:5]]
    if crs.is_flipped:
        numbers = [numbers[1], numbers[0], numbers[3], numbers[2]]
    if crs.srid != 4326:
        return _box_from(numbers, crs)
    west, south, east, north = numbers
    box = Box(west, south, east, north)
    if max(abs(box.west), abs(box.east)) > 180 or max(abs(box.south), abs(box.north)) > 90:
        order = "south,west,north,east" if crs.is_flipped else "west,south,east,north"
        first = "latitudes" if crs.is_flipped else "longitudes"
        raise InvalidInputError(
            f"bbox is {order} in degrees: {first} first, longitudes within -180..180 and"
            " latitudes within -90..90.",
            parameter="bbox",
        )
    if box.south > box.north:
        raise InvalidInputError(
            "bbox is west,south,east,north: south is above north.", parameter="bbox"
        )
    return box


def parse_period(value: str) -> Period:
    """Read an instant or `start/end` of RFC 3339, either end `..` or empty, or plain days.

    Raises:
        InvalidInputError: Neither, or it ends before it starts.
    """
    parts = value.split("/")
    try:
        if len(parts) == 1:
            period = Period(parse_moment(parts[0]), parse_moment(parts[0], is_end=True))
        elif len(parts) == 2 and any(part not in ("", "..") for part in parts):
            start, end = (None if part in ("", "..") else part for part in parts)
            period = Period(
                parse_moment(start) if start else None,
                parse_moment(end, is_end=True) if end else None,
            )
        else:
            raise ValueError
        if period.start and period.end and period.start > period.end:
            raise ValueError
    except (ValueError, OverflowError) as error:
        raise InvalidInputError(
            "datetime must be an instant or an interval start/end of RFC 3339 (2025-07-01,"
            " 2025-07-01T00:00:00Z, 2025-07-01/..).",
            parameter="datetime",
        ) from error
    return period


def parse_moment(value: str, *, is_end: bool = False) -> datetime:
    """Read an instant of RFC 3339, or a plain day: its first moment, or its last (UTC).

    Raises:
        ValueError: Neither.
        OverflowError: Beyond the calendar in UTC.
    """
    # GDAL writes a day as 2025-07-01T.
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}T?", value, re.ASCII):
        clock = datetime.max.time() if is_end else datetime.min.time()
        return datetime.combine(date.fromisoformat(value[:10]), clock, UTC)
    if not re.fullmatch(
        r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", value, re.ASCII
    ):
        raise ValueError(value)
    return datetime.fromisoformat(value.upper()).astimezone(UTC)


def parse_sort(value: str, layer: Layer) -> tuple[SortKey, ...]:
    """Read `name,-area_ha`: properties of a layer, `-` for the largest first.

    Raises:
        InvalidInputError: An unknown property, one twice, one that has no order, or too many.
    """
    keys = []
    sortable = sortable_names(layer)
    for part in value.split(","):
        # A plus sign in an address is a space.
        name = part.strip().removeprefix("+").removeprefix("-")
        if name not in sortable:
            raise InvalidInputError(
                f"sortby names properties of {layer.id}, each with + or - before it:"
                f" {', '.join(sortable)}.",
                parameter="sortby",
            )
        keys.append(SortKey(name, part.strip().startswith("-")))
    if len(keys) > MOST_SORTED or len({key.name for key in keys}) < len(keys):
        raise InvalidInputError(
            f"sortby names at most {MOST_SORTED} properties, once each.", parameter="sortby"
        )
    return tuple(keys)


def sortable_names(layer: Layer) -> list[str]:
    """The properties of a layer that have an order."""
    return [item.name for item in layer.properties if item.type != "array"]


def parse_properties(value: str, layer: Layer) -> tuple[str, ...]:
    """Read `name,crop`; an empty value means none of them.

    Raises:
        InvalidInputError: An unknown property, or one twice.
    """
    known = [item.name for item in layer.properties]
    asked = [name.strip() for name in value.split(",")] if value.strip() else []
    if unknown := [name for name in asked if name not in known]:
        raise InvalidInputError(
            f"{layer.id} has no property {unknown[0][:40]}; it has {', '.join(known)}.",
            parameter="properties",
        )
    if len(set(asked)) < len(asked):
        raise InvalidInputError("properties names each property once.", parameter="properties")
    return tuple(asked)


def parse_equal(given: Mapping[str, str], layer: Layer) -> tuple[tuple[str, Any], ...]:
    """Read properties given as parameters of their own: `crop=ca-phe&is_demo=false`.

    Raises:
        InvalidInputError: A value is not of the property's type.
    """
    return tuple(
        (item.name, _value(given[item.name], item.name, item.format or item.type))
        for item in layer.properties
        if item.name in given
    )


def _value(text: str, name: str, kind: str) -> Any:
    try:
        match kind:
            case "integer":
                if not re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII):
                    raise ValueError
                return int(text)
            case "number":
                number = float(text)
                if not isfinite(number):
                    raise ValueError
                return number
            case "boolean":
                return {"true": True, "false": False, "1": True, "0": False}[text.lower()]
            case "date":
                return parse_moment(text[:10]).date()
            case "date-time":
                return parse_moment(text)
    except (ValueError, KeyError, OverflowError) as error:
        raise InvalidInputError(
            f"{name} must be of the type {kind} here.", parameter=name
        ) from error
    if "\0" in text or len(text) > 1000:
        raise InvalidInputError(
            f"{name} is a text of at most 1000 characters, without NUL.", parameter=name
        )
    return text


def _box_from(numbers: list[float], crs: PublishedCrs) -> Box:
    """Bring a box in another system to degrees, following its sides."""
    west, south, east, north = numbers
    if max(map(abs, numbers)) > _FARTHEST_M:
        raise InvalidInputError(f"bbox lies beyond what {crs.name} can reach.", parameter="bbox")
    if south > north or west > east:
        raise InvalidInputError("bbox is given with its smaller numbers first.", parameter="bbox")
    length = max(east - west, north - south) / _POINTS_OF_A_SIDE
    outline = shapely.box(west, south, east, north)
    if length > 0:
        outline = shapely.segmentize(outline, length)
    moved = to_wgs84(np.array([outline], dtype=object), crs.name)[0]
    bounds = moved.bounds
    if not (
        np.isfinite(shapely.get_coordinates(moved)).all()
        and max(abs(bounds[0]), abs(bounds[2])) <= 180
        and max(abs(bounds[1]), abs(bounds[3])) <= 90
    ):
        raise InvalidInputError(f"bbox lies beyond what {crs.name} can reach.", parameter="bbox")
    outline_wkb = shapely.to_wkb(moved) if moved.is_valid else None
    return Box(bounds[0], bounds[1], bounds[2], bounds[3], outline_wkb)
