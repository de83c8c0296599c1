"""The whole demo, in the order in which its parts need each other."""

from sqlalchemy.orm import Session

from etl.demo.units import load_units
from gis.database import sign_as


def load_demo(session: Session) -> dict[str, int]:
    """Add every demo row that is not there yet; flushes, does not commit.

    Returns:
        What was added, by kind, in loading order; all zero when there was nothing to add.
    """
    sign_as(session, "demo", "Dữ liệu minh hoạ")
    return {"administrative units": load_units(session)}
