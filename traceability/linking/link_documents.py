"""The JSON form of resolver entries: what `links FILE.json` reads and `/api/v1/links` speaks.

`{"entries": [{"key": "/01/09520000100025/10/L2610", "description": "…",
"default": {"href", "title"}, "links": [{"linkType": "gs1:traceability", "href", "title",
"type"?, "hreflang"?, "context"?}]}]}`

A link of the type `gs1:defaultLinkMulti` is the default link in another language (`hreflang`).
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError
from traceability.gs1.digital_link import KEYS, DigitalLink
from traceability.gs1.trace_link import Code, TraceLink
from traceability.linking.link_types import DEFAULT, DEFAULT_MULTI, registered_type
from traceability.linking.links import (
    AllowedHosts,
    Level,
    Target,
    anchor,
    get_entries,
    known_keys,
    parse_code,
    replace_entries,
)

MOST_ENTRIES = 10_000
_MOST_PROBLEMS = 50


def _one_line(value: str) -> str:
    if not value.strip() or any(
        ord(character) < 32 or ord(character) == 127 for character in value
    ):
        raise ValueError("it is one line of text, without control characters")
    return value


_Text = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_one_line)]
_Href = Annotated[str, Field(min_length=1, max_length=2000)]
_Language = Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Default(_Strict):
    href: _Href
    title: _Text


class _Link(_Default):
    link_type: Annotated[str, AfterValidator(registered_type), Field(alias="linkType")]
    type: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9]+/[-+.A-Za-z0-9_]+$")] = None
    hreflang: list[_Language] = Field(default_factory=list)
    context: _Text | None = None


class LinkDocumentEntry(_Strict):
    """All links of one code."""

    key: _Href
    description: _Text | None = None
    default: _Default
    links: Annotated[list[_Link], Field(max_length=200)] = Field(default_factory=list)


class LinkDocument(_Strict):
    """What is posted."""

    entries: Annotated[list[LinkDocumentEntry], Field(min_length=1, max_length=MOST_ENTRIES)]


def register_document(
    session: Session,
    document: object,
    allowed: AllowedHosts,
    check: Callable[[Code], None] | None = None,
) -> list[Level]:
    """Register every entry of a document, each replacing the whole entry of its key; flushes.

    Args:
        session: The transaction; a wrong entry leaves nothing of the document when it rolls back.
        document: The parsed JSON.
        allowed: Hosts that links may lead to.
        check: Called with the code of each entry; raises ForbiddenError where the caller may not
            register links for it.

    Raises:
        ForbiddenError: From `check`.
        InvalidInputError: Not the form above, a bad code or link, a key twice; with `errors`, each
            with the JSON pointer of its place.
    """
    try:
        entries = LinkDocument.model_validate(document).entries
    except ValidationError as error:
        raise _explained(error) from error
    problems: list[dict[str, str]] = []
    codes: dict[str, int] = {}
    read: list[tuple[Code, list[Target], LinkDocumentEntry]] = []
    for index, entry in enumerate(entries):
        try:
            code = _own_code(entry.key)
            if (other := codes.setdefault(code.path, index)) != index:
                raise InvalidInputError(f"{entry.key} is the same entry as number {other + 1}.")
            targets = _allowed_targets(entry, allowed)
            _refuse_circles(code, targets, allowed.site)
            if check is not None:
                check(code)
        except InvalidInputError as error:
            problems.append({"pointer": f"/entries/{index}", "detail": error.detail})
            continue
        read.append((code, targets, entry))
    problems += _without_root(session, [code for code, _, _ in read], codes)
    if problems:
        problems.sort(key=lambda problem: int(problem["pointer"].rpartition("/")[2]))
        first = problems[0]
        index = int(first["pointer"].rpartition("/")[2])
        more = _and_more(len(problems) - 1, "entry", "entries")
        raise InvalidInputError(
            f"Entry {index + 1}, {entries[index].key}: {first['detail']}{more}",
            errors=problems[:_MOST_PROBLEMS],
        )
    replace_entries(session, [(code, targets, entry.description) for code, targets, entry in read])
    return get_entries(session, [code for code, _, _ in read])


def _own_code(key: str) -> Code:
    """Read the key of an entry by the rules of registration (resolver standard 2.5.9, 3)."""
    if not key.startswith("/"):
        raise InvalidInputError("a key is the path of an address, such as /01/09520009000012.")
    code = parse_code(key)
    if isinstance(code, DigitalLink) and code.key not in KEYS:
        raise InvalidInputError(f"this resolver serves the keys {', '.join(KEYS)}, not {code.key}.")
    alone = anchor(code)
    if alone != code:
        raise InvalidInputError(
            f"a serial is registered below its product alone, as {alone.path};"
            " a lot in the address scanned finds it all the same."
        )
    return code


def _without_root(
    session: Session, codes: Sequence[Code], posted: dict[str, int]
) -> list[dict[str, str]]:
    """The entries of lots, serials and the like whose bare key has no entry, here or before."""
    roots = {code.path: _root(code).path for code in codes}
    wanted = set(roots.values()) - {code.path for code in codes}
    missing = wanted - known_keys(session, wanted) if wanted else set()
    return [
        {
            "pointer": f"/entries/{posted[path]}",
            "detail": f"there is no entry for {root}: register that first, or in the same file,"
            " so that every code below it finds a default link.",
        }
        for path, root in roots.items()
        if root in missing
    ]


def _root(code: Code) -> Code:
    return TraceLink(code.code) if isinstance(code, TraceLink) else code.root


def written(level: Level) -> dict[str, Any]:
    """Write an entry in the form in which it is posted."""
    entry = level.entry
    document: dict[str, Any] = {"key": entry.key}
    if entry.description:
        document["description"] = entry.description
    document["default"] = {"href": level.default.href, "title": level.default.title}
    document["links"] = []
    for link in level.links:
        if link.is_default:
            continue
        member: dict[str, Any] = {
            "linkType": link.link_type,
            "href": link.href,
            "title": link.title,
        }
        if link.media_type:
            member["type"] = link.media_type
        if link.hreflang:
            member["hreflang"] = list(link.hreflang)
        if link.context:
            member["context"] = link.context
        document["links"].append(member)
    return document


def _allowed_targets(entry: LinkDocumentEntry, allowed: AllowedHosts) -> list[Target]:
    default = Target(DEFAULT, allowed.check(entry.default.href), entry.default.title)
    targets = [default]
    for place, link in enumerate(entry.links, start=1):
        if link.link_type == DEFAULT_MULTI and not link.hreflang:
            raise InvalidInputError(
                f"link {place} is a {DEFAULT_MULTI} without hreflang: it is the default link in"
                " another language, and says which."
            )
        targets.append(
            Target(
                link.link_type,
                allowed.check(link.href),
                link.title,
                link.type and link.type.lower(),
                tuple(link.hreflang),
                link.context,
            )
        )
    return targets


def _refuse_circles(code: Code, targets: Sequence[Target], site: str) -> None:
    """Refuse a target at which the resolver would only ask itself for the same thing again."""
    for target in targets:
        parts = urlsplit(target.href)
        if parts.netloc not in ("", site):
            continue
        try:
            led_to = parse_code(parts.path)
        except InvalidInputError:
            continue
        if _root(led_to) == _root(code):
            raise InvalidInputError(
                f"{target.href} leads back to the resolver, and from there round again: name the"
                " page itself."
            )


def _explained(error: ValidationError) -> InvalidInputError:
    found = error.errors(include_url=False, include_input=False)
    problems = [
        {
            "pointer": "".join(f"/{part}" for part in each["loc"]) or "/",
            "detail": _sentence(each),
        }
        for each in found[:_MOST_PROBLEMS]
    ]
    first = problems[0]
    more = _and_more(len(found) - 1, "place", "places")
    return InvalidInputError(
        f"The entries do not have their form: {first['pointer']}: {first['detail']}.{more}",
        errors=problems,
    )


def _and_more(count: int, one: str, several: str) -> str:
    if not count:
        return ""
    return f" (One more {one} is wrong.)" if count == 1 else f" ({count} more {several} are wrong.)"


def _sentence(problem: ErrorDetails) -> str:
    """What is wrong at one place, in words of ours."""
    kind, limits = problem["type"], problem.get("ctx", {})
    if kind == "value_error":
        return problem["msg"].removeprefix("Value error, ")
    if kind == "string_pattern_mismatch":
        if "hreflang" in problem["loc"]:
            return "a language is written vi, or vi-VN with its country"
        return "a media type is written as in text/html"
    if kind == "too_long":
        return f"it holds more than {limits['max_length']}: send it in several parts"
    if kind == "string_too_long":
        return f"it has more than {limits['max_length']} characters"
    return _SENTENCES.get(kind, problem["msg"])


_SENTENCES = {
    "missing": "it is missing",
    "extra_forbidden": "there is no member of this name",
    "string_type": "a text belongs here",
    "string_too_short": "it is empty",
    "too_short": "it is empty",
    "list_type": "a list belongs here",
    "model_type": "an object belongs here",
    "model_attributes_type": "an object belongs here",
}
