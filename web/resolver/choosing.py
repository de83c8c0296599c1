"""One link among several: by the context asked for, the reader's languages, media types.

GS1-Conformant Resolver Standard 1.2, section 2.6.3; languages by RFC 4647, section 3.4 (lookup).
"""

from collections.abc import Iterator, Sequence

from flask import request
from werkzeug.datastructures import MIMEAccept

from traceability.linking.link_types import DEFAULT_MULTI
from traceability.linking.resolving import KnownLink, Resolution

LINKSET = "application/linkset+json"


def default_link(found: Resolution, context: str | None) -> KnownLink:
    """The default link of the nearest level, or its variant in the reader's language.

    There is always one (section 2.6.1): what no variant fits is answered by the default itself.
    """
    level = found.levels[0]
    if len(level.links) == 1:
        return level.default
    variants = [link for link in level.links if link.link_type == DEFAULT_MULTI]
    if context is not None:
        variants = [link for link in variants if link.context == context] or variants
    return next(iter(_of_media(_in_language(variants))), level.default)


def best_link(candidates: Sequence[KnownLink], context: str | None) -> KnownLink | None:
    """The one link that fits best; None when several fit equally."""
    if len(candidates) == 1:
        return candidates[0]
    if context is not None:
        candidates = (
            [link for link in candidates if link.context == context]
            or [link for link in candidates if link.context is None]
            or candidates
        )
    candidates = (
        _in_language(candidates) or [link for link in candidates if not link.hreflang] or candidates
    )
    candidates = _of_media(candidates)
    if len({link.href for link in candidates}) == 1:
        return candidates[0]
    return None


def wants_linkset() -> bool:
    """Whether the linkset itself is what the caller accepts best."""
    header = request.headers.get("Accept")
    if header is None or "linkset" not in header.lower():
        return False
    offered = accepted_types()
    return any(kind == LINKSET and quality > 0 for kind, quality in offered) and (
        offered[LINKSET] >= offered["text/html"]
    )


def accepted_types() -> MIMEAccept:
    """What the caller accepts, without parameters: a profile or a charset is no other type here."""
    return MIMEAccept(
        (kind.partition(";")[0].strip().lower(), quality)
        for kind, quality in request.accept_mimetypes
    )


def _in_language(links: Sequence[KnownLink]) -> list[KnownLink]:
    """The links in the first of the reader's languages that any of them speaks."""
    for wanted in _languages() if links else ():
        for tag in _lookup(wanted):
            if found := [link for link in links if tag in map(str.lower, link.hreflang)]:
                return found
    return []


def _languages() -> Iterator[str]:
    for wanted, quality in request.accept_languages:
        if quality > 0 and wanted != "*":
            yield wanted.lower()


def _lookup(wanted: str) -> Iterator[str]:
    """The tags that a range looks for: vi-VN, then vi; a single letter goes with what follows."""
    parts = wanted.split("-")
    while parts:
        yield "-".join(parts)
        parts.pop()
        if parts and len(parts[-1]) == 1:
            parts.pop()


def _of_media(links: Sequence[KnownLink]) -> Sequence[KnownLink]:
    if len(links) < 2 or not (accepted := accepted_types()):
        return links
    qualities = [accepted[link.media_type or "text/html"] for link in links]
    best = max(qualities)
    return [link for link, quality in zip(links, qualities, strict=True) if quality == best]
