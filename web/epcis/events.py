"""`GET /epcis/events` and its kin: events are asked for, and answered page by page."""

from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from gis.errors import InvalidInputError, NotFoundError
from traceability.epcis.patterns import read_pattern
from traceability.epcis.queries import (
    EventQuery,
    Match,
    is_more_than,
    list_events,
    position_of,
)
from traceability.epcis.vocabulary import BIZ_STEPS, DISPOSITIONS, read_name
from traceability.errors import InvalidIdentifierError
from web import access, api
from web.context import transaction
from web.epcis import parameters
from web.epcis.answers import (
    answer_events,
    check_acceptable,
    next_page,
    send_versions,
    together,
)
from web.epcis.parameters import DESCRIBED, EVENT_TYPES

blueprint = Blueprint("epcis_events", __name__, url_prefix="/epcis")
blueprint.before_request(check_acceptable)
blueprint.after_request(send_versions)
READERS = ("producer", "officer", "administrator", "leader", "researcher")


@blueprint.get("/events", provide_automatic_options=False)
@access.roles(*READERS)
@api.parameters(**DESCRIBED)
def events() -> Response:
    """Events that match all parameters, page by page (an EPCISQueryDocument)."""
    return _answer()


@blueprint.get("/events/<path:event_id>", merge_slashes=False, provide_automatic_options=False)
@access.roles(*READERS)
def event(event_id: str) -> Response:
    """One event by its eventID or its hash, with what was declared of it."""
    if set(request.args) == {"ver"} and "?" not in event_id:
        # ni:///sha-256;…?ver=CBV2.0 that was not encoded.
        event_id = f"{event_id}?ver={request.args['ver']}"
    else:
        parameters.check_known(())
    query = EventQuery(event_ids=(event_id,), reader=parameters.reader())
    with transaction() as session:
        found = list_events(session, query, limit=parameters.MOST)
        if not found:
            raise NotFoundError(f"There is no event {event_id}.")
        return answer_events(together(found))


@blueprint.get("/epcs/<path:epc>/events", merge_slashes=False, provide_automatic_options=False)
@access.roles(*READERS)
@api.parameters(**DESCRIBED)
def events_of_epc(epc: str) -> Response:
    """Events about one thing or lot, in any role: URN or Digital Link."""
    roles = ("epc", "child", "parent", "input", "output")
    return _answer(also=(Match(roles, None, (read_pattern(epc),)),))


@access.roles(*READERS)
@api.parameters(**DESCRIBED)
def events_of_value(name: str) -> Response:
    """Events with one type, step, disposition, read point or business location."""
    return _answer(**fixed_by(asked_collection(), name))


for _collection in ("eventTypes", "bizSteps", "dispositions", "readPoints", "bizLocations"):
    blueprint.add_url_rule(
        f"/{_collection}/<path:name>/events",
        f"events_of_{_collection}",
        events_of_value,
        merge_slashes=False,
        provide_automatic_options=False,
    )


def asked_collection() -> str:
    """The collection that the address of this request names, behind /epcis."""
    return request.path.split("/")[2]


def fixed_by(collection: str, name: str) -> dict[str, Any]:
    """The member of `EventQuery` that a value of a collection fixes.

    Raises:
        NotFoundError: There is no such value.
    """
    try:
        if collection == "eventTypes":
            if name not in EVENT_TYPES:
                raise NotFoundError(f"There is no event type {name}.")
            return {"types": (name,)}
        if collection == "bizSteps":
            return {"biz_steps": (read_name(BIZ_STEPS, name),)}
        if collection == "dispositions":
            return {"dispositions": (read_name(DISPOSITIONS, name),)}
        member = "read_points" if collection == "readPoints" else "biz_locations"
        return {member: (read_pattern(name),)}
    except (InvalidIdentifierError, InvalidInputError) as error:
        raise NotFoundError(error.detail) from error


def _answer(also: tuple[Match, ...] = (), **fixed: Any) -> Response:
    asked = parameters.read_query(also, **fixed)
    if asked.remaining is not None and asked.remaining <= 0:
        return answer_events([])
    page = min(asked.per_page, asked.remaining or asked.per_page)
    with transaction() as session:
        if asked.most_matching is not None and is_more_than(
            session, asked.query, asked.most_matching
        ):
            raise RequestEntityTooLarge(
                f"More than {asked.most_matching} events match (maxEventCount)."
            )
        found = list_events(session, asked.query, limit=page + 1, after=asked.after)
        taken = together(found[:page])
        left = None if asked.remaining is None else asked.remaining - len(taken)
        following = None
        if len(found) > len(taken) and left != 0:
            token = asked.token(position_of(taken[-1], asked.query), len(taken))
            following = next_page(token)
        return answer_events(taken, following)
