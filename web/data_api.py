"""Observations and jobs for programs: `/api/v1/datasets`, `/observations`, `/jobs/{id}`.

A data set that states a licence is open to everybody; the others need a role.
"""

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Response, request
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    ValidationError,
)
from sqlalchemy.orm import Session
from werkzeug.exceptions import Unauthorized

from etl import queries
from etl.models import Dataset
from gis.errors import ForbiddenError, InvalidInputError
from gis.selection import parse_period
from web import access, api, exports
from web.context import current_account, public_url, transaction
from web.data import STAFF, roles

blueprint = Blueprint("data_api", __name__, url_prefix="/api/v1")

_MOST = 10_000
_USUAL = 1000

Code = Annotated[str, Field(min_length=1, max_length=200)]


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is an instant that no calendar here holds in UTC") from error


class PostedObservation(BaseModel):
    """One value; null is a missing one, which is kept as such."""

    model_config = ConfigDict(extra="forbid")

    variable: Code
    subject: Code
    observed_at: Annotated[AwareDatetime, AfterValidator(_in_utc)]
    value: FiniteFloat | None
    quality: Annotated[str, Field(max_length=100)] | None = None


class PostedBatch(BaseModel):
    """Observations of one data set, taken all or none."""

    model_config = ConfigDict(extra="forbid")

    dataset: Annotated[str, Field(pattern=r"^[\w.-]{1,100}$")]
    observations: Annotated[
        list[PostedObservation], Field(min_length=1, max_length=queries.MAX_OBSERVATIONS)
    ]


@blueprint.get("/datasets")
@access.roles("public")
def list_datasets() -> Response:
    """List the data sets with their variables, units and the period they cover."""
    with transaction() as session:
        items = [
            {
                "code": summary.dataset.code,
                "title": summary.dataset.title,
                "owner": summary.dataset.owner,
                "licence": summary.dataset.licence,
                "version": summary.dataset.version,
                "citation": summary.dataset.citation,
                "first": summary.first,
                "last": summary.last,
                "is_demo": summary.dataset.is_demo,
                "variables": [
                    {
                        "code": variable.code,
                        "name": variable.name,
                        "name_en": variable.name_en,
                        "unit": variable.unit,
                    }
                    for variable in summary.variables
                ],
            }
            for summary in queries.list_datasets(session)
            if summary.is_open or not roles().isdisjoint(STAFF)
        ]
    return _json({"items": items, "next": None})


@blueprint.get("/observations")
@access.roles("public")
@api.parameters(
    dataset="Code of the data set",
    variable="Code of one variable; without it, all",
    subject="One subject (station, plot, tree); without it, all",
    datetime="An instant, a day, or start/end of RFC 3339, both inclusive",
    limit="At most so many items; 10000 is the most",
    after="Where the next page goes on, as the list's `next` gives it",
)
def list_observations() -> Response:
    """List observations of one data set in the order of time."""
    given = request.args
    limit = _limit(given.get("limit"))
    period = parse_period(given["datetime"]) if given.get("datetime") else None
    after = _cursor(given["after"]) if given.get("after") else None
    with transaction() as session:
        rows = queries.list_observations(
            session,
            _readable(session, given.get("dataset")),
            variable=given.get("variable"),
            subject=given.get("subject"),
            start=period.start if period else None,
            end=period.end if period else None,
            after=after,
            limit=limit + 1,
        )
    following = None
    if len(rows) > limit:
        kept = {**given.to_dict(), "limit": limit, "after": rows[limit - 1].cursor}
        following = f"{public_url()}{request.path}?{urlencode(kept)}"
    items = [
        {
            "variable": row.variable,
            "unit": row.unit,
            "subject": row.subject,
            "observed_at": row.observed_at,
            "value": row.value,
            "quality": row.quality,
        }
        for row in rows[:limit]
    ]
    return _json({"items": items, "next": following})


