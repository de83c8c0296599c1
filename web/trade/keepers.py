"""Who records: the caller of this request as the recording functions know one."""

from uuid import UUID

from sqlalchemy.orm import Session

from gis.errors import ForbiddenError
from traceability.epcis.captor import Captor
from traceability.following.places import Place, list_areas, list_facilities
from traceability.recording.keeping import Keeper
from traceability.recording.worklists import commune_id_of
from web.context import current_account, public_url


def keeper(form: UUID | None = None) -> Keeper:
    """The caller, and the address that events carry.

    Raises:
        ForbiddenError: Nobody is signed in.
    """
    account = current_account()
    if account is None:
        raise ForbiddenError("Nobody is signed in.")
    # An administrator works for all communes, whatever else the account is.
    commune = None if account.has("administrator") else account.commune_code
    return Keeper(
        Captor(account.username, account.party_id, account.roles, commune),
        public_url(),
        commune,
        form,
    )


def own_areas(session: Session, by: Keeper) -> list[Place]:
    """The growing areas that the keeper may harvest."""
    if by.is_officer:
        return list_areas(session, None, commune_id_of(session, by.commune_code))
    return list_areas(session, by.captor.party_id or 0, None)


def own_facilities(session: Session, by: Keeper) -> list[Place]:
    """The workshops, stores and packing houses of the keeper's own."""
    if by.is_officer:
        return list_facilities(session, None, commune_id_of(session, by.commune_code))
    return list_facilities(session, by.captor.party_id or 0, None)


def chosen_place(session: Session, by: Keeper, value: str | None) -> Place | None:
    """The place that a form names by its path; None where none of the keeper's own is."""
    if not value:
        return None
    places = [*own_facilities(session, by), *own_areas(session, by)]
    return next((place for place in places if place.path == value), None)
