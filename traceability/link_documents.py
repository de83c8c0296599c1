"""The JSON form of resolver entries: what `links FILE.json` reads and `/api/v1/links` speaks.

`{"entries": [{"key": "/01/09520000100025/10/L2610", "description": "…",
"default": {"href", "title"}, "links": [{"linkType": "gs1:traceability", "href", "title",
"type"?, "hreflang"?, "context"?}]}]}`
"""

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError
from traceability.links import (
    DEFAULT,
    AllowedHosts,
    Level,
    Target,
    anchor,
    get_entry,
    parse_code,
    replace_entry,
)
from traceability.trace_link import Code

MOST_ENTRIES = 10_000
VOCABULARY = "https://ref.gs1.org/voc/"
_VOCABULARIES = re.compile(r"^https?://(?:ref\.gs1\.org|(?:www\.)?gs1\.org)/voc/")
_CURIE = re.compile(r"^gs1:[A-Za-z][A-Za-z0-9]*$")
_IRI = re.compile(r"^https?://[^\s\"<>\\^`{|}]+$")


def link_type(value: str) -> str:
    """Bring a link type to its short form: `gs1:pip`, or another vocabulary's full IRI.

    Raises:
        ValueError: When it is neither.
    """
    short = _VOCABULARIES.sub("gs1:", value)
    if _CURIE.match(short) or (_IRI.match(short) and short == value):
        return short
    raise ValueError("a link type is written gs1:name, or as a full IRI of another vocabulary")


def _typed(value: str) -> str:
    short = link_type(value)
    if short in {DEFAULT, f"{DEFAULT}Multi"}:
        raise ValueError("the default link is given by the member default")
    return short


_Text = Annotated[str, Field(min_length=1, max_length=500)]
_Href = Annotated[str, Field(min_length=1, max_length=2000)]
_Language = Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Default(_Strict):
    href: _Href
    title: _Text


class _Link(_Default):
    link_type: Annotated[str, AfterValidator(_typed), Field(alias="linkType")]
    type: Annotated[str | None, Field(pattern=r"^\w+/[-+.\w]+$")] = None
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
    taken: dict[str, int] = {}
    registered = []
    for index, entry in enumerate(entries):
        try:
            code = anchor(parse_code(entry.key))
            if (other := taken.setdefault(code.path, index)) != index:
                raise InvalidInputError(f"{entry.key} is the same entry as number {other + 1}.")
            targets = _allowed_targets(entry, allowed)
            if check is not None:
                check(code)
        except InvalidInputError as error:
            problems.append({"pointer": f"/entries/{index}", "detail": error.detail})
            continue
        if not problems:
            replace_entry(session, code, targets, description=entry.description)
            registered.append(code)
    if problems:
        first = problems[0]
        raise InvalidInputError(
            f"Entry {first['pointer'].removeprefix('/entries/')}: {first['detail']}",
            errors=problems[:50],
        )
    return [get_entry(session, code) for code in registered]


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
    return [default] + [
        Target(
            link.link_type,
            allowed.check(link.href),
            link.title,
            link.type,
            tuple(link.hreflang),
            link.context,
        )
        for link in entry.links
    ]


def _explained(error: ValidationError) -> InvalidInputError:
    problems = [
        {
            "pointer": "".join(f"/{part}" for part in each["loc"]) or "/",
            "detail": each["msg"].removeprefix("Value error, "),
        }
        for each in error.errors(include_url=False, include_context=False, include_input=False)[:50]
    ]
    first = problems[0]
    return InvalidInputError(
        f"The entries do not have their form: {first['pointer']}: {first['detail']}.",
        errors=problems,
    )
