"""Reading the history that triggers write: who changed a feature, when, why, from what to what."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.orm import Session

from gis.models import Revision


@dataclass(frozen=True, slots=True)
class Change:
    """One revision; `before` and `after` are rows without their geometry.

    The shapes are GeoJSON texts (EPSG:4326, lon/lat) or None. Revisions of one `transaction` are
    one change.
    """

    id: int
    transaction: int
    action: str
    actor: str
    reason: str | None
    at: datetime
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    before_shape: str | None
    after_shape: str | None


@dataclass(frozen=True, slots=True)
class ChangedFeature:
    """A feature that a change touched; `action` is the last thing the change did to it."""

    layer: str
    id: int
    action: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Recent:
    """What happened to a feature lately: the version it came to, by whom, when at last."""

    version: int | None
    actors: frozenset[str]
    at: datetime | None


def sum_up_recent(session: Session, layer: str, feature_id: int, after: int | None) -> Recent:
    """Sum up the revisions of a feature after a version; without one, its last revision alone."""
    version = cast(Revision.after["version"].astext, BigInteger)
    revisions = (
        select(version.label("version"), Revision.actor, Revision.at)
        .where(Revision.layer == layer, Revision.feature_id == feature_id)
        .order_by(Revision.id.desc())
    )
    found = session.execute(
        revisions.limit(1) if after is None else revisions.where(version > after)
    ).all()
    if not found:
        return Recent(None, frozenset(), None)
    return Recent(found[0].version, frozenset(row.actor for row in found), found[0].at)


def count_revisions(session: Session, layer: str, feature_id: int) -> int:
    """How often a feature was changed since it was made, its making included."""
    found = session.scalar(
        select(func.count())
        .select_from(Revision)
        .where(Revision.layer == layer, Revision.feature_id == feature_id)
    )
    return found or 0


def list_revisions(
    session: Session, layer: str, feature_id: int, *, before: int | None = None, limit: int = 100
) -> list[Change]:
    """List the revisions of a feature, the newest first.

    Args:
        session: Reads only.
        layer: A layer's name as in `/ogc/collections`.
        feature_id: The feature, which may be deleted by now.
        before: Only revisions with a smaller id, to go on where a page ended.
        limit: At most so many.
    """
    query = select(
        Revision.id,
        Revision.transaction,
        Revision.action,
        Revision.actor,
        Revision.reason,
        Revision.at,
        Revision.before,
        Revision.after,
        func.ST_AsGeoJSON(Revision.before_shape, 7),
        func.ST_AsGeoJSON(Revision.after_shape, 7),
    ).where(Revision.layer == layer, Revision.feature_id == feature_id)
    if before is not None:
        query = query.where(Revision.id < before)
    rows = session.execute(query.order_by(Revision.id.desc()).limit(limit))
    return [Change(*row) for row in rows]


def list_changed_features(
    session: Session, change: int, *, limit: int = 100
) -> list[ChangedFeature]:
    """List the features that a change touched, by layer and id.

    Args:
        session: Reads only.
        change: The transaction.
        limit: At most so many.
    """
    row = cast(func.coalesce(Revision.after, Revision.before), JSONB)
    query = (
        select(
            Revision.layer,
            Revision.feature_id,
            Revision.action,
            func.coalesce(row["name"].astext, row["code"].astext),
        )
        .ext(distinct_on(Revision.layer, Revision.feature_id))
        .where(Revision.transaction == change)
        .order_by(Revision.layer, Revision.feature_id, Revision.id.desc())
        .limit(limit)
    )
    return [ChangedFeature(*found) for found in session.execute(query)]
