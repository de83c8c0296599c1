"""How `/epcis` answers: documents of events exactly as they were captured, headers, versions.

Nothing of an event is added, left out or translated. Prefixes come from the contexts of its
document; events whose prefixes contradict each other are not answered in one document, so an answer
may end early (its `Link` goes on behind it).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
from flask import Response, request
from werkzeug.exceptions import NotAcceptable

from traceability.epcis.contexts import STANDARD_CONTEXT, prefixes_of
from traceability.epcis.documents import MOST_EVENTS
from traceability.models import Event
from web.context import public_url
from web.representations import as_private

LD_JSON, JSON = "application/ld+json", "application/json"
VERSION = "2.0.0"
MOST_BYTES = 16 * 1024 * 1024
SPOKEN = ("EPCIS", "CBV")
# Both are answered in every discovery; and with 413, so that a sender knows how to cut.
LIMITS = {
    "GS1-EPCIS-Capture-Limit": str(MOST_EVENTS),
    "GS1-EPCIS-Capture-File-Size-Limit": str(MOST_BYTES),
}
# An answer that grows longer ends, and its Link goes on.
_MOST_CHARACTERS = 8_000_000
_VERSION = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,6}))?(?:\.[0-9]{1,6})?")


def check_acceptable() -> None:
    """Refuse a request whose headers ask for what is not here.

    Raises:
        NotAcceptable: XML, another version, a translation of EPCs.
    """
    if request.accept_mimetypes and not any(
        request.accept_mimetypes[kind] > 0 for kind in (LD_JSON, JSON, "text/html")
    ):
        raise NotAcceptable(f"Answers are {LD_JSON} or {JSON}.")
    for name in SPOKEN:
        least, most = _asked(f"GS1-{name}-Min"), _asked(f"GS1-{name}-Max")
        stated = _asked(f"GS1-{name}-Version")
        if (least or (2, 0)) > (2, 0) or (most or (2, 0)) < (2, 0) or (stated or (2, 0)) != (2, 0):
            raise NotAcceptable(f"GS1-{name} is version {VERSION} here.")
    form = request.headers.get("GS1-EPC-Format", "Never_Translates")
    if form not in ("No_Preference", "Never_Translates"):
        raise NotAcceptable("Events are answered as they were captured: Never_Translates.")


def _asked(header: str) -> tuple[int, int] | None:
    given = request.headers.get(header)
    if given is None:
        return None
    matched = _VERSION.fullmatch(given.strip())
    if matched is None:
        raise NotAcceptable(f"{header} is a version such as {VERSION}.")
    return int(matched[1]), int(matched[2] or 0)


def send_versions(response: Response) -> Response:
    """Say on every answer which versions it speaks."""
    response.headers.setdefault("GS1-EPCIS-Version", VERSION)
    response.headers.setdefault("GS1-CBV-Version", VERSION)
    return response


def answer_json(content: bytes, status: int = 200) -> Response:
    """JSON, as JSON-LD unless the caller asks for plain JSON."""
    kind = request.accept_mimetypes.best_match([LD_JSON, JSON], default=LD_JSON)
    return as_private(Response(content, status, content_type=kind))


def answer_collection(
    members: Iterable[str], following: str | None = None, context: Any = STANDARD_CONTEXT
) -> Response:
    """A list of values or of sub-resources."""
    content = {"@context": context, "type": "Collection", "member": list(members)}
    return _with_next(answer_json(orjson.dumps(content)), following)


def together(events: Sequence[Event]) -> list[Event]:
    """The first of the events that one document can hold: whose prefixes agree, and not too long.

    At least one, however long it is.
    """
    taken: list[Event] = []
    meanings: dict[str, Any] = {}
    length = 0
    for event in events:
        own = _meanings(event)
        length += len(event.body)
        if taken and length > _MOST_CHARACTERS:
            break
        if any(meanings.get(name, meaning) != meaning for name, meaning in own.items()):
            break
        meanings |= own
        taken.append(event)
    return taken


def _meanings(event: Event) -> dict[str, Any]:
    contexts = orjson.loads(event.context)
    found: dict[str, Any] = dict(prefixes_of(contexts))
    for context in contexts:
        if isinstance(context, Mapping):
            found |= context
    return found


def answer_events(events: Sequence[Event], following: str | None = None) -> Response:
    """An EPCISQueryDocument of events that go together (`together`).

    Args:
        events: As stored; their bodies are not even read again.
        following: The address of the next page.
    """
    contexts: dict[str, None] = {}
    for event in events:
        contexts |= dict.fromkeys(
            orjson.dumps(context).decode() for context in orjson.loads(event.context)
        )
    made_at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    content = "".join(
        (
            '{"@context":[',
            ",".join((orjson.dumps(STANDARD_CONTEXT).decode(), *contexts)),
            '],"type":"EPCISQueryDocument","schemaVersion":"2.0","creationDate":"',
            made_at,
            '","epcisBody":{"queryResults":{"queryName":"SimpleEventQuery",'
            '"resultsBody":{"eventList":[',
            ",".join(event.body for event in events),
            "]}}}}",
        )
    )
    return _with_next(answer_json(content.encode()), following)


def next_page(token: str) -> str:
    """The address of this request with another token."""
    kept = [pair for pair in request.args.items(multi=True) if pair[0] != "nextPageToken"]
    path = urlsplit(request.base_url).path
    return f"{public_url()}{path}?{urlencode([*kept, ('nextPageToken', token)])}"


def _with_next(response: Response, following: str | None) -> Response:
    if following is not None:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response
