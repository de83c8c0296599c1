"""Signs of facilities, and the colours that the map page has too."""

from collections.abc import Sequence

from gis.sheets.layout import Rect
from gis.sheets.pen import Pen

# As on the map page (web/frontend/map): ground tints, borders, zones, what has no crop.
GROUND = ("#f8f5ea", "#f1f5e9", "#f7f0e8", "#eef3ef", "#f4f3f0", "#f2f0e4", "#f6f6f2")
UNKNOWN = "#8a8f98"
INK = "#1d2520"
SOFT = "#4b564f"
GRID = "#5a7391"
ZONE = "#1d6fa5"
BORDER = "#6b6a55"
SITE = "#33463b"
AREA_OPACITY = 0.62
PARCEL_OPACITY = 0.28

# A sign is a white drawing on a dark rounded square, in a grid of 24 × 24, y down.
_Strokes = Sequence[Sequence[tuple[float, float]]]
_ARCH = [(5, 19), (5, 12), (6, 9), (8, 6.7), (12, 5), (16, 6.7), (18, 9), (19, 12), (19, 19)]
_GLYPHS: dict[str, _Strokes] = {
    "packing-house": (
        [(5, 9), (12, 5.5), (19, 9), (19, 17), (12, 20.5), (5, 17), (5, 9), (12, 12.5), (19, 9)],
        [(12, 12.5), (12, 20.5)],
    ),
    "greenhouse": ([*_ARCH, (5, 19)], [(12, 5), (12, 19)], [(5, 13), (19, 13)]),
    "nursery": (
        [(12, 20), (12, 11)],
        [(12, 13), (11, 9.5), (9, 7.6), (5.500, 7), (6.5, 10.5), (8.5, 12.4), (12, 13)],
        [(12, 11), (13, 8.5), (15, 6.6), (18, 6), (17.3, 9), (15.3, 10.6), (12, 11)],
    ),
    "processing": (
        [(5, 20), (5, 9), (10, 12), (10, 9), (15, 12), (15, 5), (19, 5), (19, 20), (5, 20)],
        [(9, 16), (10, 16)],
    ),
    "store": (
        [(5, 10), (6.5, 6), (17.5, 6), (19, 10), (5, 10)],
        [(6, 10), (6, 19), (18, 19), (18, 10)],
        [(10, 19), (10, 14), (14, 14), (14, 19)],
    ),
    "weather-station": ([(12, 20), (12, 9), (19, 6)], [(12, 9), (5, 12)], [(8, 20), (16, 20)]),
    "laboratory": (
        [(10, 5), (10, 10), (5.5, 18.500), (18.500, 18.500), (14, 10), (14, 5)],
        [(9, 5), (15, 5)],
        [(8, 15), (16, 15)],
    ),
    "other": ([(12, 8), (12, 16)], [(8, 12), (16, 12)]),
}


def darker(colour: str) -> str:
    """The colour of a line around a field of this colour (#rrggbb)."""
    return "#" + "".join(f"{round(int(colour[at : at + 2], 16) * 0.72):02x}" for at in (1, 3, 5))


def ground_tint(code: str) -> str:
    """The tint of a commune, by its code as on the map page."""
    return GROUND[sum(ord(sign) for sign in code) % len(GROUND)]


def draw_site(pen: Pen, x: float, y: float, kind: str | None, side: float = 3.4) -> None:
    """Draw the sign of a kind of facility with its middle at (x, y), mm."""
    half = side / 2
    cut = side * 0.24
    corners = [
        (x - half + cut, y - half),
        (x + half - cut, y - half),
        (x + half, y - half + cut),
        (x + half, y + half - cut),
        (x + half - cut, y + half),
        (x - half + cut, y + half),
        (x - half, y + half - cut),
        (x - half, y - half + cut),
    ]
    pen.look(fill=SITE, stroke="#ffffff", width=0.2)
    pen.lines(corners, paint="b")
    pen.look(stroke="#ffffff", width=side * 0.07)
    unit = side / 24 * 0.8
    glyph = _GLYPHS.get(kind or "other", _GLYPHS["other"])
    pen.lines(*[[(x + (a - 12) * unit, y - (b - 12.5) * unit) for a, b in one] for one in glyph])


def draw_spot(pen: Pen, x: float, y: float, colour: str, *, rounded: bool) -> None:
    """Draw a growing area that is a point: a ring with dashes where its place is rounded."""
    pen.look(
        fill=colour,
        stroke=darker(colour),
        width=0.25,
        dash=(0.7, 0.5) if rounded else (),
        opacity=0.3 if rounded else 0.75,
    )
    pen.circle(x, y, 1.5 if rounded else 1.1, "b")


def hatch(pen: Pen, box: Rect, path: str) -> None:
    """Fill a path with the diagonal lines of high-tech zones; `box` lies around it."""
    with pen.inside(path):
        pen.look(stroke=ZONE, width=0.18, stroke_opacity=0.6)
        step, lines = 1.7, []
        at = box.x - box.height
        # Lines of all zones lie on one raster, so that neighbours do not flicker.
        at -= (at - box.y) % step
        while at < box.right:
            lines.append([(at, box.y), (at + box.height, box.top)])
            at += step
        pen.lines(*lines)
