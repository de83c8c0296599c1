"""A feature's row: locked, compared with what the writer saw, saved.

What the doors of this package (`writing.py`, `cutting.py`, `reverting.py`) share.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from typing import cast as cast_type

import shapely
from geoalchemy2 import WKBElement
from sqlalchemy import (
    cast,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.orm import Session

from gis.boundaries import EAST, NORTH, SOUTH, WEST
from gis.database import report_overlaps, sign_as
from gis.editing.constraints import translated
from gis.editing.geojson import Shape, to_ewkb
from gis.editing.rules import EXCLUSIVE, Problem
from gis.errors import (
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    StaleVersionError,
    VersionNeededError,
)
from gis.layer import PROVINCIAL_OFFICER, Layer
from gis.models import AdministrativeUnit, Revision

Expected = int | str | None
LONGEST_REASON = 2_000
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Editor:
    """Who writes.

    Attributes:
        name: As the history records it.
        commune_code: The commune whose features alone this editor may touch; None: all.
        roles: The roles of the account.
    """

    name: str
    commune_code: str | None = None
    roles: frozenset[str] = frozenset()

    @property
    def whole(self) -> bool:
        """Whether the editor works for the whole province."""
        return self.commune_code is None or "administrator" in self.roles

    def may_edit(self, layer: Layer) -> bool:
        """Whether the roles allow to write the layer at all."""
        roles = self.roles
        if "officer" in roles and self.commune_code is None:
            roles |= {PROVINCIAL_OFFICER}
        return layer.may_edit(roles)


@dataclass(frozen=True, slots=True)
class Edit:
    """A feature as it was written: its id, its new version, and what the rules warned of."""

    fid: int
    version: int
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Draft:
    """A feature as it is to be stored.

    Attributes:
        row: The stored row, locked; None for a new feature.
        values: Columns to set, without those of the geometry.
        shape: The shape it will have (also when that does not change).
    """

    row: Mapping[str, Any] | None
    values: dict[str, Any]
    shape: Shape | None

    @property
    def fid(self) -> int | None:
        """The feature's id, if it has one."""
        return None if self.row is None else self.row["id"]

    def value(self, name: str) -> Any:
        """What a column will hold."""
        if name in self.values:
            return self.values[name]
        return None if self.row is None else self.row.get(name)

    def is_set(self, name: str) -> bool:
        """Whether a column will hold something else than now."""
        return name in self.values and (self.row is None or self.values[name] != self.row[name])

    @property
    def moves(self) -> bool:
        """Whether the shape is another one than is stored."""
        return self.row is None or self.shape is not stored_shape(self.row)


def authorise(layer: Layer, editor: Editor) -> None:
    """Refuse an editor whose roles do not allow to write the layer.

    Raises:
        ForbiddenError: They do not.
    """
    if not editor.may_edit(layer):
        wanted = sorted(layer.editors)
        raise ForbiddenError(
            f"{layer.id} is written with one of the roles {', '.join(wanted)}."
            if wanted
            else f"{layer.id} is read only.",
            roles=wanted,
        )


def check_commune(
    session: Session, layer: Layer, editor: Editor, commune_ids: Sequence[int | None]
) -> None:
    """Refuse features of communes that the editor does not work for.

    Raises:
        ForbiddenError: One of them is of another commune, or of none.
    """
    if editor.whole or "commune_id" not in layer.table.c:
        return
    own = own_communes(session, editor)
    if any(commune_id not in own for commune_id in commune_ids):
        raise ForbiddenError(
            f"This account edits features of the commune {editor.commune_code} only.",
            commune=editor.commune_code,
        )


def own_communes(session: Session, editor: Editor) -> list[int]:
    """The ids of the commune that the editor works for, as it is today; none for the province."""
    return list(
        session.scalars(
            select(AdministrativeUnit.id).where(
                AdministrativeUnit.code == editor.commune_code,
                AdministrativeUnit.level == "commune",
                AdministrativeUnit.valid_to.is_(None),
            )
        )
    )


def lock_rows(
    session: Session, layer: Layer, fids: Sequence[int], *, lock: bool = True
) -> dict[int, Mapping[str, Any]]:
    """Read features and keep them for this transaction, always in the order of their ids.

    Args:
        session: The transaction.
        layer: The layer.
        fids: Which ones.
        lock: False only reads them.

    Raises:
        NotFoundError: One of them is not there.
    """
    wanted = [fid for fid in sorted(set(fids)) if 0 < fid <= _LARGEST_ID]
    query = select(*layer.table.c).where(layer.key == func.any(wanted)).order_by(layer.key)
    rows = session.execute(query.with_for_update() if lock else query)
    found: dict[int, Mapping[str, Any]] = {row.id: _Row(row._asdict()) for row in rows}
    for fid in fids:
        if fid not in found:
            raise NotFoundError(f"There is no feature {fid} in {layer.id}.")
    return found


