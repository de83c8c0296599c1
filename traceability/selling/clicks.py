"""How often buyers followed a listing from here: a number a day, and nothing about them."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gis.errors import NotFoundError
from traceability.linking.links import LISTED
from traceability.models import ClickDay, Listing


def follow_listing(session: Session, listing_id: int) -> str:
    """Return where a listing leads.

    Raises:
        NotFoundError: There is none, or it is dead or retired.
    """
    known = 0 < listing_id < 2**63
    url = (
        session.scalar(select(Listing.url).where(Listing.id == listing_id, LISTED))
        if known
        else None
    )
    if url is None:
        raise NotFoundError(f"There is no listing {listing_id} (any more).")
    return url


def count_click(session: Session, listing_id: int, day: date) -> None:
    """Count one click of a day in Vietnam; flushes."""
    row = insert(ClickDay).values(listing_id=listing_id, day=day, clicks=1)
    session.execute(
        row.on_conflict_do_update(
            index_elements=[ClickDay.listing_id, ClickDay.day],
            set_={"clicks": ClickDay.clicks + 1},
        )
    )


def count_clicks(session: Session, listing_ids: Sequence[int], *, since: date) -> dict[int, int]:
    """Add up the clicks of several listings from a day on."""
    rows = session.execute(
        select(ClickDay.listing_id, func.sum(ClickDay.clicks))
        .where(ClickDay.listing_id.in_(list(listing_ids)), ClickDay.day >= since)
        .group_by(ClickDay.listing_id)
    )
    return {number: int(clicks) for number, clicks in rows}
