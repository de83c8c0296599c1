"""The worker's look at files that people added: recognised by content, made anew, or refused.

A task may run twice: it begins again from what was sent, which lies there until the outcome is
written. A file over which the worker died three times is refused.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from etl.attachment_requests import FOLDER, ORIGINAL, SUFFIXES, VARIANTS, attachment_folder
from etl.models import Attachment
from etl.papers import RefusedPaperError, recognise_paper
from etl.pictures import RefusedPictureError, plain_picture, product_photo
from traceability.selling import photos

_TRIES = 3
# Enough to read a number on a label in a photo, and the small print of a scanned page.
_REPORT_SIDE = 1600
_EVIDENCE_SIDE = 2600
# What a request that failed left behind; younger files may yet get their row.
_ORPHAN = timedelta(hours=6)
# The queue has forgotten a file that waits so long.
_STALE = timedelta(days=2)


@dataclass(frozen=True)
class _Outcome:
    """What a file turned out to be: what is to be kept of it by name, or why it is refused."""

    media_type: str | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    as_sent: str | None = None
    width: int | None = None
    height: int | None = None
    variants: dict[str, dict[str, int]] = field(default_factory=dict)
    reason: str | None = None


def run_check(sessions: sessionmaker[Session], folder: Path, attachment_id: int) -> None:
    """Look at a waiting file and write down what came of it; does nothing when that is known.

    Args:
        sessions: Where the transactions come from.
        folder: The files folder.
        attachment_id: The attachment.
    """
    with sessions.begin() as session:
        found = session.get(Attachment, attachment_id, with_for_update=True)
        if found is None or found.state != "waiting":
            return
        found.tries += 1
        tries, purpose, place = found.tries, found.purpose, attachment_folder(folder, found)
    outcome = _Outcome(reason="not-checked")
    original = place / ORIGINAL
    if tries <= _TRIES and original.is_file():
        outcome = _look(original, purpose)
        _keep(place, outcome)
    with sessions.begin() as session:
        found = session.get(Attachment, attachment_id, with_for_update=True)
        if found is None or found.state != "waiting":
            return
        found.state = "refused" if outcome.reason else "ready"
        found.reason, found.media_type = outcome.reason, outcome.media_type
        found.width, found.height = outcome.width, outcome.height
        found.variants = outcome.variants
        found.checked_at = datetime.now(UTC)
        if purpose == "product-photo":
            for replaced in photos.settle_photo(
                session,
                attachment_id,
                refused=outcome.reason,
                width=outcome.width,
                height=outcome.height,
            ):
                _forget(session, replaced)
    # Only now: had the worker died before, the next one needs it.
    original.unlink(missing_ok=True)


def clean_attachments(sessions: sessionmaker[Session], folder: Path, now: datetime) -> None:
    """Remove the bytes of removed and refused files, of lost ones, and of failed requests."""
    with sessions.begin() as session:
        lost = session.scalars(
            select(Attachment)
            .where(Attachment.state == "waiting", Attachment.created_at < now - _STALE)
            .with_for_update(skip_locked=True)
        )
        for attachment in lost:
            attachment.state, attachment.reason = "refused", "not-checked"
            attachment.checked_at = now
            if attachment.purpose == "product-photo":
                photos.settle_photo(session, attachment.id, refused="not-checked")
    places = {place.name: place for place in _folders(folder)}
    with sessions.begin() as session:
        states = {
            row[0]: row[1]
            for row in session.execute(
                select(Attachment.token, Attachment.state).where(Attachment.token.in_(places))
            )
        }
    for token, place in places.items():
        state = states.get(token)
        age = now - datetime.fromtimestamp(place.stat().st_mtime, UTC)
        # What somebody took away goes at once; a request without a row may still be under way.
        if state in ("removed", "refused") or (state is None and age > _ORPHAN):
            shutil.rmtree(place, ignore_errors=True)


def _look(original: Path, purpose: str) -> _Outcome:
    try:
        if purpose == "product-photo":
            photo = product_photo(original)
            return _Outcome(
                "image/jpeg",
                {f"photo.{name}": data for name, data in photo.files.items()},
                width=photo.width,
                height=photo.height,
                variants={name: {"bytes": len(photo.files[name])} for name in VARIANTS},
            )
        if purpose == "evidence" and (kind := recognise_paper(original)):
            return _Outcome(kind, as_sent=f"file{SUFFIXES[kind]}")
        side = _EVIDENCE_SIDE if purpose == "evidence" else _REPORT_SIDE
        picture, kind = plain_picture(original, longest=side)
        [data] = picture.files.values()
        name = f"file{SUFFIXES[kind]}"
        return _Outcome(kind, {name: data}, width=picture.width, height=picture.height)
    except (RefusedPictureError, RefusedPaperError) as refused:
        return _Outcome(reason=refused.reason)


def _keep(place: Path, outcome: _Outcome) -> None:
    """Write what is kept; each file appears whole."""
    for name, data in outcome.files.items():
        part = place / f"{name}.part"
        part.write_bytes(data)
        part.replace(place / name)
    if outcome.as_sent:
        part = place / f"{outcome.as_sent}.part"
        shutil.copyfile(place / ORIGINAL, part)
        part.replace(place / outcome.as_sent)


def _forget(session: Session, attachment_id: int) -> None:
    replaced = session.get(Attachment, attachment_id, with_for_update=True)
    if replaced is not None:
        replaced.state, replaced.reason = "removed", None


def _folders(folder: Path) -> Iterator[Path]:
    return (place for place in (folder / FOLDER).glob("*") if place.is_dir())
