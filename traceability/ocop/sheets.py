"""Sheets of scores in the database: the producer's own, each council member's, the result."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.errors import ConflictError, InvalidInputError, StaleVersionError
from traceability.models import Assessment, Dossier
from traceability.ocop.dossiers import EDITABLE, add_step, lock_dossier, set_graded
from traceability.ocop.grading import Grade, average, check_scores, grade, shown
from traceability.ocop.rubric import CURRENT_RUBRIC, RubricSet, rubric_set

# The producer's own sheet has one author, whoever fills it in.
OWN = "producer"


@dataclass(frozen=True, slots=True)
class CouncilResult:
    """What the members' sheets give together; `grade` is None without any."""

    sheets: Sequence[Assessment]
    grade: Grade | None


def rubric_of(dossier: Dossier) -> RubricSet:
    """The set that a dossier is graded by.

    Raises:
        ConflictError: It belongs to an older rubric, whose criteria are not kept here.
    """
    if dossier.rubric_version != CURRENT_RUBRIC:
        raise ConflictError(f"The criteria of {dossier.rubric_version} are not kept here.")
    return rubric_set(dossier.ocop_set)


def find_sheet(session: Session, dossier_id: int, kind: str, member: str) -> Assessment | None:
    """Return somebody's sheet, if there is one."""
    return session.scalar(
        select(Assessment).where(
            Assessment.dossier_id == dossier_id,
            Assessment.kind == kind,
            Assessment.member == member,
        )
    )


def save_own_sheet(
    session: Session,
    dossier_id: int,
    scores: Mapping[str, int],
    *,
    by: str,
    version: int | None = None,
) -> Assessment:
    """Keep the producer's own scores while the dossier can be changed; flushes.

    Args:
        session: The transaction.
        dossier_id: A draft, or one that was returned.
        scores: Points by criterion; what is left out counts 0.
        by: The account that enters them: the producer's, or the commune's for it.
        version: The version of the sheet that was on the screen, 0 for a new one; None: whatever
            is there is replaced.

    Raises:
        InvalidInputError: Scores that the rubric does not give.
        ConflictError: It is filed.
        StaleVersionError: Somebody changed the sheet meanwhile.
    """
    dossier = lock_dossier(session, dossier_id, EDITABLE)
    return _save(session, dossier, "self", OWN, scores, (), by, version)


def save_member_sheet(
    session: Session,
    dossier_id: int,
    member: str,
    scores: Mapping[str, int],
    *,
    by: str,
    stops: Sequence[str] = (),
    version: int | None = None,
) -> Assessment:
    """Keep a council member's scores until the council closes; flushes.

    Args:
        session: The transaction.
        dossier_id: A dossier that the commune has checked.
        member: The member's name, as in the council's list; another case or Unicode form of it is
            the same member.
        scores: Points by criterion; what is left out counts 0.
        by: The account that enters them: the member's, or the secretary's for a paper sheet.
        stops: What disqualifies the product in the member's eyes.
        version: The version of the sheet that was on the screen; None for a new one.

    Raises:
        InvalidInputError: No member, or scores that the rubric does not give.
        ConflictError: The commune has not checked it, or the council has closed.
        StaleVersionError: Somebody changed the sheet meanwhile.
    """
    name = _plain_name(member)
    if not name or len(name) > 100:
        raise InvalidInputError(
            "Name the member.", errors=[{"pointer": "/member", "rule": "missing"}]
        )
    dossier = lock_dossier(session, dossier_id, ("checked",))
    held = council_sheets(session, dossier_id)
    name = next((sheet.member for sheet in held if _same_name(sheet.member, name)), name)
    return _save(session, dossier, "council", name, scores, stops, by, version or 0)


def remove_member_sheet(session: Session, dossier_id: int, sheet_id: int, *, by: str) -> None:
    """Take a member's sheet out before the council closes; flushes.

    Raises:
        ConflictError: The council has closed, or there is no such sheet.
    """
    dossier = lock_dossier(session, dossier_id, ("checked",))
    sheet = session.get(Assessment, sheet_id) if sheet_id < 2**63 else None
    if sheet is None or sheet.dossier_id != dossier_id or sheet.kind != "council":
        raise ConflictError("There is no such sheet (any more).")
    session.delete(sheet)
    # Who is told of the step need not know whose sheet it was.
    add_step(session, dossier, "sheet-removed", by)


def own_grade(session: Session, dossier: Dossier) -> Grade | None:
    """Grade the producer's own sheet, if there is one."""
    sheet = find_sheet(session, dossier.id, "self", OWN)
    return grade(rubric_of(dossier), sheet.scores) if sheet is not None else None


def council_sheets(session: Session, dossier_id: int) -> Sequence[Assessment]:
    """List the members' sheets by name."""
    query = select(Assessment).where(
        Assessment.dossier_id == dossier_id, Assessment.kind == "council"
    )
    return session.scalars(query.order_by(Assessment.member)).all()


def council_result(
    session: Session, dossier: Dossier, stops: Sequence[str] | None = None
) -> CouncilResult:
    """Average the council's sheets.

    Args:
        session: Reads only.
        dossier: The dossier.
        stops: What disqualifies; None = what the dossier already says.
    """
    sheets = council_sheets(session, dossier.id)
    if not sheets:
        return CouncilResult((), None)
    grounds = dossier.stops if stops is None else stops
    found = grade(rubric_of(dossier), average([each.scores for each in sheets]), grounds)
    return CouncilResult(sheets, found)


def close_council(
    session: Session,
    dossier_id: int,
    *,
    by: str,
    stops: Sequence[str] = (),
    now: datetime | None = None,
) -> Grade:
    """Close the council: the members' average becomes the dossier's total and stars; flushes.

    Raises:
        InvalidInputError: Nobody has scored, or a ground that the set does not know.
        ConflictError: The commune has not checked it, or the council has closed.
    """
    dossier = lock_dossier(session, dossier_id, ("checked",))
    found = council_result(session, dossier, stops).grade
    if found is None:
        raise InvalidInputError("No member of the council has scored yet.", rule="no-sheets")
    dossier.total, dossier.stars, dossier.stops = shown(found.total), found.stars, list(stops)
    set_graded(session, dossier, by=by, now=now)
    return found


def _save(
    session: Session,
    dossier: Dossier,
    kind: str,
    member: str,
    scores: Mapping[str, int],
    stops: Sequence[str],
    by: str,
    version: int | None,
) -> Assessment:
    rubric = rubric_of(dossier)
    checked = check_scores(rubric, scores)
    grade(rubric, checked, stops)
    sheet = find_sheet(session, dossier.id, kind, member)
    if sheet is None:
        sheet = Assessment(dossier_id=dossier.id, kind=kind, member=member, version=0)
        session.add(sheet)
    elif version is not None and version != sheet.version:
        raise StaleVersionError(
            f"The sheet of {member} was changed meanwhile by {sheet.entered_by}.",
            version=sheet.version,
            sheet=sheet.id,
        )
    sheet.scores, sheet.stops, sheet.entered_by = checked, list(stops), by
    sheet.version += 1
    sheet.updated_at = datetime.now(UTC)
    session.flush()
    return sheet


def _plain_name(text: str) -> str:
    """A name in one spelling: composed letters (NFC), single blanks, no sign that is not seen."""
    seen = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(each for each in seen if unicodedata.category(each)[0] != "C")


def _same_name(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
