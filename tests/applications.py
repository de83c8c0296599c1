"""Communes and applications that several tests make."""

from datetime import UTC, date, datetime
from uuid import uuid4

from geoalchemy2.shape import from_shape
from shapely.geometry import MultiPolygon, box

from gis.application_content import Applicant, ApplicationContent
from gis.models import AdministrativeUnit
from gis.registration import submit_application

# Friday 20 November 2026, ten in the morning in Vietnam.
FRIDAY = datetime(2026, 11, 20, 3, tzinfo=UTC)
FARM = MultiPolygon([box(108.600, 11.800, 108.601, 11.801)])


def make_communes(session):
    province = AdministrativeUnit(
        code="68",
        name="Lâm Đồng",
        level="province",
        valid_from=date(2025, 7, 1),
        boundary=from_shape(MultiPolygon([box(108.4, 11.6, 108.9, 12.0)]), srid=4326),
    )
    session.add(province)
    session.flush()
    made = {}
    for code, name, west in (("24934", "D'Ran", 108.5), ("24943", "Ka Đô", 108.7)):
        made[code] = AdministrativeUnit(
            code=code,
            name=name,
            level="commune",
            parent_id=province.id,
            valid_from=date(2025, 7, 1),
            boundary=from_shape(MultiPolygon([box(west, 11.7, west + 0.2, 11.9)]), srid=4326),
        )
    # Before the reform the code stood for another unit on the same ground.
    made["old"] = AdministrativeUnit(
        code="24934",
        name="Lạc Xuân",
        level="commune",
        valid_from=date(2009, 4, 1),
        valid_to=date(2025, 6, 30),
        boundary=from_shape(MultiPolygon([box(108.5, 11.7, 108.9, 11.9)]), srid=4326),
    )
    session.add_all(made.values())
    session.flush()
    return made


def content(**changes):
    given = {
        "area_name": "Đồi  chè Cầu Đất",
        "crop": "ca-phe",
        "market": "domestic",
        "applicant": Applicant("Nguyễn Thị Mười", "0912 345 678"),
        "boundary": FARM,
        "household_count": 1,
        "method": "drawn",
        "consent": "2026-11",
    }
    return ApplicationContent(**{**given, **changes})


def submit(session, uuid=None, when=FRIDAY, **changes):
    return submit_application(
        session, uuid or uuid4(), content(**changes), actor="applicant", now=when
    )
