"""What QGIS needs said or understood otherwise, known from its source (3.32 to 3.44).

It asks by OPTIONS what it may do and offers its tools by the answer. It sends no `If-Match`. Where
PATCH is allowed it sends the changed attributes alone, so nothing says what they were changed from:
it is offered PUT, with which it echoes every attribute, `version` too. After a save it keeps the
version it had read, so a second save of the same feature names an older one. It deletes by
the bare address.
"""

from datetime import UTC, datetime, timedelta

from flask import request
from sqlalchemy.orm import Session

from gis.history import sum_up_recent
from gis.layer import Layer
from web.context import current_account

# What nobody changed for a working day is what a QGIS that was opened since shows.
_SETTLED = timedelta(hours=12)


def is_calling() -> bool:
    """Whether QGIS sends this request."""
    return "QGIS/" in request.user_agent.string


def version_meant(session: Session, layer: Layer, fid: int, stated: int | None) -> int | None:
    """The version that QGIS shows to the person who edits, where that can be told.

    Its own saves since the stated version are part of what it shows; somebody else's change never
    is. Without a stated version (a deletion), a feature that the caller changed last, or nobody for
    a working day, is what QGIS shows.
    """
    account = current_account()
    recent = sum_up_recent(session, layer.id, fid, stated)
    is_own = recent.actors == {account.username if account else ""}
    if stated is not None:
        return recent.version if is_own else stated
    if recent.at is None:
        return None
    return recent.version if is_own or datetime.now(UTC) - recent.at > _SETTLED else None
