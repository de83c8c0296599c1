"""Files that people add to a record: kept as bytes, looked at by the worker, then served.

A file waits under the files folder and its job stands in the queue in the same transaction. Nothing
here opens it: what it is, the worker says (`etl.attachments`). Names given by people never become
names on the disk.
"""

import hashlib
import secrets
import shutil
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from etl.deferring import defer
from etl.models import Attachment
from gis.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError

CHECK_ATTACHMENT = "etl.check_attachment"
Purpose = Literal["product-photo", "evidence", "report-photo"]
FOLDER = "attachments"
ORIGINAL = "original"
MEGABYTE = 1024 * 1024
# Below what one request may send (16 MB): a photo of a phone, a scanned contract of some pages.
MAX_BYTES: dict[str, int] = {
    "product-photo": 12 * MEGABYTE,
    "evidence": 15 * MEGABYTE,
    "report-photo": 12 * MEGABYTE,
}
# The variants of a picture and what they are called on the web, the smallest first.
VARIANTS = {"avif": "image/avif", "webp": "image/webp", "jpeg": "image/jpeg"}
# What the worker knows, and the ending of a file of it.
SUFFIXES = {
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/avif": ".avif",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}
# Why a file is refused; pages have a sentence for each.
REASONS = (
    "unknown-kind",
    "heic",
    "damaged",
    "too-many-pixels",
    "too-small",
    "encrypted",
    "active-content",
    "too-large-inside",
    "not-checked",
)
# How many files of one sender may wait; strangers are one sender.
_MOST_WAITING = 60
_MOST_OF_STRANGERS = 500
STRANGERS = "public"
_LONGEST_NAME = 120


@dataclass(frozen=True)
class Limits:
    """What may be sent for a purpose: bytes, and the kinds a form offers (`accept`)."""

    bytes: int
    accept: str


def limits(purpose: Purpose) -> Limits:
    """Say what may be sent for a purpose."""
    pictures = "image/jpeg,image/png,image/webp,image/avif"
    papers = ",application/pdf,.pdf,.docx,.xlsx" if purpose == "evidence" else ""
    return Limits(MAX_BYTES[purpose], pictures + papers)


def keep_attachment(
    session: Session,
    stream: IO[bytes],
    *,
    folder: Path,
    purpose: Purpose,
    file_name: str,
    created_by: str,
) -> Attachment:
    """Keep what somebody sent and ask the worker to look at it; flushes.

    Args:
        session: The open transaction: row and job exist only when it commits. A file whose
            transaction failed is swept by the worker.
        stream: The bytes, read once and not beyond the limit.
        folder: The files folder.
        purpose: What it is for; decides kinds, size and what is made of it.
        file_name: As its sender calls it; kept for people only.
        created_by: Who sent it; strangers are all `public`.

    Raises:
        InvalidInputError: It is empty or too big (`rule`: `empty`, `too-big`).
        ConflictError: Too many files of the sender wait already.
        UnavailableError: The disk is full or cannot be written.
    """
    waiting = session.scalar(
        select(func.count()).where(
            Attachment.created_by == created_by, Attachment.state == "waiting"
        )
    )
    most = _MOST_OF_STRANGERS if created_by == STRANGERS else _MOST_WAITING
    if (waiting or 0) >= most:
        raise ConflictError("Too many files are waiting to be looked at: come back in a minute.")
    token = secrets.token_hex(16)
    place = folder / FOLDER / token
    try:
        size, digest = _copy(stream, place, MAX_BYTES[purpose])
    except InvalidInputError:
        shutil.rmtree(place, ignore_errors=True)
        raise
    except OSError as error:
        shutil.rmtree(place, ignore_errors=True)
        raise UnavailableError(f"The file cannot be kept: {error.strerror or error}.") from error
    attachment = Attachment(
        token=token,
        purpose=purpose,
        file_name=_shown_name(file_name),
        bytes=size,
        sha256=digest,
        state="waiting",
        tries=0,
        variants={},
        created_by=created_by,
    )
    session.add(attachment)
    session.flush()
    defer(session, CHECK_ATTACHMENT, {"attachment_id": attachment.id})
    return attachment


def get_attachment(session: Session, attachment_id: int) -> Attachment:
    """Find an attachment that was not removed.

    Raises:
        NotFoundError: There is none of this number.
    """
    found = session.get(Attachment, attachment_id)
    if found is None or found.state == "removed":
        raise NotFoundError(f"There is no file {attachment_id}.")
    return found


def list_attachments(session: Session, ids: Iterable[int]) -> dict[int, Attachment]:
    """Find several attachments at once, by number; removed ones are left out."""
    found = session.scalars(
        select(Attachment).where(Attachment.id.in_(list(ids)), Attachment.state != "removed")
    )
    return {attachment.id: attachment for attachment in found}


def remove_attachment(session: Session, attachment_id: int) -> None:
    """Say that a file is no longer wanted; flushes. The worker removes its bytes later."""
    found = session.get(Attachment, attachment_id, with_for_update=True)
    if found is not None:
        found.state, found.reason = "removed", None
        session.flush()


def attachment_folder(folder: Path, attachment: Attachment) -> Path:
    """Where the files of an attachment lie, under the files folder."""
    return folder / FOLDER / attachment.token


def attachment_file(folder: Path, attachment: Attachment, variant: str | None = None) -> Path:
    """Where the bytes of a ready attachment lie, for whoever serves them.

    Args:
        folder: The files folder.
        attachment: One that is `ready`.
        variant: Of a product's picture: `avif`, `webp`, `jpeg`; None: the one file there is (of a
            product's picture, its JPEG).

    Raises:
        NotFoundError: It is not ready (any more), or has no such variant.
    """
    if attachment.state != "ready":
        raise NotFoundError(f"File {attachment.id} is {attachment.state}.", state=attachment.state)
    if variant is None and attachment.purpose != "product-photo":
        suffix = SUFFIXES[str(attachment.media_type)]
        return attachment_folder(folder, attachment) / f"file{suffix}"
    name = variant or "jpeg"
    if name not in attachment.variants:
        raise NotFoundError(f"File {attachment.id} has no variant {name!r}.")
    return attachment_folder(folder, attachment) / f"photo.{name}"


def download_name(attachment: Attachment) -> str:
    """What a ready file is called when it is saved: its sender's name, with the true ending."""
    stem = attachment.file_name.rpartition(".")[0] or attachment.file_name
    return stem + SUFFIXES[str(attachment.media_type)]


def _shown_name(sent: str) -> str:
    """A file's name as its sender knows it: no folder, nothing unseen that turns or breaks it."""
    bare = unicodedata.normalize("NFC", PurePosixPath(sent.replace("\\", "/")).name)
    seen = "".join(" " if each.isspace() else each for each in bare)
    kept = "".join(each for each in seen if unicodedata.category(each)[0] != "C")
    stem, dot, suffix = " ".join(kept.split()).strip(". ").rpartition(".")
    return f"{stem[:_LONGEST_NAME]}.{suffix[:12]}" if dot else suffix[:_LONGEST_NAME] or "tep"


def _copy(stream: IO[bytes], place: Path, limit: int) -> tuple[int, str]:
    digest = hashlib.sha256()
    size = 0
    place.mkdir(parents=True)
    with (place / ORIGINAL).open("wb") as out:
        while block := stream.read(256 * 1024):
            size += len(block)
            if size > limit:
                raise InvalidInputError(
                    f"The file has more than {limit // MEGABYTE} MB: send a smaller one.",
                    rule="too-big",
                    most_bytes=limit,
                )
            digest.update(block)
            out.write(block)
    if not size:
        raise InvalidInputError("The file is empty (0 bytes).", rule="empty")
    return size, digest.hexdigest()
