"""What is inside the neat line: ground, layers, borders, grid lines, names."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

import shapely

from gis.layer import Layer
from gis.sheets.content import Facts, Feature, Unit
from gis.sheets.grid import grid_lines, grid_step
from gis.sheets.labels import Label, Placed, place_labels
from gis.sheets.layout import Rect
from gis.sheets.pen import MM, Pen, Placing, clean, shape_path, text_width
from gis.sheets.symbols import (
    AREA_OPACITY,
    BORDER,
    GRID,
    INK,
    PARCEL_OPACITY,
    UNKNOWN,
    ZONE,
    darker,
    draw_site,
    draw_spot,
    ground_tint,
    hatch,
)

# A field smaller than this on paper is drawn as a dot, so that it is seen; mm.
_DOT_BELOW = 0.8
# So many names are tried on a page: nobody reads more, and each try costs time.
_MOST_NAMES = 1500
_SITE_MM = 3.4
# Colour, boldness and size factor of each kind of name.
STYLES: Mapping[str, tuple[str, bool, float]] = {
    "commune": ("#55604f", True, 1.45),
    "neighbour": ("#7c8477", False, 1.15),
    "zone": ("#0f4f7d", True, 1.0),
    "site": ("#26332b", False, 0.82),
    "area": (INK, False, 0.8),
}
_SPACED = {"commune": 0.35, "neighbour": 0.2}


@dataclass(slots=True)
class Found:
    """What drawing came across: figures for the legend, names to place, signs to keep clear of."""

    facts: Facts = field(default_factory=Facts)
    labels: list[Label] = field(default_factory=list)
    signs: list[Rect] = field(default_factory=list)
    sites: list[Feature] = field(default_factory=list)
    levels: set[str] = field(default_factory=set)
    left_out: list[str] = field(default_factory=list)


class MapDrawing:
    """Draws one map; everything goes through its `Placing`."""

    def __init__(
        self, pen: Pen, placing: Placing, crops: Mapping[str, tuple[str, str]], size: float
    ) -> None:
        """Choose where, with which crops (name, colour by code) and common letters (points)."""
        self._pen, self._placing, self._crops, self._size = pen, placing, crops, size
        self.found = Found()

    def ground(self, units: Sequence[Unit], focus: str | None) -> None:
        """Tint the communes; all but the one that the sheet is about are paler."""
        self._pen.look(fill="#fdfdfb")
        self._pen.rect(self._placing.paper, "f")
        for unit in units:
            if unit.level != "commune":
                continue
            pale = focus is not None and unit.code != focus
            self._pen.look(fill=ground_tint(unit.code), opacity=0.45 if pale else 1.0)
            self._pen.shape(shape_path(self._near(unit.shape), self._placing), "f*")

    def layer(self, layer: Layer, features: Iterable[Feature]) -> None:
        """Draw the features of a layer; facilities wait until everything else is drawn."""
        draw = {
            "growing-areas": self._area,
            "high-tech-zones": self._zone,
            "facilities": self.found.sites.append,
            "parcels": self._parcel,
        }[layer.id]
        for feature in features:
            draw(feature)

    def borders(self, units: Sequence[Unit]) -> None:
        """Draw the borders of communes, and of provinces over them, as administrative maps do.

        A border that two units share is one line: dashes of two would fill each other's gaps.
        """
        pen = self._pen
        window = _box(self._placing.ground)
        wide = _box(self._placing.ground.grown(0.004 * self._placing.scale))
        lines: dict[str, Any] = {}
        for level in ("province", "commune"):
            own = [shapely.boundary(unit.shape) for unit in units if unit.level == level]
            lines[level] = shapely.union_all(shapely.intersection(own, wide))
        lines["commune"] = shapely.difference(lines["commune"], lines["province"])
        for level, width, dash in (
            ("commune", 0.28, (2.6, 0.8, 0.3, 0.8, 0.3, 0.8)),
            ("province", 0.55, (4.0, 1.0, 0.5, 1.0)),
        ):
            line = shapely.line_merge(lines[level])
            if not shapely.intersects(line, window):
                continue
            self.found.levels.add(level)
            path = shape_path(self._thin(line), self._placing)
            pen.look(stroke="#ffffff", width=width * 3.5, stroke_opacity=0.7)
            pen.shape(path, "S")
            pen.look(stroke=BORDER, width=width, dash=dash)
            pen.shape(path, "S")

    def grid(self) -> None:
        """Draw the grid lines of the plane, each at its round metre."""
        ground, paper = self._placing.ground, self._placing.paper
        step = grid_step(self._placing.scale)
        self._pen.look(stroke=GRID, width=0.09, stroke_opacity=0.75)
        for east in grid_lines(ground.x, ground.right, step):
            x, _ = self._placing.place(east, ground.y)
            self._pen.lines([(x, paper.y), (x, paper.top)])
        for north in grid_lines(ground.y, ground.top, step):
            _, y = self._placing.place(ground.x, north)
            self._pen.lines([(paper.x, y), (paper.right, y)])

    def sites(self) -> None:
        """Draw the signs of facilities over everything but names."""
        for site in self.found.sites:
            for x, y in self._points(site.shape):
                draw_site(self._pen, x, y, site.kind, _SITE_MM)
                half = _SITE_MM / 2 + 0.2
                self.found.signs.append(Rect(x - half, y - half, 2 * half, 2 * half))
                if site.name and not site.is_generalised:
                    self._want((site.name,), "site", x, y, 30, beside=_SITE_MM / 2 + 0.6)

    def name_units(self, units: Sequence[Unit], focus: str | None) -> None:
        """Want the name of each commune somewhere well inside its visible part."""
        window = _box(self._placing.ground)
        for unit in units:
            if unit.level != "commune":
                continue
            shown = shapely.intersection(unit.shape, window)
            part = max(shapely.get_parts(shown), key=shapely.area, default=None)
            if part is None or shapely.area(part) == 0:
                continue
            inner = shapely.get_coordinates(shapely.maximum_inscribed_circle(part))
            x, y = self._placing.place(*inner[0])
            mine = focus is None or unit.code == focus
            reach = self._placing.length(float(sqrt(shapely.area(part))))
            if reach > 9:
                style = "commune" if mine else "neighbour"
                weight = 200 + reach if mine else 60 + reach / 10
                self._want(_balanced(unit.full_name, int(reach / 2.2)), style, x, y, weight)

    def names(self, obstacles: Sequence[Rect] = ()) -> list[Placed]:
        """Place and write the names wanted so far."""
        wanted = sorted(self.found.labels, key=lambda label: -label.weight)[:_MOST_NAMES]
        inside = self._placing.paper.grown(-0.8)
        placed = place_labels(wanted, inside, [*self.found.signs, *obstacles])
        for one in placed:
            colour, bold, factor = STYLES[one.label.style]
            size = self._size * factor
            x, top = one.rect.middle[0], one.rect.top
            spaced = _SPACED.get(one.label.style, 0.0)
            for at, line in enumerate(one.label.lines):
                base = top - (at + 0.78) * one.label.line_height
                self._pen.text(
                    x,
                    base,
                    line,
                    size,
                    bold=bold,
                    colour=colour,
                    align="center",
                    halo="#ffffff",
                    spaced=spaced,
                )
        return placed

    def _area(self, feature: Feature) -> None:
        colour = self._crops.get(feature.crop or "", ("", UNKNOWN))[1]
        for x, y in self._points(feature.shape):
            draw_spot(self._pen, x, y, colour, rounded=feature.is_generalised)
            if not feature.is_generalised:
                self._name_area(feature, x, y, 12, beside=1.8)
        if shapely.get_dimensions(feature.shape) < 2:
            return
        left, low, right, top = shapely.bounds(feature.shape)
        if self._placing.length(max(right - left, top - low)) < _DOT_BELOW:
            x, y = self._placing.place((left + right) / 2, (low + top) / 2)
            self._pen.look(fill=colour, stroke=darker(colour), width=0.08)
            self._pen.circle(x, y, _DOT_BELOW / 2, "b")
            self._name_area(feature, x, y, 10, beside=1.2)
            return
        self._pen.look(fill=colour, stroke=darker(colour), width=0.18, opacity=AREA_OPACITY)
        self._pen.shape(shape_path(feature.shape, self._placing), "B*")
        self._name_field(
            feature, self._placing.length(right - left), self._placing.length(top - low)
        )

    def _name_field(self, feature: Feature, width: float, height: float) -> None:
        """Over the field where there is room for it, else beside it, clear of the field."""
        middle = shapely.centroid(feature.shape)
        inner = middle if shapely.intersects(feature.shape, middle) else feature.shape
        inner = shapely.point_on_surface(inner)
        x, y = self._placing.place(*shapely.get_coordinates(inner)[0])
        reach = self._placing.length(float(sqrt(shapely.area(feature.shape))))
        weight = 10 + min(reach, 40) / 4
        if width > 18 and height > 7:
            self._name_area(feature, x, y, weight)
            return
        x, y = self._placing.place(*shapely.get_coordinates(middle)[0])
        if max(width, height) < 12:
            self.found.signs.append(Rect(x - width / 2, y - height / 2, width, height))
        self._name_area(feature, x, y, weight, beside=max(width, height) / 2 + 0.5)

    def _name_area(
        self, feature: Feature, x: float, y: float, weight: float, beside: float | None = None
    ) -> None:
        lines = [*_balanced(feature.name)] if feature.name else []
        lines += feature.codes[:1]
        if len(feature.codes) > 1:
            lines[-1] += f" (+{len(feature.codes) - 1})"
        if lines:
            self._want(tuple(lines), "area", x, y, weight, beside=beside)

    def _parcel(self, feature: Feature) -> None:
        colour = self._crops.get(feature.crop or "", ("", UNKNOWN))[1]
        self._pen.look(fill=colour, stroke=darker(colour), width=0.1, opacity=PARCEL_OPACITY)
        self._pen.shape(shape_path(feature.shape, self._placing), "B*")

    def _zone(self, feature: Feature) -> None:
        path = shape_path(feature.shape, self._placing)
        left, low, right, top = shapely.bounds(feature.shape)
        x, y = self._placing.place(left, low)
        x_right, y_top = self._placing.place(right, top)
        if x_right - x < _DOT_BELOW or not path:
            self._pen.look(fill=ZONE, stroke="#ffffff", width=0.3)
            self._pen.circle((x + x_right) / 2, (y + y_top) / 2, 1.1, "b")
        else:
            self._pen.look(fill=ZONE, opacity=0.1)
            self._pen.shape(path, "f*")
            hatch(self._pen, Rect(x, y, x_right - x, y_top - y), path)
            self._pen.look(stroke="#ffffff", width=1.0, stroke_opacity=0.85)
            self._pen.shape(path, "S")
            self._pen.look(stroke=ZONE, width=0.4)
            self._pen.shape(path, "S")
        if feature.name:
            extent = max(x_right - x, y_top - y)
            beside = extent / 2 + 0.5 if extent < 45 else None
            middle = ((x + x_right) / 2, (y + y_top) / 2)
            self._want(_balanced(feature.name), "zone", *middle, 150, beside=beside)

    def _points(self, shape: Any) -> list[tuple[float, float]]:
        if shapely.get_dimensions(shape) != 0:
            return []
        return [self._placing.place(*place) for place in shapely.get_coordinates(shape)]

    def _near(self, shape: Any) -> Any:
        """A unit's shape near the frame: a large one is simplified and cut for this sheet."""
        wide = _box(self._placing.ground.grown(0.004 * self._placing.scale))
        return shapely.intersection(shapely.make_valid(self._thin(shape)), wide)

    def _thin(self, shape: Any) -> Any:
        """Without what a printer does not show: 0.03 mm."""
        return shapely.simplify(shape, 0.03 * self._placing.scale / 1000)

    def _want(
        self,
        lines: tuple[str, ...],
        style: str,
        x: float,
        y: float,
        weight: float,
        beside: float | None = None,
    ) -> None:
        _, bold, factor = STYLES[style]
        size = self._size * factor
        spaced = _SPACED.get(style, 0.0)
        shown = tuple(clean(line) for line in lines)
        width = max(text_width(line, size, bold=bold) + spaced * len(line) for line in shown)
        height = size * 1.18 / MM
        self.found.labels.append(
            Label(shown, x, y, width + 0.8, height, weight, style, beside=beside)
        )


def _box(rect: Rect) -> Any:
    return shapely.box(rect.x, rect.y, rect.right, rect.top)


def _balanced(name: str, letters: int = 22) -> tuple[str, ...]:
    """A long name on lines that are about as long as each other, at most three."""
    count = min(3, -(-len(name) // max(letters, 12)))
    target = len(name) / count
    lines: list[str] = []
    line = ""
    for word in name.split():
        if line and len(lines) < count - 1 and len(line) + 1 + len(word) / 2 > target:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return (*lines, line)
