"""The resolver: `/01/09520000100025/10/L2610` leads to where that code's links say.

GS1-Conformant Resolver Standard 1.2. One answer per request: 307 to the default link or to the
link type asked for, the linkset as JSON (or as a page, for people), 300 with the candidates when
nothing decides between them, 400 for bad syntax, 404 for what is unknown.

* this module: the routes, what was asked, which kind of answer
* `choosing.py`: one link among several, by context, language and media type
* `linksets.py`: the links of a code as a document
"""

from typing import TYPE_CHECKING, cast
from urllib.parse import quote, unquote, urlsplit

import orjson
from flask import Blueprint, Response, current_app, request
from flask.blueprints import BlueprintSetupState
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter, MapAdapter

from gis.errors import NotFoundError
from traceability.errors import InvalidIdentifierError
from traceability.gs1.digital_link import (
    FORMER_NAMES,
    KEYS,
    DigitalLink,
    check_query,
    with_query,
)
from traceability.gs1.trace_link import Code
from traceability.linking.link_types import DEFAULT, VOCABULARY, link_type
from traceability.linking.links import parse_code
from traceability.linking.resolving import KnownLink, Resolution, find_links
from web import access
from web.codes.scanning import note_scan
from web.context import public_url, reading
from web.resolver.choosing import LINKSET, best_link, default_link, wants_linkset
from web.resolver.linksets import CONTEXT, answer_candidates, answer_linkset

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

blueprint = Blueprint("resolver", __name__)

_METHODS = "GET, HEAD, OPTIONS"
_OPEN = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", _METHODS),
    ("Access-Control-Allow-Headers", "Accept, Accept-Language, Content-Type"),
    ("Access-Control-Expose-Headers", "Link, Location"),
)
_LINKSET_NAMES = frozenset({"linkset", "all"})
_SEPARATORS = str.maketrans(";", "&")


class _Numbers(BaseConverter):
    """The numbers of application identifiers: 2 to 4 digits."""

    regex = "[0-9]{2,4}"


class _Rest(BaseConverter):
    """All that follows, whatever it is: the raw path is what counts, the parser judges it."""

    regex = "(?s:/.*)"
    part_isolating = False


class _Redirect(Response):
    """Its address leaves as it is, where Werkzeug would write `[` and `|` of a query otherwise."""

    def get_wsgi_headers(self, environ: "WSGIEnvironment") -> Headers:
        headers = super().get_wsgi_headers(environ)
        headers["Location"] = self.headers["Location"]
        return headers


@blueprint.record
def _know_numbers(state: BlueprintSetupState) -> None:
    state.app.url_map.converters.update(gs1=_Numbers, rest=_Rest)


@blueprint.after_app_request
def open_to_all(response: Response) -> Response:
    """Let programs on any site read the answers (CORS), errors too."""
    if request.blueprint == blueprint.name or (response.status_code == 405 and _is_read_here()):
        response.headers.extend(_OPEN)
    return response


def _is_read_here() -> bool:
    """Whether it was only the method that kept a request from coming here."""
    try:
        adapter = cast("MapAdapter", current_app.create_url_adapter(request))
        endpoint, _ = adapter.match(method="GET")
    except HTTPException:
        return False
    return cast("str", endpoint).startswith(f"{blueprint.name}.")


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
        "jsonLdContextLocation": CONTEXT,
    }
    return Response(orjson.dumps(document), content_type="application/json")


def _answer_options(rest: str = "", key: str = "") -> Response:  # noqa: ARG001 the route's own
    return Response(status=204, headers={"Allow": _METHODS})


def _answer_code(rest: str = "", key: str = "") -> Response:  # noqa: ARG001 the raw path is read
    path, query = _raw_request()
    code = parse_code(path)
    if isinstance(code, DigitalLink):
        check_query(code, query)
    asked = _asked_type(query)
    if asked in _LINKSET_NAMES or (asked is None and wants_linkset()):
        return answer_linkset(_find(code, whole=True))
    if asked is None or asked == DEFAULT:
        found = _find(code, whole=False)
        # Who names the default link gets that very one, no variant of it (section 2.6.2).
        link = default_link(found, _parameter(query, "context")) if asked is None else None
        return _redirect(link or found.levels[0].default, query, found)
    found = _find(code, whole=True)
    candidates = found.of_type(asked)
    if not candidates:
        raise _no_such_link(found, asked)
    chosen = best_link(candidates, _parameter(query, "context"))
    if chosen is None:
        return answer_candidates(found, candidates)
    return _redirect(chosen, query, found)


