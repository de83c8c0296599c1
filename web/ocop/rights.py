"""Who may do what with OCOP dossiers."""

from datetime import datetime

from sqlalchemy.orm import Session

from gis.errors import ForbiddenError
from traceability.models import Dossier
from traceability.ocop.dossiers import DossierScope, find_dossier
from web.accounts import Caller, list_private_reads
from web.context import current_account
from web.models import PrivateRead

PEOPLE = ("producer", "officer", "administrator")
OFFICERS = ("officer", "administrator")
# What the log of readings calls a dossier.
_SUBJECT = "ocop-dossier"
# Of a filed dossier the province handles what the commune has passed on.
_WITH_PROVINCE = ("checked", "graded", "recognised")


def caller() -> Caller:
    """The account that asks; the route's roles see to it that there is one."""
    account = current_account()
    assert account is not None, "the roles of the route"
    return account


def scope() -> DossierScope:
    """Whose dossiers the caller may see."""
    account = caller()
    if is_province():
        return DossierScope()
    if account.has("officer"):
        return DossierScope(commune_code=account.commune_code)
    # Organisations are numbered from 1: an account without one sees nothing.
    return DossierScope(party_id=account.party_id or 0)


def is_officer() -> bool:
    """Whether the caller works for a commune or the province."""
    return caller().has(*OFFICERS)


def is_province() -> bool:
    """Whether the caller works for the province: its council grades and decides."""
    account = caller()
    return account.has("administrator") or (account.has("officer") and account.commune_code is None)


def demand_province() -> None:
    """Turn away who does not work for the province.

    Raises:
        ForbiddenError: Always for them.
    """
    if not is_province():
        raise ForbiddenError("The council's sheets and decisions are the province's.")


def seen_dossier(session: Session, dossier_id: int) -> Dossier:
    """Find a dossier that the caller may see.

    Raises:
        NotFoundError: There is none of this number.
        ForbiddenError: It is somebody else's.
    """
    return find_dossier(session, dossier_id, scope())


def may_read_private(dossier: Dossier) -> bool:
    """Whether the caller handles this dossier's personal fields: applicant, or who has it now."""
    return not is_province() or dossier.status in _WITH_PROVINCE


def log_private_read(session: Session, dossier: Dossier) -> None:
    """Log that the caller reads a dossier's personal fields."""
    session.add(PrivateRead(account_id=caller().id, subject=_SUBJECT, subject_id=dossier.id))
    session.flush()


def private_reads(session: Session, dossier: Dossier) -> list[tuple[str, datetime]]:
    """Who read a dossier's personal fields and when, for whoever may read them too."""
    return list_private_reads(session, _SUBJECT, dossier.id)
