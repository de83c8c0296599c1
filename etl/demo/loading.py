"""The whole demo, in the order in which its parts need each other."""

from datetime import date
from pathlib import Path

from sqlalchemy.orm import Session

from etl.demo.areas import load_areas
from etl.demo.cases import load_cases
from etl.demo.dossiers import load_applications
from etl.demo.events import load_events
from etl.demo.ocop import load_dossiers
from etl.demo.parties import load_parties
from etl.demo.products import load_products
from etl.demo.science import load_scene, load_weather
from etl.demo.shops import load_offers, load_pictures
from etl.demo.units import load_units
from etl.demo.zones import load_facilities, load_zones
from etl.journal import FOLDER
from gis.database import report_overlaps, sign_as
from traceability.epcis.checkpoints import keep_checkpoint


def load_demo(
    session: Session, today: date, folder: Path, base: str = "http://127.0.0.1:8000"
) -> dict[str, int]:
    """Add every demo row that is not there yet; flushes, does not commit.

    Args:
        session: The transaction; all or nothing.
        today: Days that must lie before or after today (a certificate near its end, an overdue
            application) are counted from it.
        folder: The files folder (`Settings.files_folder`), where the scene is kept.
        base: The site's address, which events carry.

    Returns:
        What was added, by kind, in loading order; all zero when there was nothing to add.
    """
    sign_as(session, "demo", "Dữ liệu minh hoạ")
    report_overlaps(session)
    added = {"administrative units": load_units(session)}
    added["parties"], parties = load_parties(session, today)
    counts, areas = load_areas(session, parties, today)
    added |= counts
    added["high-tech zones"] = load_zones(session, parties)
    added["facilities"] = load_facilities(session, parties)
    added |= load_products(session, parties, areas, today)
    added |= load_events(session, parties, today, base)
    if added["lots with events"]:
        # The first of the nightly ones, so that everybody can fetch one from the first day on.
        keep_checkpoint(session, folder / FOLDER)
    added["OCOP dossiers"] = load_dossiers(session, today)
    added["offers"] = load_offers(session, today)
    added["pictures"] = load_pictures(session, folder)
    added["cases"] = load_cases(session, today)
    added["applications"] = load_applications(session, today)
    added["observations"] = load_weather(session)
    added["scenes"] = load_scene(session, folder)
    return added
