"""What may be asked of a map sheet, read from JSON that a stranger wrote."""

import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gis.crs import VIETNAM
from gis.errors import InvalidInputError

PAPERS = ("A4", "A3")
# `auto` is whichever shows the ground larger.
ORIENTATIONS = ("auto", "portrait", "landscape")
LEAST_SCALE, GREATEST_SCALE = 500, 250_000
# What a sheet can draw, in drawing order; the first three where nothing is said.
SHEET_LAYERS = ("growing-areas", "high-tech-zones", "facilities", "parcels")
USUAL_LAYERS = SHEET_LAYERS[:3]
MAX_TITLE = 120
_MEMBERS = {
    "paper",
    "orientation",
    "scale",
    "commune",
    "province",
    "bbox",
    "center",
    "layers",
    "title",
}


@dataclass(frozen=True, slots=True)
class SheetRequest:
    """One wish: exactly one of `commune`, `province`, `bbox` and `center` is given.

    `scale` is the denominator, None for the largest round scale that fits; `bbox` (west, south,
    east, north) and `center` are degrees, EPSG:4326, lon/lat. A province becomes an index and a
    sheet for each of its communes.
    """

    paper: str = "A4"
    orientation: str = "auto"
    scale: int | None = None
    commune: str | None = None
    province: str | None = None
    bbox: tuple[float, float, float, float] | None = None
    center: tuple[float, float] | None = None
    layers: tuple[str, ...] = USUAL_LAYERS
    title: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Give what `read_request` reads."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def read_request(body: object) -> SheetRequest:
    """Read a wish.

    Raises:
        InvalidInputError: Naming the member that does not fit, as `parameter`.
    """
    if not isinstance(body, Mapping):
        raise InvalidInputError("A map sheet is asked for with a JSON object.")
    for name in body:
        if name not in _MEMBERS:
            raise _wrong(str(name)[:40], f"is not known here. Known: {', '.join(sorted(_MEMBERS))}")
    bbox, center = _box(body.get("bbox")), _center(body.get("center"))
    commune, province = _code(body, "commune"), _code(body, "province")
    given = [name for name in ("commune", "province", "bbox", "center") if body.get(name)]
    if len(given) != 1:
        raise _wrong(
            given[1] if given else "commune", "say exactly one of commune, province, bbox, center"
        )
    scale = _scale(body.get("scale"))
    if center is not None and scale is None:
        raise _wrong("scale", "is needed with center")
    return SheetRequest(
        paper=_one_of(body, "paper", PAPERS, "A4"),
        orientation=_one_of(body, "orientation", ORIENTATIONS, "auto"),
        scale=scale,
        commune=commune,
        province=province,
        bbox=bbox,
        center=center,
        layers=_layers(body.get("layers")),
        title=_title(body.get("title")),
    )


def _wrong(name: str, sentence: str) -> InvalidInputError:
    return InvalidInputError(f"{name}: {sentence}.", parameter=name)


def _one_of(body: Mapping[Any, Any], name: str, known: tuple[str, ...], usual: str) -> str:
    value = body.get(name) or usual
    if value not in known:
        raise _wrong(name, f"one of {', '.join(known)}")
    return str(value)


def _scale(value: object) -> int | None:
    if value is None or value == "":
        return None
    fits = isinstance(value, int) and not isinstance(value, bool)
    if not fits or not LEAST_SCALE <= value <= GREATEST_SCALE:  # type: ignore[operator]
        raise _wrong(
            "scale",
            f"the denominator of 1:n, a whole number from {LEAST_SCALE} to {GREATEST_SCALE}",
        )
    return value  # type: ignore[return-value]


def _code(body: Mapping[Any, Any], name: str) -> str | None:
    value = body.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > 20 or not value.isprintable():
        raise _wrong(name, "the code of a unit, as text")
    return value


def _numbers(name: str, value: object, count: int) -> list[float]:
    usable = isinstance(value, list | tuple) and len(value) == count
    if not usable or not all(
        # Neither NaN nor infinite, nor a whole number too long to be a float.
        isinstance(one, int | float) and not isinstance(one, bool) and abs(one) <= 360
        for one in value  # type: ignore[attr-defined]
    ):
        raise _wrong(name, f"{count} numbers in degrees, longitude first")
    return [float(one) for one in value]  # type: ignore[attr-defined]


def _box(value: object) -> tuple[float, float, float, float] | None:
    if value is None:
        return None
    west, south, east, north = _numbers("bbox", value, 4)
    if not (west < east and south < north):
        raise _wrong("bbox", "west,south,east,north with west below east and south below north")
    _check_place("bbox", west, south)
    _check_place("bbox", east, north)
    return west, south, east, north


def _center(value: object) -> tuple[float, float] | None:
    if value is None:
        return None
    longitude, latitude = _numbers("center", value, 2)
    _check_place("center", longitude, latitude)
    return longitude, latitude


def _check_place(name: str, longitude: float, latitude: float) -> None:
    west, south, east, north = VIETNAM
    if not (west <= longitude <= east and south <= latitude <= north):
        raise _wrong(
            name,
            f"longitude {west:g}..{east:g} and latitude {south:g}..{north:g}, longitude first:"
            " VN-2000 is for Vietnam",
        )


def _layers(value: object) -> tuple[str, ...]:
    if value is None:
        return USUAL_LAYERS
    if not isinstance(value, list | tuple) or not all(one in SHEET_LAYERS for one in value):
        raise _wrong("layers", f"a list of {', '.join(SHEET_LAYERS)}")
    return tuple(name for name in SHEET_LAYERS if name in value)


def _title(value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise _wrong("title", "a text")
    # What cannot be seen (line breaks, marks that turn the direction of writing) is no title.
    shown = "".join(
        sign if unicodedata.category(sign)[0] != "C" else " "
        for sign in unicodedata.normalize("NFC", value)
    )
    title = " ".join(shown.split())
    if len(title) > MAX_TITLE:
        raise _wrong("title", f"at most {MAX_TITLE} letters")
    return title or None
