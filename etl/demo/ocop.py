"""OCOP dossiers: one recognised with four stars, one held back by a gate, one in each state.

Scores, decisions and names of council members are invented.
"""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from etl.demo.tables import SOURCE
from traceability.models import Dossier, Product
from traceability.ocop import dossiers, evidence, filing, sheets
from traceability.ocop.evidence import Representative
from traceability.ocop.rubric import RubricSet, rubric_set

ACTOR = "demo"
MEMBERS = ("Thành viên 1 (minh hoạ)", "Thành viên 2 (minh hoạ)", "Thành viên 3 (minh hoạ)")
# Coffee, set 13. Without a trace code on the label (2.3: two points of three): 92 points, 3 stars.
_HELD_BACK = {"2.3": 2, "4.2": 3, "4.3": 3, "10": 1, "11": 1, "3.5": 2, "1.3": 2}
# Herbal tea, set 12, and a good four stars: exports and the last point of the story are missing.
_FOUR_STARS = {"1.3": 2, "1.5": 2, "2.4": 0, "3.3": 2, "4.1": 3, "4.3": 3, "7": 3}
_COFFEE_DRAFT = {"1.1": 3, "1.2": 1, "1.3": 2, "2.1": 2, "2.2": 2, "2.3": 1, "3.1": 3, "5.1": 2}


def load_dossiers(session: Session, today: date) -> int:
    """Add the dossiers that are not there yet; flushes.

    Returns:
        How many were added.
    """
    added = 0
    for key, load in (
        ("tra-atiso", _load_recognised),
        ("ca-phe-bot", _load_held_back),
        ("ca-phe-hat", _load_draft),
        ("khan-tho-cam", _load_submitted),
    ):
        product = session.scalar(
            select(Product).where(Product.source == SOURCE, Product.source_id == key)
        )
        if product is None or product.ocop_set is None:
            continue
        if session.scalar(select(Dossier.id).where(Dossier.product_id == product.id)) is None:
            load(session, product, rubric_set(product.ocop_set), today)
            added += 1
    return added


def _load_recognised(session: Session, product: Product, rubric: RubricSet, today: date) -> None:
    dossier = _file(session, product, rubric, _FOUR_STARS, "upgrade", today - timedelta(days=140))
    _pass(session, dossier, today - timedelta(days=125))
    for member, less in zip(MEMBERS, ({}, {"4.2": 3}, {"5.3": 3}), strict=True):
        scores = _best(rubric) | _FOUR_STARS | less
        sheets.save_member_sheet(session, dossier.id, member, scores, by=ACTOR)
    graded = _at(today - timedelta(days=80))
    sheets.close_council(session, dossier.id, by=ACTOR, now=graded)
    dossiers.recognise_dossier(
        session,
        dossier.id,
        decision="Quyết định minh hoạ 26/QĐ-MH",
        issued_by="Chủ tịch UBND tỉnh (minh hoạ)",
        issued_on=today - timedelta(days=70),
        by=ACTOR,
        now=_at(today - timedelta(days=69)),
    )


def _load_held_back(session: Session, product: Product, rubric: RubricSet, today: date) -> None:
    dossier = _file(session, product, rubric, {}, "upgrade", today - timedelta(days=60))
    _pass(session, dossier, today - timedelta(days=45))
    for member in MEMBERS:
        scores = _best(rubric) | _HELD_BACK
        sheets.save_member_sheet(session, dossier.id, member, scores, by=ACTOR)
    sheets.close_council(session, dossier.id, by=ACTOR, now=_at(today - timedelta(days=3)))


def _load_submitted(session: Session, product: Product, rubric: RubricSet, today: date) -> None:
    _file(session, product, rubric, {"2.1": 2, "4.1": 3}, "upgrade", today - timedelta(days=9))


def _load_draft(session: Session, product: Product, _rubric: RubricSet, today: date) -> None:
    dossier = _start(session, product, "upgrade", today - timedelta(days=2))
    sheets.save_own_sheet(session, dossier.id, _COFFEE_DRAFT, by=ACTOR)


def _file(
    session: Session,
    product: Product,
    rubric: RubricSet,
    own: dict[str, int],
    kind: str,
    day: date,
) -> Dossier:
    """Start, fill in and file a dossier on a day."""
    dossier = _start(session, product, kind, day - timedelta(days=4))
    evidence.save_representative(
        session,
        dossier.id,
        Representative(
            "Người Đại Diện Minh Hoạ", sex="female", ethnicity="(minh hoạ)", priority=["woman"]
        ),
    )
    sheets.save_own_sheet(session, dossier.id, _best(rubric) | own, by=ACTOR)
    return filing.submit_dossier(session, dossier.id, by=ACTOR, now=_at(day))


def _start(session: Session, product: Product, kind: str, day: date) -> Dossier:
    return filing.start_dossier(
        session,
        product,
        kind=kind,
        applicant_kind="cooperative",
        by=ACTOR,
        is_demo=True,
        now=_at(day),
    )


def _pass(session: Session, dossier: Dossier, day: date) -> None:
    dossiers.check_dossier(
        session, dossier.id, dossiers.CHECKED_TOPICS, has_samples=True, by=ACTOR, now=_at(day)
    )


def _best(rubric: RubricSet) -> dict[str, int]:
    return {criterion.code: criterion.most for criterion in rubric.criteria}


def _at(day: date) -> datetime:
    """Nine in the morning in Vietnam."""
    return datetime.combine(day, time(2), UTC)
