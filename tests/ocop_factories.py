"""Small rows that tests of OCOP stand on."""

from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from gis.models import AdministrativeUnit
from tests.product_factories import Scene, make_scene
from traceability.models import Dossier
from traceability.ocop import dossiers, evidence, filing, sheets
from traceability.ocop.evidence import Representative
from traceability.ocop.rubric import rubric_set

SECRET = "Ka Hờ Riêng Tư"
NOW = datetime(2026, 11, 16, 3, tzinfo=UTC)  # a Monday


def best(number: int = 13) -> dict[str, int]:
    """A sheet with all points."""
    return {each.code: each.most for each in rubric_set(number).criteria}


def make_scene_with_province(session: Session) -> Scene:
    """The usual scene, its commune in a province."""
    made = make_scene(session)
    province = AdministrativeUnit(
        code="68",
        name="Lâm Đồng",
        level="province",
        valid_from=date(2025, 7, 1),
        boundary=made.commune.boundary,
    )
    session.add(province)
    session.flush()
    made.commune.parent_id = province.id
    session.flush()
    return made


def filed(session: Session, scene: Scene) -> Dossier:
    """A dossier of the scene's product, filed with all points."""
    dossier = filing.start_dossier(
        session, scene.product, kind="first", applicant_kind="cooperative", by="lan", now=NOW
    )
    evidence.save_representative(
        session,
        dossier.id,
        Representative(SECRET, sex="female", ethnicity="Cơ Ho", priority=["ethnic-minority"]),
    )
    sheets.save_own_sheet(session, dossier.id, best(), by="lan")
    return filing.submit_dossier(session, dossier.id, by="lan", now=NOW)


def checked(session: Session, scene: Scene) -> Dossier:
    """The same, checked by the commune."""
    dossier = filed(session, scene)
    return dossiers.check_dossier(
        session, dossier.id, dossiers.CHECKED_TOPICS, has_samples=True, by="xa", now=NOW
    )
