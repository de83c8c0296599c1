"""What the check of a listing found, and what follows: shown, hidden, asked again when.

Asking itself is the worker's work (`etl.link_checks`); here is what an answer means. An address is
dead when its marketplace said twice, hours apart, that it is gone (404, 410); whatever else goes
wrong says nothing of the product and hides nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from traceability.linking import links
from traceability.models import Listing, Marketplace, Product
from traceability.reporting import reports

GONE = (404, 410)
TIMES_GONE = 2
# Why there was no answer to judge by.
ERRORS = (
    "no-host",
    "private-address",
    "no-connection",
    "no-certificate",
    "timeout",
    "redirect-elsewhere",
    "too-many-redirects",
    "not-allowed",
    "bad-answer",
)
Standing = Literal["found", "unchecked", "failing", "dead", "retired"]

_FOUND_AGAIN_AFTER = timedelta(days=3)
_GONE_AGAIN_AFTER = timedelta(hours=6)
_DEAD_AGAIN_AFTER = timedelta(days=7)
_FIRST_RETRY = timedelta(hours=1)
_LAST_RETRY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address answered: a status, or why there was none; and how long it asks to wait."""

    http_status: int | None
    error: str | None = None
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class DueListing:
    """A listing whose time has come, with the hosts that it may lead to."""

    listing_id: int
    url: str
    hosts: tuple[str, ...]


def list_due(session: Session, now: datetime, *, limit: int) -> list[DueListing]:
    """List the listings to be checked now, the longest due first.

    Neither retired ones nor those of the demonstration, whose addresses are invented: marketplaces
    are not asked for what never was.
    """
    rows = session.execute(
        select(Listing.id, Listing.url, Marketplace.hosts)
        .join(Marketplace, Marketplace.id == Listing.marketplace_id)
        .where(
            Listing.retired_at.is_(None), Listing.is_demo.is_(False), Listing.next_check_at <= now
        )
        .order_by(Listing.next_check_at, Listing.id)
        .limit(limit)
    )
    return [DueListing(number, url, tuple(hosts)) for number, url, hosts in rows]


def record_check(session: Session, listing: Listing, answer: Answer, at: datetime) -> None:
    """Record what a listing's address answered, and hide or show it again; flushes.

    A listing that dies opens a case for the officer; it is never deleted.
    """
    session.refresh(listing, with_for_update=True)
    was_listed = listing.dead_since is None
    listing.last_checked_at, listing.http_status = at, answer.http_status
    listing.check_error = answer.error
    # An answer that an error speaks against is of another page.
    status = answer.http_status if answer.error is None else None
    if status is not None and 200 <= status < 300:
        listing.failures, listing.times_gone = 0, 0
        listing.dead_since, listing.last_found_at = None, at
    else:
        listing.failures += 1
        if status in GONE:
            listing.times_gone += 1
            if listing.times_gone >= TIMES_GONE and listing.dead_since is None:
                listing.dead_since = at
    listing.next_check_at = at + _wait(listing, answer)
    session.flush()
    if was_listed != (listing.dead_since is None):
        links.publish_product(session, session.get_one(Product, listing.product_id))
    if was_listed and listing.dead_since is not None:
        _report(session, listing)


def check_soon(session: Session, listing: Listing, now: datetime) -> None:
    """Put a listing at the head of what is checked next; flushes."""
    listing.next_check_at = now
    session.flush()


def standing(listing: Listing) -> Standing:
    """Say in a word what is known of a listing; `unchecked` is said honestly."""
    if listing.retired_at is not None:
        return "retired"
    if listing.dead_since is not None:
        return "dead"
    if listing.last_checked_at is None or listing.check_error == "not-allowed":
        return "unchecked"
    return "failing" if listing.failures else "found"


def _wait(listing: Listing, answer: Answer) -> timedelta:
    """How long to leave an address alone: longer after each failure, as long as it asks for."""
    if not listing.failures:
        return _FOUND_AGAIN_AFTER
    if listing.dead_since is not None:
        return _DEAD_AGAIN_AFTER
    if answer.http_status in GONE:
        return _GONE_AGAIN_AFTER
    doublings = min(listing.failures - 1, 10)
    wait = min(_FIRST_RETRY * (1 << doublings), _LAST_RETRY)
    return min(max(wait, answer.retry_after or wait), _LAST_RETRY)


def _report(session: Session, listing: Listing) -> None:
    reports.open_case(
        session,
        kind="dead-link",
        product_id=listing.product_id,
        facts={"url": listing.url, "http_status": listing.http_status, "listing": listing.id},
    )