def _no_such_link(found: Resolution, asked: str) -> NotFoundError:
    links = [link for level in found.levels for link in (*level.links, level.page) if link]
    types = list(dict.fromkeys(link.link_type for link in links))
    return NotFoundError(
        f"{found.code.path} has no link of the type {asked}. It has {', '.join(types)}; a type is"
        " written so, or as its full IRI.",
        linkType=asked,
        linkTypes=types,
    )


def _refuse_compressed(rest: str = "", key: str = "") -> Response:  # noqa: ARG001 as above
    # EPC binary strings (GS1, July 2025) follow /eh as hexadecimal, /ex as base64.
    raise InvalidIdentifierError(
        "This resolver does not decompress EPC binary strings (/eh…, /ex…): ask for the GS1 Digital"
        " Link that the string stands for, such as /01/…/21/…."
    )


def _add_routes() -> None:
    for view in (_answer_code, _answer_options, _refuse_compressed):
        view.roles = frozenset({access.PUBLIC})  # type: ignore[attr-defined]
    heads = [(f"/{key}", _answer_code) for key in (*KEYS, "t")]
    heads += [(f"/{name}", _answer_code) for name, key in FORMER_NAMES.items() if key in KEYS]
    # Other numbers are other keys of GS1, unknown here, or bad syntax: the parser says which.
    heads.append(("/<gs1:key>", _answer_code))
    rules = [
        (f"{head}{tail}", view)
        for head, view in heads
        # An empty segment is bad syntax to be reported, not to be tidied away by a redirect.
        for tail in ("", "<rest:rest>")
    ]
    rules += [
        (f"/{prefix}{tail}", _refuse_compressed)
        for prefix in ("eh", "ex")
        for tail in ("", "<path:rest>", "<rest:rest>")
    ]
    for rule, view in rules:
        for name, answer, verbs in (
            (view.__name__.lstrip("_"), view, ["GET"]),
            ("options", _answer_options, ["OPTIONS"]),
        ):
            blueprint.add_url_rule(
                rule,
                name,
                answer,
                methods=verbs,
                provide_automatic_options=False,
                strict_slashes=True,
                merge_slashes=False,
            )


_add_routes()


def _raw_request() -> tuple[str, str]:
    """The path and query as they were sent, still percent-encoded; ASCII."""
    raw = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI")
    if not raw:
        return quote(request.path), request.query_string.decode("latin-1")
    if not (raw.isascii() and raw.isprintable()):
        # Bytes that a browser would have encoded.
        raw = quote(raw.encode("latin-1"), safe=_ASCII)
    if raw[:1] != "/":
        parts = urlsplit(raw)
        return parts.path, parts.query
    path, _, query = raw.partition("?")
    return path.partition("#")[0], query


_ASCII = "".join(map(chr, range(0x21, 0x7F)))


def _parameter(query: str, name: str) -> str | None:
    # Both & and ; separate parameters (GS1 Digital Link, URI Syntax 1.6, section 4.7).
    for part in query.translate(_SEPARATORS).split("&"):
        key, _, value = part.partition("=")
        if key == name or ("%" in key and unquote(key) == name):
            return unquote(value)
    return None


def _asked_type(query: str) -> str | None:
    """The link type asked for in its short form; None when none is."""
    asked = _parameter(query, "linkType") if query else None
    if not asked:
        return None
    if asked.casefold() in _LINKSET_NAMES:
        return asked.casefold()
    try:
        return link_type(asked)
    except ValueError:
        return asked


def _find(code: Code, *, whole: bool) -> Resolution:
    with reading() as session:
        return find_links(session, code, whole=whole)


def _redirect(link: KnownLink, query: str, found: Resolution) -> Response:
    if found.product_id is not None:
        note_scan(found.product_id, found.lot_id, found.serial)
    base = public_url()
    href = link.href
    # A page of this site stays a path where the reader came by another address than the public one.
    if href[0] == "/" and request.host_url.rstrip("/") == base:
        href = base + href
    linkset = f'<{base}{found.code.path}?linkType=linkset>; rel="linkset"; type="{LINKSET}"'
    response = _Redirect(
        status=307,
        headers=(
            ("Location", with_query(href, query)),
            ("Link", linkset),
            ("Cache-Control", "no-cache"),
            ("Vary", "Accept, Accept-Language"),
        ),
    )
    # There is no body: it is no page in a language.
    del response.headers["Content-Type"]
    return response
