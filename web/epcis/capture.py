"""`POST /epcis/capture`, `POST /epcis/events`: events are taken in, checked before the answer."""

import json
from typing import Any, cast
from urllib.parse import quote
from uuid import UUID

import orjson
from flask import Blueprint, Response, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge, Unauthorized, UnsupportedMediaType

from gis.errors import InvalidInputError, NotFoundError
from traceability.epcis.capture import Captor, OnError, capture_document, capture_events
from traceability.epcis.documents import MOST_EVENTS
from traceability.epcis.jobs import find_job, list_jobs
from traceability.models import CaptureJob
from web import access, api
from web.context import current_account, transaction
from web.epcis import parameters
from web.epcis.answers import (
    JSON,
    LD_JSON,
    LIMITS,
    MOST_BYTES,
    answer_json,
    check_acceptable,
    next_page,
    send_versions,
)

blueprint = Blueprint("epcis_capture", __name__, url_prefix="/epcis")
blueprint.before_request(check_acceptable)
blueprint.after_request(send_versions)
CAPTURERS = ("producer", "officer", "administrator")


@blueprint.post("/capture", provide_automatic_options=False)
@access.roles(*CAPTURERS)
def capture() -> Response:
    """Capture an EPCISDocument (EPCIS 2.0): 202 and the job that tells what came of it.

    The header `GS1-Capture-Error-Behaviour` says what happens when an event is wrong: `rollback`
    (the usual) answers 400 or 422 and stores nothing, `proceed` stores the others. What was stored
    before is not stored again.
    """
    parameters.check_known(())
    on_error = request.headers.get("GS1-Capture-Error-Behaviour", "rollback").strip().lower()
    if on_error not in ("rollback", "proceed"):
        raise InvalidInputError("GS1-Capture-Error-Behaviour is rollback or proceed.")
    document = _read_json()
    _check_count(document)
    with transaction() as session:
        job = capture_document(session, document, by=captor(), on_error=cast(OnError, on_error))
        response = answer_json(orjson.dumps(_job(job)), 202)
        response.headers["Location"] = url_for("epcis_capture.job", uuid=job.uuid)
        response.headers["GS1-Capture-Error-Behaviour"] = on_error
        return response


@blueprint.get("/capture", provide_automatic_options=False)
@access.roles(*CAPTURERS)
@api.parameters(perPage="At most so many jobs", nextPageToken="From the answer's Link header")
def jobs() -> Response:
    """List the capture jobs, the newest first; a producer's own."""
    parameters.check_known(("perPage", "nextPageToken"))
    most = parameters.per_page()
    with transaction() as session:
        found = list_jobs(
            session, limit=most + 1, after=parameters.one("nextPageToken"), by=_only()
        )
        response = answer_json(orjson.dumps([_job(job) for job in found[:most]]))
        if len(found) > most:
            following = next_page(str(found[most - 1].uuid))
            response.headers["Link"] = f'<{following}>; rel="next"'
        return response


@blueprint.get("/capture/<uuid:uuid>", provide_automatic_options=False)
@access.roles(*CAPTURERS)
def job(uuid: UUID) -> Response:
    """What came of one capture."""
    parameters.check_known(())
    with transaction() as session:
        found = find_job(session, uuid, by=_only())
        if found is None:
            raise NotFoundError(f"There is no capture job {uuid}.")
        return answer_json(orjson.dumps(_job(found)))


@blueprint.post("/events", provide_automatic_options=False)
@access.roles(*CAPTURERS)
def capture_one() -> Response:
    """Capture one EPCIS event: 201 and its address."""
    parameters.check_known(())
    event = _read_json()
    if not isinstance(event, dict):
        raise InvalidInputError("The body must be one event, a JSON object.")
    with transaction() as session:
        (stored,) = capture_events(session, [event], by=captor())
        response = answer_json(stored.body.encode(), 201)
        name = event.get("eventID") or stored.hash_id
        response.headers["Location"] = f"/epcis/events/{quote(name, safe='')}"
        return response


def captor() -> Captor:
    """Who captures.

    Raises:
        Unauthorized: Nobody is signed in.
    """
    account = current_account()
    if account is None:
        raise Unauthorized("To capture events, sign in, or send a personal token.")
    return Captor(account.username, account.party_id, account.roles, account.commune_code)


def _only() -> str | None:
    reader = parameters.reader()
    return None if reader is None else reader.name


def _read_json() -> Any:
    if request.mimetype not in (JSON, LD_JSON):
        raise UnsupportedMediaType(f"Send {JSON} or {LD_JSON}.")
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMediaType("Send the body as it is, without Content-Encoding.")
    request.max_content_length = MOST_BYTES + 1
    try:
        body = request.get_data()
    except RequestEntityTooLarge:
        body = bytes(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise _too_large(f"A document has at most {MOST_BYTES:,} bytes.")
    try:
        read = orjson.loads(body)
        # Read again for what orjson lets pass: it rounds long numbers, and keeps the last of twins.
        json.loads(body, parse_int=_check_integer, object_pairs_hook=_check_names)
        return read
    except RecursionError as error:
        raise InvalidInputError("The body is nested too deeply.") from error
    except ValueError as error:
        raise InvalidInputError(f"The body is no JSON in UTF-8: {error}.") from error


def _check_integer(digits: str) -> None:
    """Refuse a whole number that cannot be stored and answered digit by digit."""
    if len(digits) > 18 and not -(2**63) <= int(digits[:40]) < 2**64:
        raise InvalidInputError(f"The number {digits[:40]} is too long to be kept exactly.")


def _check_names(members: list[tuple[str, None]]) -> None:
    """Refuse an object with two members of one name: which of them counts would be a guess."""
    seen: set[str] = set()
    for name, _ in members:
        if name in seen:
            raise InvalidInputError(f"The member {name[:200]!r} stands twice in one object.")
        seen.add(name)


def _check_count(document: Any) -> None:
    try:
        count = len(document["epcisBody"]["eventList"])
    except (TypeError, KeyError):
        return
    if count > MOST_EVENTS:
        raise _too_large(f"A document has at most {MOST_EVENTS:,} events, not {count:,}.")


def _too_large(sentence: str) -> RequestEntityTooLarge:
    error = RequestEntityTooLarge(sentence)
    error.get_headers = lambda *_: list(LIMITS.items())  # type: ignore[method-assign]
    return error


def _job(job: CaptureJob) -> dict[str, Any]:
    return {
        "captureID": str(job.uuid),
        "createdAt": job.created_at,
        "finishedAt": job.finished_at,
        "running": False,
        "success": job.success,
        "captureErrorBehaviour": job.on_error,
        "errors": [
            {"type": "epcisException:ValidationException", "title": "An event was refused"} | error
            for error in job.errors
        ],
        "stored": job.stored,
        "repeated": job.repeated,
    }
