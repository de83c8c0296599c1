"""Registering a growing area: the farmer's page, its offline worker, the dossier, the API.

Farmers need no account. The page works without a network after its first visit and without
JavaScript at all; a program or the page itself sends `PUT /api/v1/applications/{uuid}`.
"""

import hashlib
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from gis.calendar import (
    GROWING_AREA_CODE,
    load_holidays,
    procedure_rule,
    today,
    working_days_between,
)
from gis.choices import list_form_crops
from gis.codes import find_issued_code
from gis.errors import ConflictError, InvalidInputError, NotFoundError
from gis.models import AdministrativeUnit, Application, Crop
from gis.receipts import read_receipt
from gis.registration import (
    find_application,
    list_steps,
    read_application,
    submit_application,
)
from gis.review import application_area_ha, list_inbox
from gis.sketches import commune_bounds
from traceability.labelling import qr
from web import access, api
from web.application_documents import (
    CONSENT_TEXT,
    UNITS,
    ApplicationDocument,
    read_document,
    read_form,
    write_status,
)
from web.assets import asset
from web.context import current_account, public_url, transaction
from web.language import choose
from web.limits import LOOK_UP, SUBMIT, limiter
from web.words import APPLICATION_STATUSES, MARKETS, MISTAKES, STEPS

blueprint = Blueprint("applications", __name__)
_MOST = 200
# Fields of the plain form that hold what the document calls otherwise.
_FORM_FIELDS = {"/applicant/name": "name", "/applicant/phone": "phone", "/area_ha": "area"}


@blueprint.get("/dang-ky")
@access.roles("public")
def register() -> str:
    """The registration page."""
    return _registration_page({}, {})


@blueprint.post("/dang-ky")
@access.roles("public")
@limiter.limit(SUBMIT)
def submit_form() -> AnyResponse | tuple[str, int]:
    """Take an application from the plain form: the page without JavaScript."""
    form = request.form
    try:
        uuid = UUID(form.get("uuid", ""))
    except ValueError:
        uuid = uuid4()
    try:
        content = read_form(form)
        with transaction() as session:
            submitted = submit_application(session, uuid, content, **_sender())
            receipt = submitted.application.receipt
    except ConflictError:
        # A page left open after the decision: what is typed now is another application.
        return _registration_page({**form, "uuid": str(uuid4())}, {"": "conflict"}), 409
    except InvalidInputError as error:
        mistakes = {
            _FORM_FIELDS.get(each["pointer"], each["pointer"].strip("/").split("/")[-1]): each[
                "rule"
            ]
            for each in error.context.get("errors", [{"pointer": "/place", "rule": "area"}])
        }
        return _registration_page(form.to_dict(), mistakes), 400
    return redirect(url_for("applications.dossier", receipt=receipt), 303)


def _registration_page(values: dict[str, str], mistakes: dict[str, str]) -> str:
    with transaction() as session:
        crops = list_form_crops(session)
        day = today()
        bounds = commune_bounds(session, day)
        days = {
            variant: procedure_rule(session, GROWING_AREA_CODE, variant, day).working_days
            for variant in ("domestic", "export")
        }
    return render_template(
        "applications/register.html",
        bounds=bounds,
        days=days,
        crops=crops,
        markets=MARKETS,
        units=list(UNITS),
        values=values,
        mistakes={field: MISTAKES.get(rule, rule) for field, rule in mistakes.items()},
        uuid=values.get("uuid") or str(uuid4()),
        consent_text=CONSENT_TEXT,
        rules={rule: str(text) for rule, text in MISTAKES.items()},
    )


