"""What there is to ask for: types, steps, dispositions, places, things; and OPTIONS."""

from collections.abc import Sequence

from flask import Blueprint, Response, current_app, request

from traceability.epcis.contexts import STANDARD_CONTEXT
from traceability.epcis.epcs import as_uri
from traceability.epcis.queries import Column, list_epcs, list_values
from traceability.epcis.vocabulary import BIZ_STEPS, DISPOSITIONS
from web import access, api
from web.context import public_url, transaction
from web.epcis import parameters
from web.epcis.answers import (
    LIMITS,
    SPOKEN,
    VERSION,
    answer_collection,
    check_acceptable,
    next_page,
    send_versions,
)
from web.epcis.events import READERS, asked_collection, fixed_by
from web.epcis.parameters import EVENT_TYPES
from web.representations import as_private

blueprint = Blueprint("epcis_discovery", __name__, url_prefix="/epcis")
blueprint.before_request(check_acceptable)
blueprint.after_request(send_versions)
_TOP = (
    "capture",
    "events",
    "eventTypes",
    "epcs",
    "bizSteps",
    "bizLocations",
    "readPoints",
    "dispositions",
)
_COLUMNS: dict[str, Column] = {
    "bizSteps": "biz_step",
    "dispositions": "disposition",
    "readPoints": "read_point",
    "bizLocations": "biz_location",
}
_PAGING = {"perPage": "At most so many", "nextPageToken": "From the answer's Link header"}


@blueprint.get("", provide_automatic_options=False)
@blueprint.get("/", provide_automatic_options=False)
@access.roles("public")
def top() -> Response:
    """What stands under this address."""
    return answer_collection(_TOP)


@blueprint.get("/eventTypes", provide_automatic_options=False)
@access.roles(*READERS)
def event_types() -> Response:
    """The types of events."""
    return answer_collection(EVENT_TYPES)


@access.roles(*READERS)
@api.parameters(**_PAGING)
def values() -> Response:
    """The steps, dispositions, places or single things that events name, in their order.

    CBV's own steps and dispositions are all listed, at the end of the last page.
    """
    parameters.check_known(_PAGING)
    collection = asked_collection()
    most, after, reader = (
        parameters.per_page(),
        parameters.one("nextPageToken"),
        parameters.reader(),
    )
    found: Sequence[str]
    with transaction() as session:
        if collection == "epcs":
            found = list_epcs(session, limit=most + 1, after=after, reader=reader)
        else:
            found = list_values(
                session, _COLUMNS[collection], limit=most + 1, after=after, reader=reader
            )
    page = list(found[:most])
    following = next_page(page[-1]) if len(found) > most else None
    vocabulary = {"bizSteps": BIZ_STEPS, "dispositions": DISPOSITIONS}.get(collection)
    if vocabulary is not None:
        # All words of CBV at once, so that no page names one again.
        others = [value for value in page if value not in vocabulary.words]
        page = others if after else sorted(vocabulary.words) + others
        return answer_collection(page, following)
    return answer_collection((as_uri(key, public_url()) for key in page), following)


@access.roles(*READERS)
def one_value(name: str) -> Response:
    """What stands under one value: its events."""
    parameters.check_known(())
    collection = asked_collection()
    if collection != "epcs":
        fixed_by(collection, name)
    return answer_collection(("events",), context=STANDARD_CONTEXT)


for _collection in ("eventTypes", "epcs", *_COLUMNS):
    if _collection != "eventTypes":
        blueprint.add_url_rule(
            f"/{_collection}",
            f"values_of_{_collection}",
            values,
            provide_automatic_options=False,
        )
    blueprint.add_url_rule(
        f"/{_collection}/<path:name>",
        f"one_of_{_collection}",
        one_value,
        merge_slashes=False,
        provide_automatic_options=False,
    )


@access.roles("public")
def discover(of: object = None) -> Response:
    """Which methods, versions and limits an address has."""
    del of
    adapter = current_app.create_url_adapter(request)
    response = Response(status=204)
    del response.headers["Content-Type"]
    response.headers["Allow"] = ", ".join(sorted(adapter.allowed_methods() if adapter else ()))
    response.headers.update(
        {f"GS1-{name}-{end}": VERSION for name in SPOKEN for end in ("Min", "Max")}
    )
    response.headers["GS1-EPC-Format"] = "Never_Translates"
    response.headers["GS1-Capture-Error-Behaviour"] = "rollback"
    response.headers["GS1-Vendor-Version"] = "1"
    response.headers.update(LIMITS)
    return as_private(response)


for _address in (
    "",
    "/",
    "/capture/<uuid:of>",
    *(f"/{name}" for name in _TOP),
    *(f"/{name}/<path:of>" for name in _TOP if name != "capture"),
):
    blueprint.add_url_rule(
        _address,
        "discover",
        discover,
        methods=["OPTIONS"],
        merge_slashes=False,
        provide_automatic_options=False,
    )