class _Row(dict[str, Any]):
    """A locked row with its shape, read once."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        super().__init__(row)
        self.shape: Shape | None = None
        for name in ("boundary", "location"):
            if self.shape is None and isinstance(row.get(name), WKBElement):
                self.shape = cast_type(Shape, shapely.from_wkb(bytes(row[name].data)))


def stored_shape(row: Mapping[str, Any]) -> Shape | None:
    """The shape of a locked row; the same object each time."""
    assert isinstance(row, _Row)
    return row.shape


def check_version(
    session: Session, layer: Layer, row: Mapping[str, Any], expected: Expected
) -> None:
    """Refuse to write over a version that the writer did not see.

    Raises:
        VersionNeededError: The writer does not say which one was seen.
        StaleVersionError: It is another one; the error says who made the stored one, and why.
    """
    if expected is None:
        raise VersionNeededError(
            "Say which version this change was made from: If-Match with the ETag, or the property"
            " version."
        )
    version = row["version"]
    if isinstance(expected, int):
        fits = expected == version
    else:
        stored = session.scalar(
            select(cast(layer.version, TEXT))
            .select_from(layer.source)
            .where(layer.key == row["id"])
        )
        fits = expected == stored
    if fits:
        return
    last = session.execute(
        select(Revision.actor, Revision.at, Revision.reason)
        .where(Revision.layer == layer.id, Revision.feature_id == row["id"])
        .order_by(Revision.id.desc())
        .limit(1)
    ).one_or_none()
    by = f" by {last.actor}" if last else ""
    raise StaleVersionError(
        f"The feature {row['id']} of {layer.id} was changed{by} since; its version is {version}.",
        feature=row["id"],
        version=version,
        updated_by=last.actor if last else None,
        updated_at=last.at.isoformat() if last else None,
        reason=last.reason if last else None,
    )


def clean_reason(reason: str | None) -> str | None:
    """The reason as the history keeps it.

    Raises:
        InvalidInputError: It is too long, or no text.
    """
    kept = " ".join((reason or "").split())
    if len(kept) > LONGEST_REASON or "\x00" in kept:
        raise InvalidInputError(f"A reason is a text of at most {LONGEST_REASON:,} characters.")
    return kept or None


def lock_places(session: Session, layer: Layer, shapes: Sequence[Shape | None]) -> None:
    """Let nobody else draw in these places until the transaction ends.

    All places in one call, so that two writers of several features never wait in a circle.
    """
    drawn = [shape for shape in shapes if shape is not None and shape.geom_type != "Point"]
    if layer.id not in EXCLUSIVE or not drawn:
        return
    west, south, east, north = shapely.total_bounds(drawn)
    if west < WEST or south < SOUTH or east > EAST or north > NORTH:
        return  # the rules refuse it
    box = func.ST_GeomFromEWKB(to_ewkb(shapely.box(west, south, east, north)))
    session.execute(select(func.gis.lock_places(layer.id, box)))


def save(session: Session, layer: Layer, draft: Draft) -> tuple[int, int]:
    """Write a draft; flushes. What does not differ from the stored row is not written.

    Returns:
        The feature's id and its version now.

    Raises:
        PlatformError: As `constraints.translated` says.
    """
    changed = {name: value for name, value in draft.values.items() if draft.is_set(name)}
    if draft.moves and draft.shape is not None:
        changed |= shape_columns(layer, draft.shape)
    with translated(session, layer):
        if draft.row is None:
            written = session.execute(
                insert(layer.table).values(changed).returning(layer.key, layer.table.c.version)
            ).one()
        elif changed:
            written = session.execute(
                update(layer.table)
                .where(layer.key == draft.fid)
                .values(changed)
                .returning(layer.key, layer.table.c.version)
            ).one()
        else:
            return draft.row["id"], draft.row["version"]
    return written[0], written[1]


def save_alike(session: Session, layer: Layer, drafts: Sequence[Draft]) -> list[tuple[int, int]]:
    """Write drafts of stored features that keep their shapes, as `save` does; flushes.

    Those that get the same values are one statement: 2,000 of them take a second and not half a
    minute.

    Returns:
        Ids and versions now, in the order of the drafts.

    Raises:
        PlatformError: As `constraints.translated` says.
    """
    alike: dict[str, tuple[dict[str, Any], list[int]]] = {}
    versions: dict[int, int] = {}
    for draft in drafts:
        assert draft.row is not None
        fid = draft.row["id"]
        versions[fid] = draft.row["version"]
        changed = {name: value for name, value in draft.values.items() if draft.is_set(name)}
        if changed:
            alike.setdefault(repr(sorted(changed.items())), (changed, []))[1].append(fid)
    for changed, ids in alike.values():
        with translated(session, layer):
            written = session.execute(
                update(layer.table)
                .where(layer.key.in_(ids))
                .values(changed)
                .returning(layer.key, layer.table.c.version)
            )
            versions.update((fid, version) for fid, version in written)
    return list(versions.items())


def shape_columns(layer: Layer, shape: Shape) -> dict[str, Any]:
    """The geometry columns for a shape. An area's label point is placed by the database."""
    element = WKBElement(to_ewkb(shape), extended=True)
    if shape.geom_type == "Point":
        empty = {"boundary": None} if "boundary" in layer.table.c else {}
        return {"location": element, **empty}
    return {"boundary": element}


def sign(session: Session, editor: Editor, reason: str | None) -> None:
    """Tell the history who writes, and why."""
    sign_as(session, editor.name, reason)


@contextmanager
def overlaps_reported(session: Session) -> Iterator[None]:
    """Write what the rules have already judged, with the places locked: the trigger looks away."""
    report_overlaps(session)
    yield
    session.execute(text("SELECT set_config('langbiang.overlaps', '', true)"))
