"""Growing-area codes (mã số vùng trồng): the next of a province's series, or one typed in."""

import re
from dataclasses import dataclass
from datetime import date
from unicodedata import normalize

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from gis.errors import ConflictError, InvalidInputError
from gis.models import AdministrativeUnit, Application, CodeSeries, GrowingArea, GrowingAreaCode

# Seen on issued codes (DOMAIN 1.2); no official format was found, so it only warns.
_USUAL_CODE = re.compile(r"VN-[A-ZĐ]{2,4}(OR|PH)-\d{3,4}")
_LONGEST_CODE = 40


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A code just issued, and what is unusual about it."""

    code: GrowingAreaCode
    warnings: tuple[str, ...]


def preview_code(session: Session, commune_id: int | None) -> str | None:
    """Say which code the next issue would give; None where the province's letters are not known."""
    series = _series(session, commune_id, lock=False)
    return None if series is None else _next_free(session, series)[0]


def issue_code(
    session: Session,
    area: GrowingArea,
    market: str,
    *,
    issued_on: date,
    issued_by: str | None,
    typed: str | None = None,
) -> IssuedCode:
    """Issue a code for an area and a market; flushes, does not commit.

    Without `typed` it is the next of the province's series, whose row stays locked until the
    transaction ends, so no serial is given twice and none is lost by a rollback. A typed code is
    kept as it was issued elsewhere: an unusual form only warns.

    Raises:
        ConflictError: The code is taken, or the area has a code for that market.
        InvalidInputError: The typed code is empty or too long, or no series is known for the
            area's province.
    """
    held = session.scalar(
        select(GrowingAreaCode.code).where(
            GrowingAreaCode.growing_area_id == area.id,
            GrowingAreaCode.market == market,
            GrowingAreaCode.status != "revoked",
        )
    )
    if held is not None:
        raise ConflictError(f"The area has the code {held} for this market.", code=held)
    if typed is None or not typed.strip():
        series = _series(session, area.commune_id, lock=True)
        if series is None:
            raise InvalidInputError(
                "The letters of this province's codes are not known: type the code as issued.",
                errors=[{"pointer": "/code", "detail": "Type the code.", "rule": "no-series"}],
            )
        code, serial = _next_free(session, series)
        series.next_serial = serial + 1
    else:
        code = _clean_code(typed)
        # Locked, so that a series reaching this very serial waits and then passes over it.
        _series(session, area.commune_id, lock=True)
        if session.scalar(select(GrowingAreaCode.id).where(GrowingAreaCode.code == code)):
            raise ConflictError(f"The code {code} belongs to another growing area.", code=code)
    issued = GrowingAreaCode(
        growing_area_id=area.id,
        code=code,
        market=market,
        issued_on=issued_on,
        issued_by=issued_by,
    )
    session.add(issued)
    session.flush()
    return IssuedCode(issued, code_warnings(code))


def find_issued_code(session: Session, application: Application) -> str | None:
    """Find the newest code that an application led to; None until it did."""
    if application.growing_area_id is None:
        return None
    return session.scalar(
        select(GrowingAreaCode.code)
        .where(
            GrowingAreaCode.growing_area_id == application.growing_area_id,
            GrowingAreaCode.market == application.market,
        )
        .order_by(GrowingAreaCode.id.desc())
        .limit(1)
    )


def code_warnings(code: str) -> tuple[str, ...]:
    """Say what is unusual about a code's form; nothing here is refused (DOMAIN 1.2)."""
    if _USUAL_CODE.fullmatch(code):
        return ()
    return (f"{code} has not the usual form VN-LDOR-0001.",)


def _clean_code(typed: str) -> str:
    code = normalize("NFC", "".join(typed.split()))
    if len(code) > _LONGEST_CODE or not code.isprintable():
        raise InvalidInputError(
            f"A code has at most {_LONGEST_CODE} visible characters.",
            errors=[{"pointer": "/code", "detail": "Too long.", "rule": "code"}],
        )
    return code


def _series(session: Session, commune_id: int | None, *, lock: bool) -> CodeSeries | None:
    """The series of the commune's province; where the province is not known, the only one."""
    parent = aliased(AdministrativeUnit)
    province = session.scalar(
        select(parent.code)
        .join(AdministrativeUnit, AdministrativeUnit.parent_id == parent.id)
        .where(AdministrativeUnit.id == commune_id, parent.level == "province")
    )
    query = select(CodeSeries).where(CodeSeries.kind == "OR")
    if province is not None:
        query = query.where(CodeSeries.province_code == province)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalars(query.limit(2)).all()
    return found[0] if len(found) == 1 else None


def _next_free(session: Session, series: CodeSeries) -> tuple[str, int]:
    """The next code of a series that nobody typed before, and its serial."""
    serial = series.next_serial
    while True:
        code = f"VN-{series.letters}{series.kind}-{serial:04d}"
        if session.scalar(select(GrowingAreaCode.id).where(GrowingAreaCode.code == code)) is None:
            return code, serial
        serial += 1
