"""The features of a piece of ground, exactly as the one who asked may see them.

Shapes come from the catalogue (`gis.layers`): the public view has generalised points and no
household's name. They are brought to plane metres by pyproj in batches, so that memory holds what
is drawn on one page, never a layer.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import shapely
from sqlalchemy import ColumnElement, Row, Select, and_, func, literal, or_, select
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError, NotFoundError
from gis.layer import Layer, View
from gis.layers import ADMINISTRATIVE_UNITS, find_layer
from gis.models import AdministrativeUnit, Crop, GrowingArea
from gis.sheets.grid import box_of, to_plane
from gis.sheets.layout import Rect

# More on one page would be a grey smear and a file that no reader opens.
MAX_FEATURES = 60_000
_BATCH = 1000
# Lines may move by so much on paper; a printer's dot is larger.
_SIMPLIFIED_MM = 0.03
# Where an approved application leaves how its boundary was found.
_METHOD = "determination_method"


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing to draw; `shape` in plane metres, cut to a little more than the ground."""

    id: int
    shape: Any
    name: str | None = None
    codes: tuple[str, ...] = ()
    crop: str | None = None
    kind: str | None = None
    is_generalised: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """A commune of the day, whole, in plane metres; `box` in degrees (EPSG:4326)."""

    id: int
    code: str
    full_name: str
    name: str
    level: str
    province: str | None
    province_code: str | None
    shape: Any
    is_demo: bool = False


@dataclass(slots=True)
class Facts:
    """What was drawn: how many of each layer, crop and kind, how measured, whether invented.

    `areas` holds hectares, crop, first code and name of growing areas that may be named.
    """

    layers: Counter[str] = field(default_factory=Counter)
    crops: Counter[str | None] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)
    areas: list[tuple[float, str | None, str, str]] = field(default_factory=list)
    generalised: int = 0
    is_demo: bool = False


def list_crops(session: Session) -> dict[str, tuple[str, str]]:
    """The name and the colour (#rrggbb) of each crop, by code."""
    return {
        code: (name, colour)
        for code, name, colour in session.execute(select(Crop.code, Crop.name, Crop.colour))
    }


def find_commune(session: Session, code: str, day: date) -> Row[Any]:
    """A commune of that day, with its province and its box in degrees.

    Raises:
        NotFoundError: There is none of this code on that day.
    """
    found = _unit_rows(session, day, AdministrativeUnit.code == code, level="commune")
    if not found:
        raise NotFoundError(f"There is no commune {code} today.")
    return found[0]


def list_communes(session: Session, province: str, day: date) -> list[Row[Any]]:
    """The communes of a province on that day, in the order of their names.

    Raises:
        NotFoundError: There is no such province, or it has no communes here.
    """
    found = _unit_rows(session, day, _parent.c.code == province, level="commune")
    if not found:
        raise NotFoundError(f"There is no province {province} with communes today.")
    return found


def plane_shapes(session: Session, ids: Sequence[int], zone: int) -> dict[int, Any]:
    """The shapes of units by their ids, in plane metres."""
    unit = AdministrativeUnit
    rows = session.execute(
        select(unit.id, func.ST_AsBinary(unit.boundary).label("wkb")).where(unit.id.in_(ids))
    ).all()
    shapes = _to_plane([row.wkb for row in rows], zone)
    return {row.id: shape for row, shape in zip(rows, shapes, strict=True)}


def find_province(session: Session, longitude: float, latitude: float, day: date) -> str | None:
    """The code of the province around a place (degrees) on that day, where one is recorded."""
    place = func.ST_SetSRID(func.ST_MakePoint(longitude, latitude), 4326)
    held = func.ST_Intersects(AdministrativeUnit.boundary, place)
    found = _unit_rows(session, day, held, level="province")
    return found[0].code if found else None


