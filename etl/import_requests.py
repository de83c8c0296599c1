"""Bringing in a file through the site: what a person asks for, in the request's transaction.

A file waits, is read as a dry run (`reading`), shown (`ready`), and when somebody says so loaded.
Each step is a run and a job of the queue made in the same transaction, so there is never the one
without the other; a step that is asked for twice is done once.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from etl.deferring import defer
from etl.encodings import check_encoding
from etl.models import ImportFile, Reject, Run
from etl.options import PLACE_NAMES, LoadOptions
from etl.targets import get_target
from etl.uploads import Upload
from gis.crs import parse_crs
from gis.errors import ConflictError, InvalidInputError, NotFoundError

PREVIEW_IMPORT = "etl.preview_import"
LOAD_IMPORT = "etl.load_import"
# A file nobody accepted is forgotten after so many days.
KEPT_DAYS = 7
# Layers that can be brought in through the site; units only by the province.
IMPORTABLE = (
    *("growing-areas", "parcels", "facilities", "high-tech-zones", "tracks"),
    "administrative-units",
)


@dataclass(frozen=True)
class ImportOptions:
    """What a person says of a file; what is None is guessed.

    `mapping` is field of the layer to field of the file, None for a field that is not in it.
    """

    source_layer: str | None = None
    crs: str | None = None
    encoding: str = "auto"
    mapping: dict[str, str | None] | None = None
    key: str | None = None
    valid_from: date | None = None
    repair: bool = False

    def to_json(self) -> dict[str, Any]:
        """Give them as they are kept."""
        return {
            "source_layer": self.source_layer,
            "crs": self.crs,
            "encoding": self.encoding,
            "mapping": self.mapping,
            "key": self.key,
            "valid_from": self.valid_from.isoformat() if self.valid_from else None,
            "repair": self.repair,
        }

    def check(self, layer: str) -> None:
        """See that they can be meant for a layer; what depends on the file is seen when it is read.

        Raises:
            InvalidInputError: Naming the first that cannot.
        """
        target = get_target(layer)
        check_encoding(self.encoding)
        if self.crs is not None:
            parse_crs(self.crs)
        known = {*(field.name for field in target.fields), *PLACE_NAMES}
        for name in self.mapping or {}:
            if name not in known:
                raise InvalidInputError(f"{layer} has no field {name}.", parameter="mapping")
        if self.valid_from is not None and target.field("valid_from") is None:
            raise InvalidInputError(f"{layer} have no first day.", parameter="valid_from")


def load_options(
    found: ImportFile, *, dry_run: bool, commune: str | None, reason: str | None = None
) -> LoadOptions:
    """Turn what was said of a file into the options of a load."""
    said: dict[str, Any] = found.options
    mapping: dict[str, str | None] = said.get("mapping") or {}
    day = said.get("valid_from")
    return LoadOptions(
        source_layer=said.get("source_layer"),
        crs=said.get("crs"),
        encoding=said.get("encoding") or "auto",
        mapping=tuple(f"{origin}={goal}" for goal, origin in mapping.items() if origin),
        unmapped=frozenset(goal for goal, origin in mapping.items() if not origin),
        key=said.get("key"),
        valid_from=date.fromisoformat(day) if day else None,
        repair=bool(said.get("repair")),
        dry_run=dry_run,
        actor=found.created_by,
        commune=commune,
        reason=reason,
    )


def request_import(
    session: Session,
    upload: Upload,
    layer: str,
    options: ImportOptions,
    *,
    actor: str,
    commune: str | None,
) -> ImportFile:
    """Ask the worker to read an upload, inside this transaction.

    Args:
        session: The open transaction: the job exists only when it commits.
        upload: What was kept of the files.
        layer: One of `IMPORTABLE`.
        options: What is known of the file already.
        actor: Who brings it in.
        commune: Code of the only commune whose rows they may write; None: all.

    Raises:
        InvalidInputError: The layer cannot be brought in so, or an option cannot be meant.
    """
    if layer not in IMPORTABLE:
        raise InvalidInputError(
            f"{layer} cannot be brought in here. Layers: {', '.join(IMPORTABLE)}.",
            parameter="layer",
        )
    options.check(layer)
    found = ImportFile(
        layer=layer,
        file_name=upload.file_name,
        folder=upload.folder,
        parts=upload.parts,
        bytes=upload.bytes,
        commune_code=commune,
        options=options.to_json(),
        attempt=1,
        tries=0,
        preview={},
        state="waiting",
        created_by=actor,
    )
    session.add(found)
    session.flush()
    _ask_for_preview(session, found)
    return found


def change_options(session: Session, import_id: int, options: ImportOptions) -> ImportFile:
    """Say otherwise what a file is, and ask for another preview.

    Raises:
        NotFoundError: There is no such import.
        ConflictError: It is being loaded, or was.
        InvalidInputError: An option cannot be meant.
    """
    found = _lock(session, import_id)
    _refuse_loaded(found)
    options.check(found.layer)
    found.options = options.to_json()
    found.attempt += 1
    found.state, found.error, found.tries = "waiting", None, 0
    _ask_for_preview(session, found)
    return found


def accept_import(
    session: Session, import_id: int, *, attempt: int | None = None, reason: str | None = None
) -> ImportFile:
    """Have a file loaded as it was shown; asked twice, it is loaded once.

    Args:
        session: The open transaction.
        import_id: The import.
        attempt: Which preview was seen; None: the last one.
        reason: Why, for the history; needed when the preview has something to warn of.

    Raises:
        NotFoundError: There is no such import.
        ConflictError: Nothing was shown yet, or something else was shown since.
        InvalidInputError: No reason was given where one is needed, or no row would be accepted.
    """
    found = _lock(session, import_id)
    if found.state in ("loading", "done"):
        return found
    if found.state != "ready":
        raise ConflictError("The file was not read yet: wait for its preview.", state=found.state)
    if attempt is not None and attempt != found.attempt:
        raise ConflictError(
            "The file was read anew since this preview: look at the new one first.",
            attempt=found.attempt,
        )
    said = " ".join((reason or "").split())
    if found.preview.get("needs_reason") and not said:
        raise InvalidInputError(
            "The preview warns of something: say why the file is brought in all the same.",
            parameter="reason",
            rule="reason-needed",
        )
    if not found.preview.get("counts", {}).get("accepted"):
        raise InvalidInputError("No row of the file can be accepted.", rule="nothing-accepted")
    found.reason = said[:2000] or None
    found.state, found.error, found.tries = "loading", None, 0
    run = _add_run(session, found, "load")
    session.flush()
    found.run_id = run.id
    found.updated_at = datetime.now(UTC)
    defer(session, LOAD_IMPORT, {"import_id": found.id}, lock=f"load {found.layer}")
    return found


def drop_import(session: Session, import_id: int) -> str | None:
    """Forget an import that was not loaded; what was loaded stays in the list.

    Returns:
        The folder of its files, to be removed after the transaction.

    Raises:
        NotFoundError: There is no such import.
        ConflictError: It is being loaded, or was.
    """
    found = _lock(session, import_id)
    _refuse_loaded(found)
    session.delete(found)
    return found.folder


def find_import(session: Session, import_id: int, *, with_sample: bool = False) -> ImportFile:
    """Find an import.

    Raises:
        NotFoundError: There is none of this number.
    """
    query = select(ImportFile).where(ImportFile.id == import_id)
    if with_sample:
        query = query.options(undefer(ImportFile.sample))
    found = session.execute(query).scalar_one_or_none()
    if found is None:
        raise NotFoundError(f"There is no import {import_id}.")
    return found


def list_imports(
    session: Session, *, actor: str | None = None, before: int | None = None, limit: int = 50
) -> list[ImportFile]:
    """List imports, the newest first.

    Args:
        session: Reads only.
        actor: Whose; None: everybody's.
        before: Only those with smaller numbers, to go on where a page ended.
        limit: At most so many.
    """
    query = select(ImportFile).order_by(ImportFile.id.desc()).limit(limit)
    if actor is not None:
        query = query.where(ImportFile.created_by == actor)
    if before is not None:
        query = query.where(ImportFile.id < before)
    return list(session.scalars(query))


def list_rejects(session: Session, run_id: int | None, *, limit: int | None = None) -> list[Reject]:
    """List the rows that a run refused, in the order of the file."""
    if run_id is None:
        return []
    query = select(Reject).where(Reject.run_id == run_id).order_by(Reject.row).limit(limit)
    return list(session.scalars(query))


def note_undone(session: Session, found: ImportFile, *, change: int, actor: str) -> None:
    """Keep with a loaded file that its change was taken back, and by whom."""
    if found.run_id is not None:
        run = session.get_one(Run, found.run_id)
        at = datetime.now(UTC).isoformat()
        run.report = {**run.report, "undone": {"change": change, "by": actor, "at": at}}


def _ask_for_preview(session: Session, found: ImportFile) -> None:
    run = _add_run(session, found, "preview")
    session.flush()
    found.run_id = run.id
    found.updated_at = datetime.now(UTC)
    session.flush()
    arguments = {"import_id": found.id, "attempt": found.attempt}
    defer(session, PREVIEW_IMPORT, arguments, lock=f"import {found.id}")


def _add_run(session: Session, found: ImportFile, task: str) -> Run:
    run = Run(
        task=task,
        subject=found.layer,
        file_name=found.file_name,
        state="waiting",
        started_by=found.created_by,
    )
    session.add(run)
    return run


def _lock(session: Session, import_id: int) -> ImportFile:
    """Hold an import against others; while it is loaded nobody waits for the worker's hold."""
    found = find_import(session, import_id)
    if found.state != "loading":
        session.refresh(found, with_for_update=True)
    return found


def _refuse_loaded(found: ImportFile) -> None:
    if found.state in ("loading", "done"):
        raise ConflictError(
            "The file is being loaded, or was: undo the change instead.", state=found.state
        )
