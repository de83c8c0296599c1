"""The versions that caches go by: a number for each layer that grows with every commit."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

# The sum of the view gis.layer_state without the count of features, asked of the driver itself: it
# is all that an unchanged tile does, and a statement of SQLAlchemy's would cost as much again.
_VERSIONS = (
    "SELECT v.layer, v.changes"
    " + (SELECT count(*) FROM gis.layer_change AS c WHERE c.layer = v.layer) AS version"
    " FROM gis.layer_version AS v WHERE v.layer = ANY(%s)"
)


def layer_versions(session: Session, layers: Sequence[str]) -> dict[str, int]:
    """The versions of layers, in one statement.

    A version is a sum over committed rows, so two equal ones mean that nothing was committed
    between.

    Args:
        session: Reads only.
        layers: Names of `gis.layer_state`.
    """
    driver: Any = session.connection().connection.driver_connection
    return dict(driver.execute(_VERSIONS, (list(layers),)).fetchall())
