"""Where everything lies on the paper, and the round scales; all lengths in millimetres."""

from dataclasses import dataclass

from gis.sheets.request import LEAST_SCALE

# Width and height upright (ISO 216).
_SIZES = {"A4": (210.0, 297.0), "A3": (297.0, 420.0)}
_MARGIN = 8.0
# Room for coordinates between the neat line and the outer line.
BAND = 5.0
# What people expect on a scale: 1:1,500, 1:2,500 … but no 1:7,000.
_STEPS = (10, 12.5, 15, 20, 25, 30, 40, 50, 60, 75)
ROUND_SCALES = tuple(
    scale
    for power in range(1, 7)
    for step in _STEPS
    if LEAST_SCALE <= (scale := round(step * 10**power)) <= 2_500_000
)


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle on paper or ground: `x`, `y` is its lower left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.width

    @property
    def top(self) -> float:
        """The upper edge."""
        return self.y + self.height

    @property
    def middle(self) -> tuple[float, float]:
        """The point in the middle."""
        return self.x + self.width / 2, self.y + self.height / 2

    def grown(self, by: float) -> "Rect":
        """The rectangle with so much more on each side."""
        return Rect(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of a sheet's parts.

    `map` is inside the neat line; `facts` holds scale, north and coordinate system, `legend` the
    legend with the source below it, `stamp` the place for signature and seal. `size` is the size
    of common letters in points.
    """

    width: float
    height: float
    title: Rect
    map: Rect
    legend: Rect
    facts: Rect
    stamp: Rect
    foot: Rect
    size: float

    def ground(self, scale: int) -> tuple[float, float]:
        """How much ground the map shows at 1:scale, in metres (width, height)."""
        return self.map.width * scale / 1000, self.map.height * scale / 1000


def make_layout(paper: str, orientation: str) -> Layout:
    """Lay out a sheet: beside the map when landscape, below it when portrait."""
    width, height = _SIZES[paper]
    large = paper == "A3"
    foot_height = 4.0
    title_height = 17.0 if large else 14.0
    inner = width - 2 * _MARGIN
    if orientation == "landscape":
        width, height = height, width
        inner = width - 2 * _MARGIN
        side = 80.0 if large else 60.0
        facts_height = 21.0 if large else 19.0
        stamp_height = 46.0 if large else 38.0
        bottom = _MARGIN + foot_height
        outer = Rect(
            _MARGIN,
            bottom + facts_height,
            inner - side - 3,
            height - _MARGIN - title_height - bottom - facts_height,
        )
        legend_top = height - _MARGIN - title_height
        legend = Rect(
            outer.right + 3, bottom + stamp_height + 2, side, legend_top - bottom - stamp_height - 2
        )
        facts = Rect(_MARGIN, bottom, outer.width, facts_height - 2)
        stamp = Rect(legend.x, bottom, side, stamp_height)
    else:
        block = 84.0 if large else 70.0
        stamp_width = 80.0 if large else 60.0
        facts_height = 21.0 if large else 19.0
        bottom = _MARGIN + foot_height
        outer = Rect(
            _MARGIN, bottom + block, inner, height - _MARGIN - title_height - bottom - block
        )
        facts = Rect(_MARGIN, outer.y - facts_height, inner, facts_height - 2)
        below = facts.y - 2 - bottom
        legend = Rect(_MARGIN, bottom, inner - stamp_width - 3, below)
        stamp = Rect(legend.right + 3, bottom, stamp_width, below)
    return Layout(
        width=width,
        height=height,
        title=Rect(_MARGIN, height - _MARGIN - title_height, inner, title_height),
        map=outer.grown(-BAND),
        legend=legend,
        facts=facts,
        stamp=stamp,
        foot=Rect(_MARGIN, _MARGIN - 1, inner, foot_height),
        size=8.5 if large else 7.2,
    )


def best_scale(width: float, height: float, paper: Rect, most: int) -> int | None:
    """The largest round scale at which a piece of ground fits, with 2 % of air on each side.

    Args:
        width: Of the ground, metres.
        height: Of the ground, metres.
        paper: What it must fit into, mm.
        most: The greatest denominator allowed.

    Returns:
        The denominator, or None when it does not fit at 1:most.
    """
    need = 1000 * max(width / paper.width, height / paper.height) / 0.96
    return next((scale for scale in ROUND_SCALES if need <= scale <= most), None)


def scale_text(scale: int) -> str:
    """Write a scale as Vietnamese maps do: `1:10.000`."""
    return f"1:{scale:,}".replace(",", ".")
