"""The growing areas that a harvest names: by their codes, their GLNs, their addresses on this site.

The first that is known here of what an event says counts: the growing-area codes of its master
data, the place where it was read (the plot), the place where the things are from then on. Areas of
others than the producer are taken from nobody but the authority, so that no one borrows a good
name; an unknown place, or one that two areas share, is no mistake: the lot has no field from it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from gis.models import AdministrativeUnit, GrowingArea, GrowingAreaCode
from traceability.epcis.captor import Captor
from traceability.models import Product

_AREA = re.compile(r"/vung-trong/([^/]+)/?")
_GLN = re.compile(r"/414/([0-9]{13})(?:/254/(.*))?")


@dataclass(frozen=True, slots=True)
class Field:
    """A growing area by all its names: codes, GLN, number."""

    id: int
    party_id: int | None
    commune_code: str | None
    gln: str | None
    codes: frozenset[str]

    def is_called(self, name: str) -> bool:
        """Whether a code, or the number of the area, is its own."""
        return name in self.codes or name == str(self.id)


class Fields:
    """The areas that some events may mean, read once."""

    def __init__(self, session: Session, codes: Iterable[str], places: Iterable[str | None]):
        """Read the areas of codes, and of places by their canonical keys."""
        called, glns = set(codes), set()
        for place in filter(None, places):
            if (gln := _gln_of(place)) is not None:
                glns.add(gln[0])
            elif (code := _code_of(place)) is not None:
                called.add(code)
        self._fields = _read(session, called, glns)

    def of(
        self, codes: Sequence[str], places: Sequence[str | None], product: Product, by: Captor
    ) -> list[int]:
        """The areas of one harvest of a product, by their ids.

        Args:
            codes: Growing-area codes, as its master data name them.
            places: Canonical keys of where it happened; the nearest first.
            product: What was harvested.
            by: Who says so.
        """
        own = [field for field in self._fields if _may_name(field, product, by)]
        if found := [field.id for field in own if not field.codes.isdisjoint(codes)]:
            return found
        for place in filter(None, places):
            if (field := _only(_at(place, own))) is not None:
                return [field.id]
        return []


def _may_name(field: Field, product: Product, by: Captor) -> bool:
    if field.party_id is not None and field.party_id == product.producer_id:
        return True
    return by.rules_over(field.commune_code)


def _at(place: str, own: Sequence[Field]) -> list[Field]:
    if (code := _code_of(place)) is not None:
        return [field for field in own if field.is_called(code)]
    if (named := _gln_of(place)) is None:
        return []
    gln, plot = named
    found = [field for field in own if field.gln == gln]
    # One location number for several fields: the extension tells which.
    return [field for field in found if plot and field.is_called(plot)] or found


def _only(found: Sequence[Field]) -> Field | None:
    return found[0] if len(found) == 1 else None


def _gln_of(place: str) -> tuple[str, str | None] | None:
    matched = _GLN.fullmatch(place)
    return None if matched is None else (matched[1], matched[2] and unquote(matched[2]))


def _code_of(place: str) -> str | None:
    matched = _AREA.fullmatch(urlsplit(place).path)
    return None if matched is None else unquote(matched[1])


def _read(session: Session, called: set[str], glns: set[str]) -> list[Field]:
    if not called and not glns:
        return []
    numbers = [int(name) for name in called if re.fullmatch("[0-9]{1,18}", name, re.ASCII)]
    gln = GrowingArea.attributes["gln"].astext
    held = select(GrowingAreaCode.growing_area_id).where(
        GrowingAreaCode.code == func.any(sorted(called))
    )
    rows = session.execute(
        select(
            GrowingArea.id,
            GrowingArea.party_id,
            AdministrativeUnit.code,
            gln,
            select(func.array_agg(GrowingAreaCode.code))
            .where(GrowingAreaCode.growing_area_id == GrowingArea.id)
            .correlate(GrowingArea)
            .scalar_subquery(),
        )
        .outerjoin(AdministrativeUnit, AdministrativeUnit.id == GrowingArea.commune_id)
        .where(
            or_(
                GrowingArea.id == func.any(numbers),
                GrowingArea.id.in_(held),
                gln == func.any(sorted(glns)),
            )
        )
        .order_by(GrowingArea.id)
    )
    return [
        Field(area_id, party_id, commune, number, frozenset(found or ()))
        for area_id, party_id, commune, number, found in rows
    ]
