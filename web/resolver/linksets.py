"""The links of a code as a document: RFC 9264 by GS1's schema, or a page with the same in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson
from flask import Response, render_template
from flask_babel import lazy_gettext
from markupsafe import Markup

from traceability.linking.link_types import relation
from traceability.linking.resolving import KnownLevel, KnownLink, Resolution
from web import access
from web.context import public_url
from web.resolver.choosing import LINKSET, accepted_types, wants_linkset

CONTEXT = "https://ref.gs1.org/standards/resolver/linkset-context"
LINKED_DATA = "application/ld+json"
_CONTEXT_LINK = f'<{CONTEXT}>; rel="http://www.w3.org/ns/json-ld#context"; type="{LINKED_DATA}"'

_TYPES = {
    "gs1:defaultLink": lazy_gettext("Trang chính"),
    "gs1:defaultLinkMulti": lazy_gettext("Trang chính theo ngôn ngữ"),
    "gs1:pip": lazy_gettext("Trang sản phẩm"),
    "gs1:hasRetailers": lazy_gettext("Nơi bán"),
    "gs1:certificationInfo": lazy_gettext("Chứng nhận"),
    "gs1:traceability": lazy_gettext("Truy xuất nguồn gốc"),
    "gs1:recallStatus": lazy_gettext("Tình trạng thu hồi"),
    "gs1:epcis": lazy_gettext("Dữ liệu sự kiện EPCIS"),
    "gs1:locationInfo": lazy_gettext("Thông tin địa điểm"),
    "gs1:logisticsInfo": lazy_gettext("Thông tin vận chuyển"),
    "gs1:instructions": lazy_gettext("Hướng dẫn sử dụng"),
    "gs1:homepage": lazy_gettext("Trang chủ của nhà sản xuất"),
}

# What a level is, by the last name in its key.
_LEVELS = {
    "01": lazy_gettext("Sản phẩm"),
    "t": lazy_gettext("Sản phẩm"),
    "10": lazy_gettext("Lô"),
    "lo": lazy_gettext("Lô"),
    "21": lazy_gettext("Số sê-ri"),
    "tem": lazy_gettext("Số sê-ri"),
    "22": lazy_gettext("Biến thể"),
    "00": lazy_gettext("Kiện hàng"),
    "414": lazy_gettext("Địa điểm"),
    "254": lazy_gettext("Địa điểm"),
    "417": lazy_gettext("Tổ chức"),
    "8004": lazy_gettext("Tài sản"),
}


@dataclass(frozen=True, slots=True)
class _Shown:
    """A level as a page shows it."""

    name: str
    words: str
    key: str
    links: Sequence[KnownLink]


def answer_linkset(found: Resolution) -> Response:
    """All links of a code, of every level, each under its own address."""
    document = {"linkset": [_described(level, _links_of(level)) for level in found.levels]}
    # To people the default link is the page itself; they need not read it twice.
    return _answer(document, [_shown(level, level.links) for level in found.levels], 200)


def answer_candidates(found: Resolution, candidates: Sequence[KnownLink]) -> Response:
    """The links between which nothing decides, as a linkset; 300."""
    level = next((level for level in found.levels if candidates[0] in level.links), found.levels[0])
    document = {"linkset": [_described(level, candidates)]}
    return _answer(document, [_shown(level, candidates)], 300)


def _links_of(level: KnownLevel) -> Sequence[KnownLink]:
    page = level.page
    return level.links if page is None else [*level.links, page]


def _described(level: KnownLevel, links: Sequence[KnownLink]) -> dict[str, Any]:
    # Schemas of 2025 demand itemDescription, 1.2 prefers description: both are given.
    words = _words(level)
    entry: dict[str, Any] = {
        "anchor": public_url() + level.key,
        "itemDescription": words,
        "description": words,
    }
    for link in links:
        entry.setdefault(relation(link.link_type), []).append(_member(link))
    return entry


def _member(link: KnownLink) -> dict[str, Any]:
    href = public_url() + link.href if link.href.startswith("/") else link.href
    member: dict[str, Any] = {"href": href, "title": link.title}
    if link.is_default:
        return member
    if link.media_type:
        member["type"] = link.media_type
    if link.hreflang:
        member["hreflang"] = list(link.hreflang)
    if link.context:
        member["context"] = [link.context]
    return member


def _shown(level: KnownLevel, links: Sequence[KnownLink]) -> _Shown:
    *_, name, value = level.key.split("/")
    kind = _LEVELS.get(name, f"({name})")
    return _Shown(f"{kind} {unquote(value)}", _words(level), level.key, links)


def _words(level: KnownLevel) -> str:
    return level.description or level.default.title


def _answer(document: dict[str, Any], page: Sequence[_Shown], status: int) -> Response:
    linked = {"@context": CONTEXT, **document}
    if access.wants_page() and not wants_linkset():
        embedded = orjson.dumps(linked).decode()
        response = Response(
            render_template(
                "resolver/linkset.html",
                levels=page,
                is_choice=status == 300,
                types=_TYPES,
                # What closes a script, or opens a comment in it, cannot be written in its data.
                linked_data=Markup(embedded.replace("<", "\\u003c").replace("&", "\\u0026")),  # noqa: S704
            ),
            status,
            mimetype="text/html",
        )
    elif accepted_types().best_match((LINKSET, LINKED_DATA)) == LINKED_DATA:
        response = Response(orjson.dumps(linked), status, content_type=LINKED_DATA)
    else:
        response = Response(orjson.dumps(document), status, content_type=LINKSET)
    response.headers["Link"] = _CONTEXT_LINK
    response.headers["Cache-Control"] = "no-cache"
    response.vary.update(("Accept", "Accept-Language"))
    return response
