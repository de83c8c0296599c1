"""Whose rows a load may write: an officer of one commune brings in that commune's rows only."""

from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from etl.report import Reject
from etl.sql import load_sql
from etl.staging import OWNER, REJECT, STATE
from etl.targets import Target
from gis.errors import ForbiddenError, InvalidInputError
from gis.models.administrative import AdministrativeUnit

REASON = "outside your commune"


def check_scope(target: Target, commune: str | None) -> None:
    """Refuse a layer that belongs to no commune.

    Raises:
        ForbiddenError: For somebody of one commune.
    """
    if commune is not None and not target.checks_communes:
        raise ForbiddenError(f"{target.layer} are brought in by the province, not by a commune.")


def reject_foreign(session: Session, target: Target, commune: str) -> list[Reject]:
    """Refuse the staged rows that somebody of a commune may not write, and leave only the others.

    A row is that commune's when its middle lies there, it says no other commune, and the stored
    row it would change, if any, belongs to it.

    Args:
        session: The load's transaction; places and states are known.
        target: The layer.
        commune: Code of the commune, of today.

    Raises:
        InvalidInputError: There is no such commune today.
    """
    number = session.scalar(
        select(AdministrativeUnit.id).where(
            AdministrativeUnit.code == commune,
            AdministrativeUnit.level == "commune",
            AdministrativeUnit.valid_to.is_(None),
        )
    )
    if number is None:
        raise InvalidInputError(f"There is no commune {commune} today.")
    if "commune_id" in target.table.c:
        stored = select(STATE.c.row_no, target.table.c.commune_id).join(
            target.table, target.table.c.id == STATE.c.id
        )
        session.execute(insert(OWNER).from_select(["row_no", "commune_id"], stored))
    session.execute(text(load_sql("reject_foreign.sql")), {"commune_id": number})
    found = session.execute(
        select(REJECT.c.row_no, REJECT.c.reason, REJECT.c.detail)
        .where(REJECT.c.reason == REASON)
        .order_by(REJECT.c.row_no)
    )
    rejects = [Reject(*row) for row in found]
    if rejects:
        session.execute(text(load_sql("delete_rejected.sql")))
        session.execute(delete(STATE).where(STATE.c.row_no.in_(select(REJECT.c.row_no))))
    return rejects