@blueprint.get("/dang-ky-sw.js")
@access.roles("public")
def worker() -> Response:
    """The service worker of the registration page; its files change with the build."""
    files = [asset("register.css"), asset("register.js")]
    version = hashlib.sha256("\n".join(files).encode()).hexdigest()[:12]
    script = render_template("applications/worker.js", files=files, version=version)
    response = Response(script, mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get("/ho-so")
@access.roles("public")
def look_up() -> AnyResponse | str:
    """Find a dossier by the receipt code that somebody types."""
    typed = request.args.get("ma", "").strip()
    if not typed:
        return render_template("applications/look_up.html", typed="", mistake=None)
    return redirect(url_for("applications.dossier", receipt=typed))


@blueprint.get("/ho-so/<receipt>")
@access.roles("public")
@limiter.limit(LOOK_UP)
def dossier(receipt: str) -> AnyResponse | str | tuple[str, int]:
    """The state of a dossier, for whoever has its receipt: no personal fields."""
    try:
        code = read_receipt(receipt)
    except InvalidInputError:
        return _unknown_receipt(receipt, _("Mã này có chỗ viết sai. Xem lại từng chữ và số."))
    if code != receipt:
        return redirect(url_for("applications.dossier", receipt=code))
    with transaction() as session:
        try:
            application = find_application(session, code)
        except NotFoundError:
            return _unknown_receipt(code, _("Chưa có hồ sơ nào mang mã này."))
        crop = session.get(Crop, application.crop_id) if application.crop_id else None
        commune = (
            session.get(AdministrativeUnit, application.commune_id)
            if application.commune_id
            else None
        )
        day = today()
        holidays = load_holidays(
            session, min(day, application.due_on), max(day, application.due_on)
        )
        address = f"{public_url()}{url_for('applications.dossier', receipt=code)}"
        modules = qr.make_modules(address)
        return render_template(
            "applications/dossier.html",
            application=application,
            crop=crop,
            commune=commune,
            area_ha=application_area_ha(session, application),
            code=find_issued_code(session, application),
            steps=list_steps(session, application.id),
            step_words=STEPS,
            statuses=APPLICATION_STATUSES,
            markets=MARKETS,
            days_left=working_days_between(day, application.due_on, holidays),
            address=address,
            qr_path=qr.svg_path(modules),
            qr_side=modules.shape[0] + 2 * qr.QUIET_ZONE,
            english=choose() == "en",
        )


def _unknown_receipt(typed: str, mistake: str) -> tuple[str, int]:
    return render_template("applications/look_up.html", typed=typed, mistake=mistake), 404


@blueprint.put("/api/v1/applications/<uuid:uuid>")
@access.roles("public")
@limiter.limit(SUBMIT)
@api.body(ApplicationDocument)
def put_application(uuid: UUID) -> Response:
    """Send an application for a growing-area code.

    Answers 201 with a receipt, and 200 with the same receipt when it is sent again. While it waits
    or was returned, other content replaces it; after the decision that is a conflict (409).
    """
    content = read_document(request.get_json())
    with transaction() as session:
        submitted = submit_application(session, uuid, content, **_sender())
        application = submitted.application
        # The database raises the version and sets its own times.
        session.refresh(application)
        answer = jsonify(
            receipt=application.receipt,
            status=application.status,
            due_on=application.due_on.isoformat(),
            outcome=submitted.outcome,
            address=url_for("applications.dossier", receipt=application.receipt),
        )
        answer.headers["Location"] = url_for("applications.get_application", uuid=uuid)
        answer.status_code = 201 if submitted.outcome == "created" else 200
        answer.set_etag(str(application.version))
        return answer


@blueprint.get("/api/v1/applications/<uuid:uuid>")
@access.roles("public")
@limiter.limit(LOOK_UP)
def get_application(uuid: UUID) -> AnyResponse:
    """Read the state of an application, for whoever holds its UUID: no personal fields."""
    with transaction() as session:
        application = read_application(session, uuid)
        answer = jsonify(_status(session, application))
        answer.set_etag(str(application.version))
        answer.headers["Cache-Control"] = "private, no-cache"
        return answer.make_conditional(request)


@blueprint.get("/api/v1/applications")
@access.roles("officer", "administrator")
@api.parameters(
    status="submitted, returned, approved, rejected or withdrawn",
    limit="At most so many items; 200 is the most",
    offset="Leave out so many items",
)
def list_applications() -> Response:
    """List applications, the most urgent first: those of the officer's commune."""
    account = current_account()
    assert account is not None
    status = request.args.get("status")
    if status is not None and status not in APPLICATION_STATUSES:
        raise InvalidInputError(
            f"{status} is not a status; statuses are {', '.join(APPLICATION_STATUSES)}.",
            parameter="status",
        )
    limit = min(_number("limit", 50), _MOST)
    offset = _number("offset", 0)
    with transaction() as session:
        inbox = list_inbox(
            session,
            commune=scope(),
            today=today(),
            status=status,
            limit=limit + 1,
            offset=offset,
        )
    more = {**request.args.to_dict(), "limit": limit, "offset": offset + limit}
    address = f"{public_url()}{url_for('applications.list_applications')}?{urlencode(more)}"
    return jsonify(
        items=[
            {
                "receipt": row.receipt,
                "status": row.status,
                "area_name": row.area_name,
                "crop": row.crop_name,
                "market": row.market,
                "commune": row.commune_name,
                "area_ha": round(row.area_ha, 4),
                "submitted_on": row.submitted_on.isoformat(),
                "due_on": row.due_on.isoformat(),
                "days_left": row.days_left,
                "is_demo": row.is_demo,
            }
            for row in inbox.rows[:limit]
        ],
        next=address if len(inbox.rows) > limit else None,
    )


def scope() -> str | None:
    """The code of the officer's commune, or None for the whole province."""
    account = current_account()
    assert account is not None
    return None if account.has("administrator") else account.commune_code


def _sender() -> dict[str, Any]:
    account = current_account()
    return {
        "actor": account.username if account else "applicant",
        "account": account.username if account else None,
    }


def _status(session: Session, application: Application) -> dict[str, Any]:
    crop = session.get(Crop, application.crop_id) if application.crop_id else None
    return write_status(
        application,
        list_steps(session, application.id),
        crop.code if crop else None,
        application_area_ha(session, application),
        find_issued_code(session, application),
    )


def _number(name: str, otherwise: int) -> int:
    text = request.args.get(name, str(otherwise))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidInputError(f"{name} is a whole number; {text!r} is not.", parameter=name)
    return int(text)
