"""Finding places by name or code, typed with or without accents (đ counts as d)."""

import unicodedata
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from sqlalchemy import text
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError
from gis.layer import View
from gis.selection import Box

_SEARCH = text(files("gis").joinpath("search.sql").read_text(encoding="utf-8"))
LONGEST = 100
_ALIKE = 7
# Marks people type for the one in D'Ran and Đưng K'Nớ, or leave out.
_APOSTROPHES = str.maketrans("", "", "'’‘`´ʼ")


@dataclass(frozen=True, slots=True)
class Found:
    """One place that fits.

    `title` is what to show; `kind` the level of a unit or the kind of a facility; `valid_from` the
    first day of a unit, `valid_to` the last day of one that is no more, `successors` the units it
    became part of; `box` degrees, lon/lat (EPSG:4326); `rank` 0 is best.
    """

    layer: str
    id: int
    title: str
    name: str | None
    code: str | None
    crop: str | None
    kind: str | None
    commune: str | None
    valid_from: date | None
    valid_to: date | None
    successors: tuple[str, ...]
    is_demo: bool
    box: Box
    rank: int


def fold(value: str) -> str:
    """Lower case without accents and apostrophes, as the database's `f_unaccent` folds letters."""
    plain = unicodedata.normalize("NFD", value.lower().replace("đ", "d"))
    return "".join(c for c in plain if not unicodedata.combining(c)).translate(_APOSTROPHES)


def search_places(
    session: Session,
    typed: str,
    *,
    view: View,
    day: date,
    limit: int = 10,
    only: str | None = None,
) -> list[Found]:
    """Find units of today and of former days, growing areas, codes, zones, facilities, parcels.

    A growing area is found by its crop and its holder, too.

    Args:
        session: Reads only.
        typed: What a person typed, 1 to 100 characters.
        view: With PUBLIC, a household's area is found by its code only, at a rounded place, and no
            parcel.
        day: Today: a unit whose last day lies before it is a former one.
        limit: At most so many.
        only: The one layer to look in.

    Raises:
        InvalidInputError: Nothing was typed, or too much.
    """
    wanted = " ".join(unicodedata.normalize("NFC", typed).lower().replace("\0", " ").split())
    folded = fold(wanted)
    if not folded.strip() or len(wanted) > LONGEST:
        raise InvalidInputError(f"q must have 1 to {LONGEST} characters.", parameter="q")
    escaped = folded.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows = session.execute(
        _SEARCH,
        {
            "wanted": wanted,
            "folded": folded,
            "pattern": f"%{escaped}%",
            "day": day,
            "exact": view is View.EXACT,
            "most": limit,
            "only": only,
        },
    )
    found = [
        Found(
            row.layer,
            row.id,
            row.title or row.code or f"{row.layer} {row.id}",
            row.name,
            row.code,
            row.crop,
            row.kind,
            row.commune,
            row.valid_from,
            row.valid_to,
            tuple(row.successors),
            row.is_demo,
            Box(row.west, row.south, row.east, row.north),
            row.rank,
        )
        for row in rows
    ]
    # Names that are merely alike help after a slip of the finger, and only then.
    return [place for place in found if place.rank < _ALIKE] or found