def read_units(session: Session, ground: Rect, zone: int, day: date) -> list[Unit]:
    """The provinces and communes of that day that meet a piece of ground (plane metres)."""
    near = AdministrativeUnit.boundary.op("&&")(_envelope(ground, zone, 0.0))
    rows = [
        row
        for level in ("province", "commune")
        for row in _unit_rows(session, day, near, level=level, with_shape=True)
    ]
    shapes = _to_plane([row.wkb for row in rows], zone)
    # The index compares boxes: one may reach into the frame where the unit itself does not.
    meets = shapely.intersects(shapes, _as_box(ground))
    return [
        Unit(
            row.id,
            row.code,
            row.full_name or row.name,
            row.name,
            row.level,
            row.province,
            row.province_code,
            shape,
            row.is_demo,
        )
        for row, shape, is_met in zip(rows, shapes, meets, strict=True)
        if is_met
    ]


def read_features(
    session: Session,
    layer: Layer,
    view: View,
    ground: Rect,
    zone: int,
    scale: int,
    facts: Facts,
) -> Iterator[Feature]:
    """The features of a layer on a piece of ground, in the order of their ids, counted in `facts`.

    Args:
        session: Reads only, a batch at a time.
        layer: What to draw.
        view: How exactly.
        ground: Plane metres.
        zone: EPSG code of the plane.
        scale: The denominator: lines are simplified by 0.03 mm on paper.
        facts: Gets what was found.

    Raises:
        InvalidInputError: More than `MAX_FEATURES` are there.
    """
    query = _query(layer, view).where(
        _near(layer, view, _envelope(ground, zone, 0.0), ground, zone)
    )
    if layer.table.name == "growing_area":
        query = query.where(GrowingArea.status != "closed")
    rows = session.execute(query.limit(MAX_FEATURES + 1).execution_options(yield_per=_BATCH))
    seen = 0
    wide = ground.grown(0.004 * scale)
    for batch in rows.partitions():
        seen += len(batch)
        if seen > MAX_FEATURES:
            raise InvalidInputError(
                f"There are more than {MAX_FEATURES:,} {layer.id} on one sheet: choose a larger"
                " scale or fewer layers.",
                parameter="scale",
            )
        shapes = _to_plane([row.wkb for row in batch], zone)
        drawn = _cut(shapes, wide, scale)
        inside = shapely.intersects(drawn, _as_box(ground))
        for row, shape, is_in in zip(batch, drawn, inside, strict=True):
            if shape is None or shape.is_empty:
                continue
            if is_in:
                _count(facts, layer, row)
            yield Feature(
                row.id,
                shape,
                row.name,
                tuple(row.codes or ()),
                row.crop,
                row.kind,
                bool(row.is_generalised),
            )


def _count(facts: Facts, layer: Layer, row: Row[Any]) -> None:
    facts.layers[layer.id] += 1
    facts.is_demo = facts.is_demo or bool(row.is_demo)
    facts.generalised += bool(row.is_generalised)
    if layer.id in ("growing-areas", "parcels"):
        facts.crops[row.crop] += 1
    if layer.id == "growing-areas":
        facts.methods[row.method or "unknown"] += 1
        if row.name is not None and row.area_ha is not None:
            code = (row.codes or [""])[0]
            facts.areas.append((float(row.area_ha), row.crop, code, row.name))
    if row.kind is not None:
        facts.kinds[row.kind] += 1


def _query(layer: Layer, view: View) -> Select[Any]:
    known = {item.name: item.expression(view) for item in layer.properties}

    def column(name: str) -> ColumnElement[Any]:
        return known.get(name, literal(None)).label(name)

    method = literal(None).label("method")
    if "attributes" in layer.table.c:
        method = layer.table.c.attributes[_METHOD].astext.label("method")
    names = ("name", "codes", "crop", "kind", "area_ha", "is_generalised", "is_demo")
    return (
        select(
            layer.key.label("id"),
            func.ST_AsBinary(layer.shape(view)).label("wkb"),
            *(column(name) for name in names),
            method,
        )
        .select_from(layer.source)
        .order_by(layer.key)
    )


def _near(
    layer: Layer, view: View, envelope: ColumnElement[Any], ground: Rect, zone: int
) -> ColumnElement[bool]:
    """By the indexes of the stored shapes; a generalised point may lie `blur` beside its own."""
    blur = layer.blur if view is View.PUBLIC else 0.0
    wide = _envelope(ground, zone, blur) if blur else envelope
    return or_(*(shape.op("&&")(wide) for shape in layer.shapes))


