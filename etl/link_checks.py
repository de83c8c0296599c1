"""The periodic check of listings: who is due is asked, one host at a time and not too often.

A run works for some seconds only, so that it holds up nothing else in the queue; what is left is
due at the next one. What an answer means is `traceability.selling.listing_checks`.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from sqlalchemy.orm import Session, sessionmaker

from etl.fetching import Fetcher, NoAnswerError, Reply
from etl.robots import ALL_FORBIDDEN, MOST_BYTES, NOTHING_FORBIDDEN, Robots, read_robots
from traceability.models import Listing
from traceability.selling.listing_checks import Answer, DueListing, list_due, record_check

log = logging.getLogger(__name__)

CHECK_LISTINGS = "etl.check_listings"
AGENT = "LangBiangLinkCheck"
_AT_ONCE = 100
_RUN_S = 15.0
_BETWEEN_S = 5.0
_LONGEST_DELAY_S = 60.0
# A host that has enough (429) is left alone as a whole.
_ENOUGH_S = 15 * 60.0
_LONGEST_ENOUGH_S = 24 * 3600.0
_ROBOTS_KEPT_S = 24 * 3600.0
_PAGE_BYTES = 16 * 1024
# What sites answer to HEAD although GET would be answered otherwise.
_HEAD_UNKNOWN = frozenset((400, 401, 403, 404, 405, 406, 410, 500, 501, 502, 503, 504))


def user_agent(public_url: str | None) -> str:
    """How the check presents itself: its name, and where to find who runs it."""
    place = f" (+{public_url})" if public_url else ""
    return f"{AGENT}/1.0{place}"


@dataclass
class LinkChecker:
    """Checks what is due; remembers between runs when each host was asked, and its robots.txt."""

    sessions: sessionmaker[Session]
    fetcher: Fetcher
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    between_s: float = _BETWEEN_S
    run_s: float = _RUN_S
    _free_at: dict[str, float] = field(default_factory=dict)
    _robots: dict[str, tuple[float, Robots]] = field(default_factory=dict)

    def run(self, now: datetime | None = None) -> int:
        """Check listings that are due, for some seconds.

        Args:
            now: What is due then; the present when absent.

        Returns:
            How many were checked.
        """
        until = self.clock() + self.run_s
        with self.sessions.begin() as session:
            waiting = list_due(session, now or datetime.now(UTC), limit=_AT_ONCE)
        checked = 0
        while waiting:
            # Whoever's host may be asked soonest.
            due = min(waiting, key=lambda each: self._free_at.get(_host(each.url), 0.0))
            if max(self._free_at.get(_host(due.url), 0.0), self.clock()) >= until:
                break
            waiting.remove(due)
            answer = self.ask(due)
            self._record(due, answer, now or datetime.now(UTC))
            checked += 1
        log.info("%s listings checked, %s left for later", checked, len(waiting))
        return checked

    def ask(self, due: DueListing) -> Answer:
        """Ask one address, if its host lets programs do so."""
        try:
            if not self._may(due.url, due):
                return Answer(None, "not-allowed")
            reply = self._fetch(due.url, due, "HEAD", 0)
            if reply.status in _HEAD_UNKNOWN and not reply.retry_after:
                reply = self._fetch(due.url, due, "GET", _PAGE_BYTES)
        except NoAnswerError as error:
            return Answer(error.status, error.reason)
        if reply.status == 429:
            asked = reply.retry_after.total_seconds() if reply.retry_after else _ENOUGH_S
            self._free_at[_host(reply.url)] = self.clock() + min(
                max(asked, self.between_s), _LONGEST_ENOUGH_S
            )
        if urlsplit(reply.url).path in ("", "/"):
            # Many shops lead from a product that is gone to their front page.
            return Answer(reply.status, "redirect-elsewhere", reply.retry_after)
        return Answer(reply.status, None, reply.retry_after)

    def _may(self, url: str, due: DueListing) -> bool:
        return self._robots_of(_host(url), due).allows(url)

    def _robots_of(self, host: str, due: DueListing) -> Robots:
        """The rules of a host; RFC 9309 section 2.3.1: none where there are none (4xx).

        A host that cannot say so now (5xx) is left alone.
        """
        known = self._robots.get(host)
        if known is not None and known[0] > self.clock():
            return known[1]
        place = f"https://{host}/robots.txt"
        try:
            reply = self.fetcher.fetch(place, due.hosts, method="GET", most_bytes=MOST_BYTES)
            if 200 <= reply.status < 300:
                robots = read_robots(reply.body.decode("utf-8", "replace"), AGENT)
            else:
                robots = NOTHING_FORBIDDEN if 400 <= reply.status < 500 else ALL_FORBIDDEN
            kept = _ROBOTS_KEPT_S if reply.status < 500 else self.run_s
            self._robots[host] = self.clock() + kept, robots
        finally:
            self._leave_alone(host)
        return robots

    def _fetch(self, url: str, due: DueListing, method: str, most_bytes: int) -> Reply:
        host = _host(url)
        wait = self._free_at.get(host, 0.0) - self.clock()
        if wait > 0:
            self.pause(wait)
        try:
            return self.fetcher.fetch(
                url,
                due.hosts,
                method=method,
                most_bytes=most_bytes,
                may=lambda target: self._may(target, due),
            )
        finally:
            self._leave_alone(host)

    def _leave_alone(self, host: str) -> None:
        """A host is asked again after the time it asks for, and never at once."""
        robots = self._robots.get(host)
        asked = robots[1].delay_s if robots else None
        delay = min(max(asked or 0.0, self.between_s), _LONGEST_DELAY_S)
        self._free_at[host] = self.clock() + delay

    def _record(self, due: DueListing, answer: Answer, at: datetime) -> None:
        with self.sessions.begin() as session:
            listing = session.get(Listing, due.listing_id)
            # Changed or taken down meanwhile: the answer is another address's.
            if listing is not None and listing.url == due.url and listing.retired_at is None:
                record_check(session, listing, answer, at)


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()
