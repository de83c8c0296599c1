"""A farmer's application for a growing-area code, sent once however often the phone retries.

The phone makes the UUID. The same content again gets the same receipt; other content replaces what
was sent as long as nothing is decided, and is a conflict afterwards. Personal fields go into
`application_private` only: no step, attribute or revision holds them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from geoalchemy2.shape import from_shape, to_shape
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry
from sqlalchemy import any_, func, literal, or_, select, text
from sqlalchemy.orm import Session

from gis.application_content import ApplicationContent, check_content, variant
from gis.calendar import GROWING_AREA_CODE, deadline, local_day
from gis.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from gis.models import (
    AdministrativeUnit,
    Application,
    ApplicationPrivate,
    ApplicationStep,
    Crop,
)
from gis.receipts import new_receipt, read_receipt

Outcome = Literal["created", "updated", "unchanged"]


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of a submission."""

    application: Application
    outcome: Outcome


def submit_application(
    session: Session,
    uuid: UUID,
    content: ApplicationContent,
    *,
    actor: str,
    account: str | None = None,
    is_demo: bool = False,
    now: datetime | None = None,
) -> Submission:
    """Record an application, or recognise one that was sent before; flushes, does not commit.

    Two submissions of one UUID at the same time wait for each other: one is recorded, the other
    recognised. A replaced application that was returned begins a new term.

    Args:
        session: The transaction that ends with the answer.
        uuid: Made by the phone.
        content: Checked here; texts are brought to NFC.
        actor: Who the step names: an account, or `applicant`.
        account: The account that sends, if any.
        is_demo: Marks illustrative data.
        now: With a time zone; the present when absent.

    Raises:
        InvalidInputError: With `errors`, a list of `{pointer, detail, rule}` into the document.
        InvalidGeometryError: The boundary is not valid.
        ConflictError: Another content, after the decision.
        ForbiddenError: Another content than an account sent, from somebody else.
    """
    now = now or datetime.now(UTC)
    content = check_content(content)
    crop = _find_crop(session, content.crop)
    # Held to the end of the transaction, so that a retry racing its original waits for it.
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:uuid, 7))"), {"uuid": str(uuid)}
    )
    application = session.scalar(
        select(Application).where(Application.uuid == uuid).with_for_update()
    )
    if application is None:
        return _record(session, uuid, content, crop, actor, account, is_demo, now)
    if not _differs(session, application, content, crop):
        return Submission(application, "unchanged")
    if application.submitted_by is not None and application.submitted_by != account:
        raise ForbiddenError(
            f"The application {application.receipt} was sent by an account: sign in with it to"
            " change what was sent."
        )
    if application.status not in ("submitted", "returned"):
        raise ConflictError(
            f"The application {application.receipt} is {application.status}: it cannot be changed"
            " any more. Send a new one.",
            receipt=application.receipt,
            status_of_application=application.status,
        )
    return _replace(session, application, content, crop, actor, now)


def find_application(session: Session, receipt: str) -> Application:
    """Find an application by its receipt code, however it is written.

    Raises:
        InvalidInputError: It is no receipt code.
        NotFoundError: No application has it.
    """
    code = read_receipt(receipt)
    application = session.scalar(select(Application).where(Application.receipt == code))
    if application is None:
        raise NotFoundError(f"There is no application {code}.")
    return application


def read_application(session: Session, uuid: UUID) -> Application:
    """Read an application by the UUID that its sender made.

    Raises:
        NotFoundError: No application has it.
    """
    application = session.scalar(select(Application).where(Application.uuid == uuid))
    if application is None:
        raise NotFoundError(f"There is no application {uuid}.")
    return application


def list_applications(session: Session, ids: Sequence[int]) -> list[Application]:
    """List the applications of some numbers."""
    return list(session.scalars(select(Application).where(Application.id.in_(ids))))


def list_steps(session: Session, application_id: int) -> list[ApplicationStep]:
    """The dated steps of an application, the oldest first."""
    query = select(ApplicationStep).where(ApplicationStep.application_id == application_id)
    return list(session.scalars(query.order_by(ApplicationStep.at, ApplicationStep.id)))


def find_consent(session: Session, application: Application) -> tuple[str, datetime] | None:
    """The version of the text that the applicant agreed to last, and when; None = not stated."""
    version = ApplicationStep.facts["consent"].astext
    found = session.execute(
        select(version, ApplicationStep.at)
        .where(ApplicationStep.application_id == application.id, version.is_not(None))
        .order_by(ApplicationStep.at.desc())
        .limit(1)
    ).first()
    return None if found is None else (found[0], found[1])


