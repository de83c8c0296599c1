"""The resolver: `/01/09520000100025/10/L2610` leads to where that code's links say.

GS1-Conformant Resolver Standard 1.2. One answer per request: 307 to the default link or to the
link type asked for, the linkset as JSON, 300 with the candidates when nothing decides between
them, 400 for bad syntax, 404 for what is unknown. The raw request path is parsed, since a value
may hold an encoded slash that the web server has already decoded.
"""

from typing import Any
from urllib.parse import quote, unquote, urlsplit

import orjson
from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from gis.errors import NotFoundError
from traceability.digital_link import KEYS, DigitalLink, with_query
from traceability.link_documents import VOCABULARY, link_type
from traceability.links import DEFAULT, Level, parse_code, product_page, resolve
from traceability.models import Link, Lot
from traceability.serials import find_serial
from traceability.trace_link import Code
from web import access
from web.context import public_url, transaction

blueprint = Blueprint("resolver", __name__)

LINKSET = "application/linkset+json"
_CONTEXT = (
    "<https://ref.gs1.org/standards/resolver/linkset-context>;"
    ' rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
)
_METHODS = ("GET", "HEAD", "OPTIONS")
_LINKSET_NAMES = frozenset({"linkset", "all"})


@blueprint.after_request
def open_to_all(response: Response) -> Response:
    """Let programs on any site read the answers (CORS), errors too."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Methods"] = ", ".join(_METHODS)
    response.headers["Access-Control-Allow-Headers"] = "Accept, Accept-Language, Content-Type"
    response.headers["Access-Control-Expose-Headers"] = "Link, Location"
    return response


@blueprint.get("/.well-known/gs1resolver")
@access.roles("public")
def description() -> Response:
    """What this resolver is and which keys it serves."""
    document = {
        "name": "Lang Biang",
        "resolverRoot": public_url(),
        "supportedPrimaryKeys": list(KEYS),
        "supportedLinkType": [{"namespace": VOCABULARY, "prefix": "gs1:"}],
        "linkTypeDefaultCanBeLinkset": False,
    }
    return Response(orjson.dumps(document), content_type="application/json")


def _answer_options(rest: str = "") -> Response:  # noqa: ARG001 the route's own argument
    response = Response(status=204)
    response.headers["Allow"] = ", ".join(_METHODS)
    return response


def _answer_code(rest: str = "") -> Response:  # noqa: ARG001 the raw path is read instead
    path, query = _raw_request()
    code = parse_code(path)
    with transaction() as session:
        levels = resolve(session, code)
        asked = _asked_type(query)
        if (asked or "").casefold() in _LINKSET_NAMES or (asked is None and _wants_linkset()):
            return _linkset(levels)
        if asked is None or asked == DEFAULT:
            return _redirect(_default(session, code, levels[0]), query, code)
        candidates = _of_type(levels, asked)
        chosen = _decide(candidates)
        if chosen is None:
            return _choices(levels[0], asked, candidates)
        return _redirect(chosen.href, query, code)


_answer_code.roles = frozenset({access.PUBLIC})  # type: ignore[attr-defined]
_answer_options.roles = frozenset({access.PUBLIC})  # type: ignore[attr-defined]

for _key in (*KEYS, "t"):
    for _rule in (f"/{_key}", f"/{_key}/", f"/{_key}/<path:rest>", f"/{_key}//<path:rest>"):
        # An empty segment is bad syntax to be reported, not to be tidied away by a redirect.
        for _name, _view, _verbs in (
            ("resolve", _answer_code, ["GET"]),
            ("options", _answer_options, ["OPTIONS"]),
        ):
            blueprint.add_url_rule(
                _rule,
                _name,
                _view,
                methods=_verbs,
                provide_automatic_options=False,
                strict_slashes=True,
                merge_slashes=False,
            )


def _raw_request() -> tuple[str, str]:
    """The path and query as they were sent, still percent-encoded."""
    raw = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI")
    if not raw:
        return quote(request.path), request.query_string.decode("latin-1")
    if raw.lower().startswith(("http://", "https://")):
        parts = urlsplit(raw)
        return parts.path, parts.query
    path, _, query = raw.partition("?")
    return path.partition("#")[0], query


def _parameter(query: str, name: str) -> str | None:
    # Both & and ; separate parameters (GS1 Digital Link, URI Syntax 1.6, section 4.7).
    for part in query.replace(";", "&").split("&"):
        key, _, value = part.partition("=")
        if unquote(key) == name:
            return unquote(value)
    return None


def _asked_type(query: str) -> str | None:
    asked = _parameter(query, "linkType")
    if asked is None or asked.casefold() in _LINKSET_NAMES:
        return asked
    try:
        return link_type(asked)
    except ValueError:
        return asked


def _wants_linkset() -> bool:
    offered = request.accept_mimetypes
    asked = {kind for kind, quality in offered if quality > 0}
    return LINKSET in asked and offered[LINKSET] >= offered["text/html"]


def _default(session: Session, code: Code, level: Level) -> str:
    """The default link; for a serial issued here, the page of its lot, told the serial."""
    serial = code.get("21") if isinstance(code, DigitalLink) else code.serial
    product_id = level.entry.product_id
    if serial is None or product_id is None:
        return level.default.href
    issued = find_serial(session, product_id, serial)
    if issued is None:
        return level.default.href
    lot = session.get(Lot, issued.lot_id) if issued.lot_id is not None else None
    page = product_page(product_id, lot.code if lot else None)
    return with_query(page, f"tem={quote(serial, safe='')}")


def _of_type(levels: list[Level], asked: str) -> list[Link]:
    """The links of a type at the nearest level that has any."""
    for level in levels:
        found = [link for link in level.links if link.link_type == asked]
        if found:
            return found
    raise NotFoundError(f"{levels[0].code.path} has no link of the type {asked}.", linkType=asked)


def _decide(candidates: list[Link]) -> Link | None:
    """The one link that fits context and language best; None when several fit equally."""
    query = _raw_request()[1]
    context = _parameter(query, "context")
    if context is not None:
        candidates = [link for link in candidates if link.context == context] or candidates
    if len(candidates) == 1:
        return candidates[0]
    for wanted, quality in request.accept_languages:
        fitting = [link for link in candidates if quality > 0 and _speaks(link, wanted)]
        if fitting:
            return fitting[0] if len(fitting) == 1 else None
    return None


def _speaks(link: Link, wanted: str) -> bool:
    # RFC 4647 lookup: vi-VN is answered by vi.
    wanted = wanted.lower()
    while wanted:
        if wanted in (tag.lower() for tag in link.hreflang):
            return True
        wanted = wanted.rpartition("-")[0]
    return False


def _redirect(href: str, query: str, code: Code) -> Response:
    response = Response(status=307)
    # A page of this site stays a path: it opens under whatever address the reader came by.
    response.headers["Location"] = with_query(href, query)
    anchor = code.uri(public_url())
    response.headers["Link"] = f'<{anchor}?linkType=linkset>; rel="linkset"; type="{LINKSET}"'
    response.headers["Cache-Control"] = "no-cache"
    response.vary.update(("Accept", "Accept-Language"))
    return response


def _linkset(levels: list[Level]) -> Response:
    sets = []
    for level in levels:
        entry = _described(level)
        for link in level.links:
            if link.is_default:
                member = {"href": _absolute(link.href), "title": link.title}
            else:
                member = _member(link)
            entry.setdefault(_relation(link.link_type), []).append(member)
        sets.append(entry)
    return _json({"linkset": sets}, 200)


def _choices(level: Level, asked: str, candidates: list[Link]) -> Response:
    entry = {**_described(level), _relation(asked): [_member(link) for link in candidates]}
    return _json({"linkset": [entry]}, 300)


def _described(level: Level) -> dict[str, Any]:
    # Schemas of 2025 demand itemDescription, 1.2 prefers description: both are given.
    words = level.entry.description or level.default.title
    anchor = public_url() + level.entry.key
    return {"anchor": anchor, "itemDescription": words, "description": words}


def _member(link: Link) -> dict[str, Any]:
    member: dict[str, Any] = {"href": _absolute(link.href), "title": link.title}
    if link.media_type:
        member["type"] = link.media_type
    if link.hreflang:
        member["hreflang"] = list(link.hreflang)
    if link.context:
        member["context"] = [link.context]
    return member


def _relation(kind: str) -> str:
    return VOCABULARY + kind.removeprefix("gs1:") if kind.startswith("gs1:") else kind


def _absolute(href: str) -> str:
    return public_url() + href if href.startswith("/") else href


def _json(document: dict[str, Any], status: int) -> Response:
    response = Response(orjson.dumps(document), status, content_type=LINKSET)
    response.headers["Link"] = _CONTEXT
    response.headers["Cache-Control"] = "no-cache"
    response.vary.update(("Accept", "Accept-Language"))
    return response
