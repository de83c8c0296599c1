"""What answers for a code that was scanned: its links at every level, found by one question.

The entry of a code answers for it, else the nearest above: a lot's, then the product's. A serial
that was issued here has no entry of its own; the page of its lot, told the serial, is its default.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import quote

from sqlalchemy import column, text
from sqlalchemy.orm import Session

from traceability.errors import UnknownCodeError
from traceability.gs1.digital_link import KEYS, with_query
from traceability.gs1.trace_link import Code, TraceLink
from traceability.linking.link_types import DEFAULT, page_type
from traceability.linking.links import anchor, product_page

# Named in their order, or the names of a dozen columns are matched anew for every scan.
_COLUMNS = (
    "key description product_id is_default link_type href title media_type hreflang context"
    " of_product_id lot_id lot_code is_issued"
)
_RESOLVE = text(
    files("traceability.linking").joinpath("resolving.sql").read_text(encoding="utf-8")
).columns(*map(column, _COLUMNS.split()))


@dataclass(frozen=True, slots=True)
class KnownLink:
    """One typed link; `href` beginning with `/` is on this site."""

    link_type: str
    href: str
    title: str
    media_type: str | None = None
    hreflang: Sequence[str] = ()
    context: str | None = None

    @property
    def is_default(self) -> bool:
        """Whether it is the one default link of its level."""
        return self.link_type == DEFAULT


@dataclass(frozen=True, slots=True)
class KnownLevel:
    """All links of one key that lies on the way up from a code; the default one stands first."""

    key: str
    description: str | None
    links: Sequence[KnownLink]

    @property
    def default(self) -> KnownLink:
        """The one default link."""
        return self.links[0]

    @property
    def page(self) -> KnownLink | None:
        """The default link under a type that says what it is; None where it is listed so already.

        A default link is never only that (resolver standard 2.5.8).
        """
        default = self.default
        if any(link.href == default.href for link in self.links[1:]):
            return None
        return KnownLink(page_type(self.key), default.href, default.title)


@dataclass(frozen=True, slots=True)
class Resolution:
    """The levels that answer for a code, nearest first, and what it stands for on this platform."""

    code: Code
    levels: Sequence[KnownLevel]
    product_id: int | None
    lot_id: int | None
    serial: str | None

    def of_type(self, asked: str) -> Sequence[KnownLink]:
        """The links of a type at the nearest level that has any; none when no level has."""
        for level in self.levels:
            if found := [link for link in level.links if link.link_type == asked]:
                return found
        for level in self.levels:
            page = level.page
            if page is not None and page.link_type == asked:
                return [page]
        return []


def find_links(session: Session, code: Code, *, whole: bool) -> Resolution:
    """Find what answers for a code: its own entry first, then those above it; one statement.

    Args:
        session: It reads only.
        code: The code.
        whole: All links; else only defaults and their language variants.

    Raises:
        UnknownCodeError: Nothing is known at any level, or the key is not served here.
    """
    keys = [level.path for level in code.levels()] if _is_served(code) else []
    asked = _parts(code)
    rows = session.execute(_RESOLVE, {"keys": keys, "whole": whole, **asked}).all()
    if not rows:
        sentence = f"Nothing is known here about {code.path}."
        if not _is_served(code):
            sentence += f" The keys served here are {', '.join(KEYS)}."
        raise UnknownCodeError(sentence, code=code.path)
    links: dict[str, list[KnownLink]] = {}
    heads = {}
    for row in rows:
        link = KnownLink(
            row.link_type, row.href, row.title, row.media_type, row.hreflang, row.context
        )
        held = links.setdefault(row.key, [])
        held.insert(0 if row.is_default else len(held), link)
        heads[row.key] = row
    levels = [KnownLevel(key, heads[key].description, links[key]) for key in keys if key in links]
    head = heads[levels[0].key]
    serial = asked["serial"]
    # A serial that nobody issued is told to the page as well, which warns of it.
    told = head.is_issued or not whole
    if told and head.product_id is not None and serial is not None:
        levels.insert(0, _item_level(code, levels[0], head.product_id, head.lot_code, serial))
    return Resolution(code, levels, head.of_product_id, head.lot_id, serial)


def _is_served(code: Code) -> bool:
    return isinstance(code, TraceLink) or code.key in KEYS


def _parts(code: Code) -> dict[str, str | None]:
    if isinstance(code, TraceLink):
        return {
            "gtin": None,
            "trace_code": code.code,
            "lot": code.lot,
            "serial": code.serial,
        }
    return {
        "gtin": code.value if code.key == "01" else None,
        "trace_code": None,
        "lot": code.get("10"),
        "serial": code.get("21"),
    }


def _item_level(
    code: Code, above: KnownLevel, product_id: int, lot: str | None, serial: str
) -> KnownLevel:
    page = with_query(product_page(product_id, lot), f"tem={quote(serial, safe='')}")
    link = KnownLink(DEFAULT, page, above.default.title)
    return KnownLevel(anchor(code).path, above.description, [link])
