"""Two applications for a growing-area code in the officer's inbox: one overdue, one in time."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from etl.demo.areas import lay_out
from etl.demo.tables import read_json
from gis.application_content import Applicant, ApplicationContent
from gis.models import Application
from gis.registration import list_steps, submit_application


def load_applications(session: Session, today: date) -> int:
    """Add the applications that are not there yet, whatever became of those that are; flushes."""
    added = 0
    for row in read_json("applications.json"):
        uuid = UUID(row["uuid"])
        if session.scalar(select(Application.id).where(Application.uuid == uuid)) is not None:
            continue
        shape = lay_out().applications[row["key"]]
        drawn = row["method"] != "typed"
        content = ApplicationContent(
            area_name=row["area_name"],
            crop=row["crop"],
            market=row["market"],
            applicant=Applicant(**row["applicant"]),
            boundary=shapely.MultiPolygon([shape]) if drawn else None,
            point=None if drawn else shape.representative_point(),
            area_ha=None if drawn else Decimal(row["area_ha"]),
            household_count=row["household_count"],
            method=row["method"],
            consent="minh-hoa-2026-01",
        )
        # Nine in the morning in Vietnam.
        day = today - timedelta(days=row["days_ago"])
        sent_at = min(datetime.combine(day, time(2), UTC), datetime.now(UTC))
        application = submit_application(
            session,
            uuid,
            content,
            actor=row["account"] or "applicant",
            account=row["account"],
            is_demo=True,
            now=sent_at,
        ).application
        for step in list_steps(session, application.id):
            step.at = sent_at
        added += 1
    session.flush()
    return added
