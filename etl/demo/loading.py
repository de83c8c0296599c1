"""The whole demo, in the order in which its parts need each other."""

from datetime import date

from sqlalchemy.orm import Session

from etl.demo.areas import lay_out, load_areas
from etl.demo.parties import load_parties
from etl.demo.units import load_units
from gis.database import sign_as


def load_demo(session: Session, today: date) -> dict[str, int]:
    """Add every demo row that is not there yet; flushes, does not commit.

    Args:
        session: The transaction; all or nothing.
        today: Days that must lie before or after today (a certificate near its end, an overdue
            application) are counted from it.

    Returns:
        What was added, by kind, in loading order; all zero when there was nothing to add.
    """
    sign_as(session, "demo", "Dữ liệu minh hoạ")
    added = {"administrative units": load_units(session)}
    added["parties"], parties = load_parties(session, today)
    plan = lay_out()
    counts, _areas = load_areas(session, plan, parties, today)
    return added | counts
