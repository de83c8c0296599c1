"""`python -m etl demo`: what it brings, that it brings it once, and that it overwrites nothing."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from geoalchemy2.shape import from_shape
from shapely.geometry import MultiPolygon, box
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from etl.demo.loading import load_demo
from etl.demo.products import example_link
from etl.models import Dataset, Observation
from gis.models import (
    AdministrativeSuccession,
    AdministrativeUnit,
    Application,
    Facility,
    GrowingArea,
    GrowingAreaCode,
    HighTechZone,
    Parcel,
    Party,
    Scene,
    ZoneAssessment,
    ZoneIndicator,
)
from traceability.models import Certificate, Dossier, LinkEntry, Listing, Lot, Product
from traceability.ocop import desk
from traceability.ocop.dossiers import DossierScope

TODAY = date(2026, 11, 22)


# First, for it loads too: it would wait for the rows that `demo` below holds to the end.
@pytest.mark.long
def test_what_is_there_already_is_kept(session: Session, tmp_path: Path) -> None:
    real = AdministrativeUnit(
        code="24848",
        name="Lạc Dương (thật)",
        level="commune",
        valid_from=date(2025, 7, 1),
        boundary=from_shape(MultiPolygon([box(108.4, 11.9, 108.8, 12.4)]), srid=4326),
    )
    session.add(real)
    session.flush()
    load_demo(session, TODAY, tmp_path)
    session.refresh(real)
    assert (real.name, real.is_demo, real.version) == ("Lạc Dương (thật)", False, 1)
    held = select(func.count()).where(GrowingArea.commune_id == real.id)
    assert session.scalar(held) == 12


@pytest.fixture(scope="module")
def demo(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Session, dict[str, int]]]:
    """The demo loaded once for all tests that only read it, and what was added."""
    with engine.connect() as connection, Session(connection) as session:
        yield session, load_demo(session, TODAY, tmp_path_factory.mktemp("files"))


@pytest.fixture
def loaded(demo: tuple[Session, dict[str, int]]) -> Session:
    return demo[0]


def count(session: Session, model: type, *conditions) -> int:
    return session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


def test_it_brings_what_every_page_needs(loaded: Session) -> None:
    unit = AdministrativeUnit
    new = unit.valid_from == date(2025, 7, 1)
    assert count(loaded, unit, new, unit.level == "commune") == 7
    old_districts = select(unit.id).where(unit.level == "district")
    assert count(loaded, unit, unit.parent_id.in_(old_districts)) == 16
    assert count(loaded, AdministrativeSuccession) == 19
    assert count(loaded, GrowingArea) >= 60
    assert loaded.scalar(select(func.count(GrowingArea.crop_id.distinct()))) >= 8
    assert count(loaded, GrowingArea, GrowingArea.boundary.is_(None)) == 3
    assert set(loaded.scalars(select(GrowingAreaCode.status))) == {"active", "warned", "suspended"}
    assert loaded.scalar(select(func.count(GrowingAreaCode.market.distinct()))) >= 5
    assert count(loaded, Parcel) == pytest.approx(150, abs=25)
    assert count(loaded, HighTechZone) == 2
    assert count(loaded, Facility) >= 5
    assert count(loaded, Product) == 22
    assert loaded.scalar(select(func.count(Product.ocop_group.distinct()))) >= 4
    assert count(loaded, Lot) >= 18
    assert count(loaded, Listing) >= 19
    assert count(loaded, LinkEntry) >= 19
    assert count(loaded, Dataset) == 1
    assert count(loaded, Scene) == 1
    assert count(loaded, Observation) == 5 * 14 * 24
    for model in (unit, Party, GrowingArea, Parcel, HighTechZone, Facility, Product, Lot, Listing):
        assert count(loaded, model, model.is_demo.is_(False)) == 0, model


def test_a_second_call_changes_nothing(
    demo: tuple[Session, dict[str, int]], tmp_path: Path
) -> None:
    session, loaded = demo
    revisions = "SELECT count(*) FROM gis.revision"
    before = session.scalar(text(revisions))
    again = load_demo(session, TODAY + timedelta(days=3), tmp_path)
    assert set(again.values()) == {0}
    assert again.keys() == loaded.keys()
    assert session.scalar(text(revisions)) == before
    assert list(tmp_path.iterdir()) == []


def test_every_field_lies_in_its_commune(loaded: Session) -> None:
    outside = text(
        "SELECT count(*) FROM gis.growing_area AS a"
        " JOIN gis.administrative_unit AS u ON u.id = a.commune_id"
        " WHERE NOT ST_Covers(u.boundary, coalesce(a.boundary, a.location))"
    )
    assert loaded.scalar(outside) == 0


def test_lac_xuan_reports_what_it_reported(loaded: Session) -> None:
    rows = loaded.execute(
        select(ZoneIndicator.code, ZoneAssessment.value, ZoneAssessment.qualifier)
        .join(ZoneAssessment, ZoneAssessment.indicator_id == ZoneIndicator.id)
        .join(HighTechZone, HighTechZone.id == ZoneAssessment.zone_id)
        .where(HighTechZone.name.like("%Lạc Xuân"))
    )
    values = {code: f"{qualifier}{value:.0f}" for code, value, qualifier in rows}
    assert values == {
        "mechanised_area_pct": "100",
        "greenhouse_or_nethouse_pct": ">65",
        "auto_irrigation_pct": "100",
        "auto_or_semi_nutrition_pct": "80",
        "auto_or_semi_pest_control_pct": "100",
        "waste_collection": "1",
        "roads_electricity_water": "1",
        "vegetable_area_ha": ">100",
    }


def test_one_application_is_overdue_and_one_in_time(loaded: Session) -> None:
    days = sorted(loaded.scalars(select(Application.due_on)))
    assert len(days) == 2
    assert days[0] < TODAY < days[1]
    assert count(loaded, Application, Application.commune_id.is_(None)) == 0


def test_certificates_show_every_state(loaded: Session) -> None:
    ends = sorted(loaded.scalars(select(Certificate.expires_on)))
    # Each product's own, and the one that a dossier led to.
    assert len(ends) == 20
    assert ends[0] < TODAY < ends[1] < TODAY + timedelta(days=60) < ends[2]
    reminders = desk.list_reminders(loaded, DossierScope(), TODAY)
    assert [each.state for each in reminders] == ["transition", "late", "due"]


def test_dossiers_show_what_holds_stars_back(loaded: Session) -> None:
    rows = loaded.execute(select(Dossier.status, Dossier.total, Dossier.stars))
    held = {row.status: (row.total and float(row.total), row.stars) for row in rows}
    assert held == {
        "recognised": (89.33, 4),
        "graded": (92.0, 3),
        "submitted": (None, None),
        "draft": (None, None),
    }


def test_the_example_leads_to_a_lot(loaded: Session) -> None:
    example = example_link(loaded)
    assert example is not None
    assert count(loaded, LinkEntry, LinkEntry.key == example) == 1
