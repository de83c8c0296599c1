"""Counting scans: in memory while the request runs, in the database a second later.

A scan must cost the buyer nothing, so `note_scan` adds one to a number and returns. A thread of the
process writes the numbers each second in one statement (`scans.record_scans`). A clean stop writes
what is left; while the database is away the numbers wait. A flush that may or may not have arrived
is sent again under its number, which the database takes once.

No address and no time of day is kept: the place is looked up while the request runs and only its
commune goes on.
"""

import atexit
import os
import threading
import time
import uuid
from datetime import UTC, date, datetime
from typing import cast

import structlog
from flask import Flask, current_app, request
from sqlalchemy import Engine
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from gis.calendar import local_day
from gis.settings import Settings
from traceability.scanning.geoip import Place, PlaceOf, open_places
from traceability.scanning.scans import Scanned, find_commune, record_scans
from web.codes.visitors import is_scan

log = structlog.get_logger()

FLUSH_S = 1.0
# With the database away: at least a quarter of an hour of 50 different codes a second, some 20 MB.
MOST_KEYS = 50_000
# `make run` gives a worker 10 s to leave, and requests that still run come first.
PATIENCE_S = 8.0
_LONGEST_WAIT_S = 5.0
_MOST_PLACES_KNOWN = 20_000

Key = tuple[date, int, int | None, str | None, Place | None]


class ScanCounter:
    """Counts scans of one process and writes them; all methods may be called by any thread."""

    def __init__(self, sessions: sessionmaker[Session], *, in_background: bool = True) -> None:
        """Make a counter; its thread starts with the first scan.

        Args:
            sessions: Where the transactions of the writing thread come from.
            in_background: False: only `flush` writes (tests share one connection).
        """
        self._sessions = sessions
        self._in_background = in_background
        self.lost = 0
        self._begin()
        # A child that a server forks counts its own scans; the parent's are the parent's.
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._lock, self._flushing = threading.Lock(), threading.Lock()
        self._stopping = threading.Event()
        self._counts: dict[Key, int] = {}
        self._pending: dict[Scanned, int] | None = None
        self._writer, self._number = uuid.uuid4(), 0
        self._communes: dict[Place, int | None] = {}
        self._thread: threading.Thread | None = None

    def note(
        self,
        product_id: int,
        lot_id: int | None = None,
        serial: str | None = None,
        place: Place | None = None,
    ) -> None:
        """Count one scan, now."""
        day = local_day(datetime.now(UTC))
        key: Key = (day, product_id, lot_id, serial, place)
        with self._lock:
            if key not in self._counts and len(self._counts) >= MOST_KEYS:
                # Many more codes than memory is meant for: the product's number is kept at least.
                key = (day, product_id, None, None, None)
                if key not in self._counts and len(self._counts) >= 2 * MOST_KEYS:
                    self.lost += 1
                    return
            self._counts[key] = self._counts.get(key, 0) + 1
            if self._thread is None and self._in_background:
                self._thread = threading.Thread(target=self._run, name="scans", daemon=True)
                self._thread.start()
                atexit.register(self.close)

    def flush(self) -> int:
        """Write what is counted; return the number of scans written.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: The database is away; nothing is lost, call again.
        """
        with self._flushing:
            if self._pending is None:
                with self._lock:
                    counts, self._counts = self._counts, {}
                if not counts:
                    return 0
                try:
                    self._pending = self._resolve(counts)
                except BaseException:
                    self._give_back(counts)
                    raise
                self._number += 1
            pending = self._pending
            try:
                with self._sessions.begin() as session:
                    written = record_scans(session, self._writer, self._number, pending)
            except (DataError, IntegrityError):
                # One count that the database cannot take must not hold up all others for ever.
                log.exception("scans refused", kinds=len(pending))
                self.lost += sum(pending.values())
                self._pending = None
                return 0
            self._pending = None
            return written

    def close(self, patience_s: float = PATIENCE_S) -> None:
        """Stop the thread and write what is left, trying for so many seconds."""
        self._stopping.set()
        deadline = time.monotonic() + patience_s
        if self._thread is not None:
            self._thread.join(patience_s)
        while True:
            try:
                while self.waiting:
                    self.flush()
            except Exception as error:
                if time.monotonic() >= deadline:
                    log.error("scans lost at the stop", scans=self.waiting, error=str(error))
                    return
                time.sleep(0.25)
            else:
                return

    @property
    def waiting(self) -> int:
        """Scans counted and not written yet."""
        with self._lock:
            return sum(self._counts.values()) + sum((self._pending or {}).values())

    def _run(self) -> None:
        wait, is_away = FLUSH_S, False
        while not self._stopping.wait(wait):
            try:
                self.flush()
            except Exception as error:
                if not is_away:
                    log.warning("scans wait for the database", error=str(error))
                wait, is_away = min(wait * 2, _LONGEST_WAIT_S), True
            else:
                wait, is_away = FLUSH_S, False

    def _resolve(self, counts: dict[Key, int]) -> dict[Scanned, int]:
        seen = {key[4] for key in counts if key[4] is not None}
        if len(self._communes) > _MOST_PLACES_KNOWN:
            self._communes.clear()
        if unknown := seen - self._communes.keys():
            with self._sessions.begin() as session:
                self._communes.update({one: find_commune(session, one) for one in unknown})
        resolved: dict[Scanned, int] = {}
        for (day, product_id, lot_id, serial, place), scans in counts.items():
            commune = None if place is None else self._communes[place]
            scanned = Scanned(day, product_id, lot_id, serial, commune)
            resolved[scanned] = resolved.get(scanned, 0) + scans
        return resolved

    def _give_back(self, counts: dict[Key, int]) -> None:
        with self._lock:
            for key, scans in counts.items():
                self._counts[key] = self._counts.get(key, 0) + scans


def install(app: Flask, settings: Settings, sessions: sessionmaker[Session]) -> None:
    """Give the application its counter, and the operator's file of places if there is one."""
    counter = ScanCounter(sessions, in_background=isinstance(sessions.kw["bind"], Engine))
    app.extensions["langbiang.scans"] = counter
    app.extensions["langbiang.place_of"] = open_places(settings.geoip)


def note_scan(product_id: int, lot_id: int | None, serial: str | None) -> None:
    """Count the scan that this request is; a bot, a preview or a prefetch is none. Never waits."""
    if request.method != "GET" or not is_scan(request.headers):
        return
    place_of = cast(PlaceOf, current_app.extensions["langbiang.place_of"])
    counter(current_app).note(product_id, lot_id, serial, place_of(request.remote_addr))


def counter(app: Flask) -> ScanCounter:
    """The counter of an application."""
    return cast(ScanCounter, app.extensions["langbiang.scans"])
