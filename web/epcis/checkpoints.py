"""Checkpoints of the journal for everybody: who keeps one can prove what came before it."""

from datetime import date

from flask import Blueprint, Response, request, url_for

from gis.errors import InvalidInputError, NotFoundError
from traceability.epcis.checkpoints import list_checkpoints, to_text, write_checkpoint
from web import access, api
from web.context import public_url, reading
from web.layers import check_parameters

blueprint = Blueprint("checkpoints", __name__, url_prefix="/api/v1/journal/checkpoints")
_MOST = 100


@blueprint.get("")
@access.roles("public")
@api.parameters(before="Go on behind this one, as `next` says it: day and position")
def checkpoints() -> dict[str, object]:
    """List the checkpoints of the journal of events, the newest first."""
    check_parameters("before")
    with reading() as session:
        found = list_checkpoints(session, limit=_MOST + 1, before=_before())
    following = None
    if len(found) > _MOST:
        last = found[_MOST - 1]
        following = public_url() + url_for(
            "checkpoints.checkpoints", before=f"{last.made_on},{last.position}"
        )
    return {"items": [write_checkpoint(one) for one in found[:_MOST]], "next": following}


@blueprint.get("/latest")
@access.roles("public")
def latest() -> Response:
    """The newest checkpoint, as the file to keep."""
    with reading() as session:
        found = list_checkpoints(session, limit=1)
    if not found:
        raise NotFoundError("There is no checkpoint yet; one is made each night.")
    response = Response(to_text(found[0]), content_type="application/json")
    name = f"checkpoint-{found[0].made_on}-{found[0].position:012d}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.set_etag(found[0].chain_hash.hex()[:32])
    response.make_conditional(request)
    return response


def _before() -> tuple[date, int] | None:
    given = request.args.get("before")
    if given is None:
        return None
    day, _, position = given.partition(",")
    try:
        return date.fromisoformat(day), min(int(position), 2**62)
    except ValueError as error:
        raise InvalidInputError("before is a day and a position.", parameter="before") from error