def _envelope(ground: Rect, zone: int, blur: float) -> ColumnElement[Any]:
    west, south, east, north = box_of(ground, zone)
    return func.ST_MakeEnvelope(west - blur, south - blur, east + blur, north + blur, 4326)


_parent = AdministrativeUnit.__table__.alias("province")


def _unit_rows(
    session: Session,
    day: date,
    *conditions: ColumnElement[bool],
    level: str,
    with_shape: bool = False,
) -> list[Row[Any]]:
    unit = AdministrativeUnit
    columns: list[Any] = [
        unit.id,
        unit.code,
        unit.name,
        unit.full_name,
        unit.level,
        unit.is_demo,
        _parent.c.code.label("province_code"),
        func.coalesce(_parent.c.full_name, _parent.c.name).label("province"),
        func.ST_XMin(unit.boundary).label("west"),
        func.ST_YMin(unit.boundary).label("south"),
        func.ST_XMax(unit.boundary).label("east"),
        func.ST_YMax(unit.boundary).label("north"),
    ]
    if with_shape:
        columns.append(func.ST_AsBinary(ADMINISTRATIVE_UNITS.exact).label("wkb"))
    query = (
        select(*columns)
        .outerjoin(_parent, or_(_parent.c.id == unit.parent_id, _holds(day)))
        .where(
            unit.level == level,
            unit.valid_from <= day,
            or_(unit.valid_to.is_(None), unit.valid_to >= day),
            *conditions,
        )
        .order_by(unit.name, unit.id)
    )
    return list(session.execute(query))


def _holds(day: date) -> ColumnElement[bool]:
    """Whether a province of that day holds a unit that names none, as loaded files do not."""
    unit = AdministrativeUnit
    return and_(
        unit.parent_id.is_(None),
        unit.level == "commune",
        _parent.c.level == "province",
        _parent.c.valid_from <= day,
        or_(_parent.c.valid_to.is_(None), _parent.c.valid_to >= day),
        func.ST_Intersects(_parent.c.boundary, func.ST_PointOnSurface(unit.boundary)),
    )


def readable_layers(names: Sequence[str], roles: frozenset[str]) -> list[tuple[Layer, View]]:
    """Layers with the view that these roles have of them.

    Raises:
        InvalidInputError: The roles do not read one of them.
    """
    found = []
    for name in names:
        layer = find_layer(name)
        if not layer.may_read(roles):
            raise InvalidInputError(
                f"The layer {name} needs one of the roles {', '.join(sorted(layer.readers))}.",
                parameter="layers",
            )
        found.append((layer, layer.view(roles)))
    return found


def _to_plane(texts: Sequence[bytes | None], zone: int) -> Any:
    shapes = shapely.from_wkb(np.array(texts, dtype=object))
    move: Any = to_plane(zone).transform
    return shapely.transform(shapes, move, interleaved=False)


def _as_box(rect: Rect) -> Any:
    return shapely.box(rect.x, rect.y, rect.right, rect.top)


def _cut(shapes: Any, wide: Rect, scale: int) -> Any:
    """Simplify, and cut what reaches far out: a page holds the coordinates that it shows."""
    thin = shapely.simplify(shapes, _SIMPLIFIED_MM * scale / 1000, preserve_topology=False)
    # What is smaller than a dot is drawn as one: it keeps its place.
    lost = shapely.is_empty(thin)
    thin[lost] = shapely.centroid(shapes[lost])
    bounds = shapely.bounds(thin)
    out = (
        (bounds[:, 0] < wide.x)
        | (bounds[:, 1] < wide.y)
        | (bounds[:, 2] > wide.right)
        | (bounds[:, 3] > wide.top)
    )
    if out.any():
        # A simplified outline may touch itself: mended for the scissors, not for the drawing.
        mended = shapely.make_valid(thin[out])
        thin[out] = shapely.intersection(mended, _as_box(wide))
    return thin