def add_step(
    session: Session,
    application: Application,
    action: str,
    actor: str,
    note: str | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Add a dated step; `facts` never hold personal fields."""
    session.add(
        ApplicationStep(
            application_id=application.id,
            action=action,
            actor=actor,
            note=note,
            facts=facts or {},
            at=datetime.now(UTC),
        )
    )


def _find_crop(session: Session, name: str) -> Crop:
    plain = func.public.f_unaccent(func.lower(name))
    key = re.sub(r"[\s_]+", "-", name.lower())
    crop = session.scalar(
        select(Crop)
        .where(
            or_(
                Crop.code == key,
                func.public.f_unaccent(func.lower(Crop.name)) == plain,
                func.lower(Crop.name_en) == name.lower(),
                literal(name.lower()) == any_(Crop.aliases),
            )
        )
        .order_by((Crop.code == key).desc(), Crop.id)
        .limit(1)
    )
    if crop is None:
        known = ", ".join(session.scalars(select(Crop.code).order_by(Crop.code)))
        raise InvalidInputError(
            f"{name} is not a known crop.",
            errors=[{"pointer": "/crop", "rule": "unknown", "detail": f"One of {known}."}],
        )
    return crop


def _location(content: ApplicationContent) -> Point:
    if content.boundary is not None:
        return content.boundary.representative_point()
    assert content.point is not None
    return content.point


def _commune_id(session: Session, location: Point, now: datetime) -> int | None:
    day = local_day(now)
    place = from_shape(location, srid=4326)
    return session.scalar(
        select(AdministrativeUnit.id)
        .where(
            AdministrativeUnit.level == "commune",
            AdministrativeUnit.valid_from <= day,
            func.coalesce(AdministrativeUnit.valid_to, day) >= day,
            func.ST_Covers(AdministrativeUnit.boundary, place),
        )
        .order_by(AdministrativeUnit.id)
        .limit(1)
    )


def _record(
    session: Session,
    uuid: UUID,
    content: ApplicationContent,
    crop: Crop,
    actor: str,
    account: str | None,
    is_demo: bool,
    now: datetime,
) -> Submission:
    application = Application(
        uuid=uuid,
        receipt=_free_receipt(session),
        status="submitted",
        submitted_by=account,
        submitted_at=now,
        is_demo=is_demo,
    )
    _fill(session, application, content, crop, now)
    session.add(application)
    session.flush()
    session.add(_private(application.id, content))
    add_step(session, application, "submitted", actor, facts=_facts(content))
    session.flush()
    return Submission(application, "created")


def _replace(
    session: Session,
    application: Application,
    content: ApplicationContent,
    crop: Crop,
    actor: str,
    now: datetime,
) -> Submission:
    was_returned = application.status == "returned"
    if was_returned:
        application.status = "submitted"
        application.submitted_at = now
        application.decision_reason = None
    _fill(session, application, content, crop, application.submitted_at)
    session.merge(_private(application.id, content))
    action = "resubmitted" if was_returned else "changed"
    add_step(session, application, action, actor, facts=_facts(content))
    session.flush()
    return Submission(application, "updated")


def _fill(
    session: Session,
    application: Application,
    content: ApplicationContent,
    crop: Crop,
    received_at: datetime,
) -> None:
    location = _location(content)
    application.area_name = content.area_name
    application.crop_id = crop.id
    application.market = content.market
    application.household_count = content.household_count
    application.declared_area_ha = content.area_ha
    application.boundary = (
        None if content.boundary is None else from_shape(content.boundary, srid=4326)
    )
    application.location = from_shape(location, srid=4326)
    application.determination_method = content.method
    application.commune_id = _commune_id(session, location, received_at)
    application.due_on = deadline(
        session, GROWING_AREA_CODE, variant(content.market), local_day(received_at)
    )


def _private(application_id: int, content: ApplicationContent) -> ApplicationPrivate:
    return ApplicationPrivate(
        application_id=application_id,
        applicant_name=content.applicant.name,
        phone=content.applicant.phone,
        personal_number=content.applicant.personal_number,
        home_address=content.applicant.home_address,
    )


def _facts(content: ApplicationContent) -> dict[str, Any]:
    return {"consent": content.consent} if content.consent else {}


def _free_receipt(session: Session) -> str:
    while True:
        receipt = new_receipt()
        taken = select(Application.id).where(Application.receipt == receipt)
        if session.scalar(taken) is None:
            return receipt


def _differs(
    session: Session, application: Application, content: ApplicationContent, crop: Crop
) -> bool:
    private = session.get(ApplicationPrivate, application.id, populate_existing=True)
    recorded = (
        application.area_name,
        application.crop_id,
        application.market,
        application.household_count,
        application.declared_area_ha,
        application.determination_method,
        _wkb(None if application.boundary is None else to_shape(application.boundary)),
        _wkb(to_shape(application.location)),
        private
        and (
            private.applicant_name,
            private.phone,
            private.personal_number,
            private.home_address,
        ),
    )
    sent = (
        content.area_name,
        crop.id,
        content.market,
        content.household_count,
        content.area_ha,
        content.method,
        _wkb(content.boundary),
        _wkb(_location(content)),
        (
            content.applicant.name,
            content.applicant.phone,
            content.applicant.personal_number,
            content.applicant.home_address,
        ),
    )
    return recorded != sent


def _wkb(shape: BaseGeometry | None) -> bytes | None:
    return None if shape is None else bytes(shape.wkb)
