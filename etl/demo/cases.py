"""Cases in the inbox: a buyer's report in time, one that was answered, a label nobody issued."""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from etl.demo.tables import SOURCE
from gis.receipts import check_character
from traceability import lots
from traceability.models import Product, Report
from traceability.reporting import reports


def load_cases(session: Session, today: date) -> int:
    """Add the cases that are not there yet, whatever became of those that are; flushes.

    Returns:
        How many were added.
    """
    added = 0
    for number, (key, load) in enumerate(
        (("ca-phe-hat", _load_torn), ("tra-atiso", _load_answered), ("ca-phe-hat", _load_unissued))
    ):
        body = f"DEM000{number + 1}"
        ticket = f"BC-{body[:4]}-{body[4:]}{check_character(body)}"
        product = session.scalar(
            select(Product).where(Product.source == SOURCE, Product.source_id == key)
        )
        known = session.scalar(select(Report.id).where(Report.ticket == ticket))
        if product is None or known is not None:
            continue
        report = load(session, product, today)
        report.ticket = ticket
        session.flush()
        added += 1
    return added


def _load_torn(session: Session, product: Product, today: date) -> Report:
    return _file(session, product, "label", "Tem rách một góc, quét mấy lần mới được.", today, 1)


def _load_answered(session: Session, product: Product, today: date) -> Report:
    words = "Trên hộp ghi 20 túi lọc, trong hộp có 18."
    report = _file(session, product, "wrong-information", words, today, 12)
    reports.assign_report(session, report, "officer", actor="officer")
    answer = (
        "Cơ sở đã kiểm lại dây chuyền đếm túi và đổi hộp khác cho người mua. Cảm ơn bạn đã báo."
    )
    reports.close_report(
        session, report, "solved", answer, actor="officer", now=_at(today - timedelta(days=8))
    )
    for step, days in zip(reports.list_steps(session, report.id), (12, 10, 8), strict=True):
        step.at = _at(today - timedelta(days=days))
    return report


def _load_unissued(session: Session, product: Product, today: date) -> Report:
    first = today - timedelta(days=2)
    facts = {"state": "unissued", "scans": 3, "first_scanned_on": first.isoformat()}
    return reports.open_case(
        session,
        kind="unissued",
        product_id=product.id,
        serial="DEM0KHNGC0TH",
        facts=facts,
        now=_at(first),
    )


def _file(
    session: Session, product: Product, kind: str, words: str, today: date, days_ago: int
) -> Report:
    newest = lots.list_lots(session, product.id, limit=1)
    return reports.file_report(
        session,
        product_id=product.id,
        lot_id=newest[0].id if newest else None,
        serial=None,
        kind=kind,
        text=words,
        contact=None,
        place=product.commune_id,
        photo_id=None,
        now=_at(today - timedelta(days=days_ago)),
    )


def _at(day: date) -> datetime:
    # Nine in the morning in Vietnam.
    return datetime.combine(day, time(2), UTC)