@blueprint.post("/observations")
@access.roles("researcher", "officer", "administrator")
@api.body(PostedBatch)
def post_observations() -> tuple[Response, int]:
    """Record observations; the same batch again changes nothing (201 when something is new).

    The data set and its variables are made when they are new.
    """
    batch = _read_batch(request.get_data())
    account = current_account()
    observed = [
        queries.Observed(row, one.variable, one.subject, one.observed_at, one.value, one.quality)
        for row, one in enumerate(batch.observations, start=1)
    ]
    with transaction() as session:
        run, counts = queries.record_observations(
            session, batch.dataset, observed, actor=account.username if account else "public"
        )
        return _json({"id": run.id, **run.report}), 201 if counts[0] else 200


@blueprint.get("/jobs/<int:job_id>")
@access.roles("public")
@api.parameters(token="What an export without an account was asked for with")  # noqa: S106
def get_job(job_id: int) -> Response:
    """One piece of work: waiting, running, done or failed, with its report.

    Staff see any; others what they asked for themselves. An export that is done has a `result`.
    """
    account = current_account()
    with transaction() as session:
        run = queries.find_run(session, job_id)
        export = exports.check_job(session, run)
    is_mine = account is not None and run.started_by == account.username
    if export is None and not is_mine and roles().isdisjoint(STAFF):
        if account is None:
            raise Unauthorized("Sign in to see this job, or send a personal token.")
        raise ForbiddenError(f"The job {job_id} is not for this account.")
    # A token is an address that nobody else shall guess.
    report = {name: value for name, value in run.report.items() if is_mine or name != "token"}
    response = _json(
        {
            "id": run.id,
            "task": run.task,
            "subject": run.subject,
            "file": run.file_name,
            "state": run.state,
            "error": run.error,
            "report": report,
            "started_by": run.started_by,
            "started_at": run.started_at,
            "finished_at": run.finished_at,
            **(export or {}),
        }
    )
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:24])
    response.cache_control.no_cache = True
    return response.make_conditional(request)  # type: ignore[return-value]


def _readable(session: Session, code: str | None) -> Dataset:
    if not code:
        raise InvalidInputError("Name a data set: ?dataset=…; /api/v1/datasets lists them.")
    dataset = queries.find_dataset(session, code)
    if dataset.licence is None and roles().isdisjoint(STAFF):
        if current_account() is None:
            raise Unauthorized("This data set is not open: sign in or send a personal token.")
        raise ForbiddenError(f"The data set {code} is not for this account.")
    return dataset


def _read_batch(body: bytes) -> PostedBatch:
    try:
        batch = PostedBatch.model_validate_json(body)
    except ValidationError as error:
        found = [
            {
                "pointer": "".join(f"/{part}" for part in one["loc"]),
                "detail": one["msg"],
            }
            for one in error.errors(include_url=False, include_input=False)[:100]
        ]
        raise InvalidInputError(
            "The batch cannot be taken, and nothing was written:"
            f" {found[0]['pointer'] or '/'}: {found[0]['detail']}.",
            errors=found,
        ) from error
    seen: dict[tuple[str, str, datetime], int] = {}
    for place, one in enumerate(batch.observations):
        first = seen.setdefault((one.variable, one.subject, one.observed_at), place)
        if first != place:
            raise InvalidInputError(
                f"/observations/{place} is of the same variable, subject and instant as"
                f" /observations/{first}; nothing was written.",
                errors=[{"pointer": f"/observations/{place}", "detail": "stands there twice"}],
            )
    return batch


def _cursor(given: str) -> tuple[datetime, int, str]:
    instant, _, rest = given.partition("~")
    variable, _, subject = rest.partition("~")
    try:
        read = datetime.fromisoformat(instant)
        if read.tzinfo is None:
            raise ValueError(instant)
        return read, int(variable), subject
    except ValueError as error:
        raise InvalidInputError("after is what the list's next gives, unchanged.") from error


def _limit(given: str | None) -> int:
    if given is None:
        return _USUAL
    if not (given.isascii() and given.isdigit() and int(given[:9]) > 0):
        raise InvalidInputError("limit is a whole number, at least 1.")
    return min(int(given[:9]), _MOST)


def _json(content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), content_type="application/json")
