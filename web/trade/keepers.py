"""Who records: the caller of this request as the recording functions know one."""

from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from gis.errors import ForbiddenError
from traceability.epcis.captor import Captor
from traceability.following.places import Place, list_areas, list_facilities
from traceability.recording.keeping import Keeper
from traceability.recording.worklists import commune_id_of
from web.context import current_account, public_url
from web.trade.entries import Entry


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


def chosen_place(session: Session, by: Keeper, entry: Entry, name: str = "place") -> Place | None:
    """The place that a form names by its path; a mistake where it is none of the keeper's own."""
    if not entry[name]:
        return None
    places = [*own_facilities(session, by), *own_areas(session, by)]
    found = next((place for place in places if place.path == entry[name]), None)
    if found is None:
        entry.fail(name, "unknown")
    return found


def keep_no_copy(response: Response) -> Response:
    """Going back shows a new form, not the one that was sent; no cache between keeps the page."""
    response.headers.setdefault("Cache-Control", "private, no-store")
    return response
