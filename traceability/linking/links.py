"""Resolver entries: where each code leads, and which hosts it may lead to."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from sqlalchemy import and_, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gis.errors import NotFoundError
from traceability.errors import ForbiddenLinkError
from traceability.gs1.digital_link import DigitalLink, parse_path
from traceability.gs1.trace_link import Code, TraceLink, label_code, parse_trace_path
from traceability.linking.link_types import CERTIFICATION, DEFAULT, RETAILERS, TRACEABILITY
from traceability.models import (
    Certificate,
    Link,
    LinkEntry,
    Listing,
    Lot,
    Marketplace,
    Product,
)

# What RFC 3986 admits in an address; quote() escapes all the rest.
_ADDRESS = ":/?#[]@!$&'()*+,;=%-._~"
_HTML = "text/html"
# What stands before a domain in the name of a host (RFC 1123 2.1): labels, none of them empty.
_LABELS = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*", re.ASCII)

# Dead and retired addresses are hidden, never deleted.
LISTED = and_(Listing.dead_since.is_(None), Listing.retired_at.is_(None))


@dataclass(frozen=True, slots=True)
class Target:
    """One link to be stored."""

    link_type: str
    href: str
    title: str
    media_type: str | None = None
    hreflang: Sequence[str] = ()
    context: str | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """An entry with its links."""

    code: Code
    entry: LinkEntry
    links: list[Link]

    @property
    def default(self) -> Link:
        """The one default link."""
        return next(link for link in self.links if link.is_default)


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """The hosts that links may lead to: exact ones (with port where given), and whole domains.

    `site` is the host of this site, where it is known.
    """

    exact: frozenset[str]
    domains: tuple[str, ...] = field(default=())
    site: str = ""

    def check(self, href: str) -> str:
        """Return the address in plain ASCII; one on this site begins with a single slash.

        Raises:
            ForbiddenLinkError: Another scheme, a user in it, or a host that is not allowed.
        """
        if href.startswith("/") and not href.startswith(("//", "/\\")):
            return _ascii(href)
        address = plain_address(href)
        parts = urlsplit(address)
        known = {parts.netloc, parts.hostname} & self.exact
        within = parts.scheme == "https" and any(
            is_within(parts.netloc, domain) for domain in self.domains
        )
        if not known and not within:
            raise ForbiddenLinkError(
                f"Links may not lead to {parts.netloc}. The operator can allow it:"
                f" --allow-host {parts.netloc}, or LANGBIANG_LINK_HOSTS.",
                host=parts.netloc,
            )
        return address


def allowed_hosts(session: Session, hosts: Iterable[str], public_url: str | None) -> AllowedHosts:
    """Gather what links may lead to: the operator's hosts, this site, the marketplaces."""
    exact = {host.strip().lower() for host in hosts if host.strip()}
    site = urlsplit(public_url or "").netloc.lower()
    if site:
        exact.add(site)
    domains = session.scalars(select(Marketplace.hosts))
    return AllowedHosts(frozenset(exact), tuple(host for each in domains for host in each), site)


def replace_entry(
    session: Session,
    code: Code,
    targets: Sequence[Target],
    *,
    description: str | None = None,
    product_id: int | None = None,
) -> None:
    """Store the whole entry of a code; what was there is gone.

    Args:
        session: The transaction.
        code: The code.
        targets: The links; the first is the default.
        description: What the code stands on.
        product_id: The product for whom the entry is made automatically; None: it was posted.
    """
    replace_entries(session, [(code, targets, description)], product_id=product_id)


def replace_entries(
    session: Session,
    entries: Iterable[tuple[Code, Sequence[Target], str | None]],
    *,
    product_id: int | None = None,
) -> None:
    """Store whole entries: a code, its links (the first is the default), its description.

    Keys are written in one order, so that two who write the same ones wait for each other and never
    deadlock.
    """
    given = sorted(
        ((anchor(code).path, targets, said) for code, targets, said in entries),
        key=lambda entry: entry[0],
    )
    session.flush()
    statement = insert(LinkEntry)
    statement = statement.on_conflict_do_update(
        index_elements=[LinkEntry.key],
        set_={
            "description": statement.excluded.description,
            "product_id": statement.excluded.product_id,
            "version": LinkEntry.version + 1,
            "updated_at": func.now(),
        },
    )
    rows = [{"key": key, "description": said, "product_id": product_id} for key, _, said in given]
    written = session.execute(statement.returning(LinkEntry.key, LinkEntry.id), rows)
    ids = {row.key: row.id for row in written}
    session.execute(delete(Link).where(Link.entry_id == func.any(list(ids.values()))))
    links = [
        {
            "entry_id": ids[key],
            "position": position,
            "is_default": position == 0,
            "link_type": target.link_type,
            "href": target.href,
            "title": target.title,
            "media_type": target.media_type,
            "hreflang": list(target.hreflang),
            "context": target.context,
        }
        for key, targets, _ in given
        for position, target in enumerate(targets)
    ]
    session.execute(insert(Link), links)


def get_entry(session: Session, code: Code) -> Level:
    """Return the entry of exactly this code.

    Raises:
        NotFoundError: When it has none.
    """
    levels = get_entries(session, [code])
    if not levels:
        key = anchor(code).path
        raise NotFoundError(f"There is no entry for {key}.", code=key)
    return levels[0]


def get_entries(session: Session, codes: Iterable[Code]) -> list[Level]:
    """Return the entries of exactly these codes, in their order; those without one are left out."""
    wanted = {anchor(code).path: anchor(code) for code in codes}
    rows = session.execute(
        select(LinkEntry, Link)
        .join(Link, Link.entry_id == LinkEntry.id)
        .where(LinkEntry.key == func.any(list(wanted)))
        .order_by(Link.entry_id, Link.position)
        # Entries are written past the session: what it remembers of them may be old.
        .execution_options(populate_existing=True)
    )
    found: dict[str, Level] = {}
    for entry, link in rows:
        found.setdefault(entry.key, Level(wanted[entry.key], entry, [])).links.append(link)
    return [found[key] for key in wanted if key in found]


def known_keys(session: Session, keys: Iterable[str]) -> set[str]:
    """Which of these keys have an entry."""
    wanted = list(keys)
    return set(session.scalars(select(LinkEntry.key).where(LinkEntry.key == func.any(wanted))))


def list_entries(session: Session, *, limit: int, offset: int = 0) -> list[Level]:
    """List entries by key; at most `limit`, after `offset`."""
    page = select(LinkEntry.id).order_by(LinkEntry.key).limit(limit).offset(offset)
    rows = session.execute(
        select(LinkEntry, Link)
        .join(Link, Link.entry_id == LinkEntry.id)
        .where(LinkEntry.id.in_(page))
        .order_by(LinkEntry.key, Link.position)
    )
    found: dict[str, Level] = {}
    for entry, link in rows:
        level = found.setdefault(entry.key, Level(parse_code(entry.key), entry, []))
        level.links.append(link)
    return list(found.values())


def anchor(code: Code) -> Code:
    """Return the code under which an entry is kept: a serial stands alone below its GTIN.

    A registration holds (01)+(21) without (22) or (10) (GS1-Conformant Resolver Standard 1.2,
    section 2.5.9 rule 2); scans that name the lot as well find it while walking up.
    """
    if isinstance(code, TraceLink):
        return TraceLink(code.code, None, code.serial) if code.serial else code
    if code.key == "01" and (serial := code.get("21")):
        return DigitalLink("01", code.value, (("21", serial),))
    return code


def publish_product(session: Session, product: Product) -> None:
    """Make or renew the automatic entries of a product and its lots; posted ones stay; flushes."""
    page = product_page(product.id)
    targets = _targets(session, product, page)
    _publish(session, product_codes(product), targets, product)
    for lot in session.scalars(select(Lot).where(Lot.product_id == product.id)):
        publish_lot(session, product, lot)


def publish_lot(session: Session, product: Product, lot: Lot) -> None:
    """Make or renew the automatic entries of a lot; posted ones stay; flushes."""
    targets = _targets(session, product, product_page(product.id, lot.code), f", lô {lot.code}")
    _publish(session, product_codes(product, lot.code), targets, product)


def product_codes(
    product: Product, lot: str | None = None, serial: str | None = None
) -> list[Code]:
    """List the codes a product (or its lot or item) answers to: its GTIN's first, its own last."""
    codes: list[Code] = [TraceLink(product.trace_code, lot, serial)]
    if product.gtin is not None:
        codes.insert(0, label_code(product.gtin, product.trace_code, lot, serial))
    return codes


def product_page(product_id: int, lot: str | None = None) -> str:
    """Return the path of the public page of a product or of its lot."""
    page = f"/san-pham/{product_id}"
    return page if lot is None else f"{page}/lo/{quote(lot, safe='')}"


def parse_code(raw_path: str) -> Code:
    """Parse a raw path as a GS1 Digital Link or an own trace code.

    Raises:
        InvalidIdentifierError: When it is neither.
    """
    if raw_path.startswith("/t/"):
        return parse_trace_path(raw_path)
    return parse_path(raw_path)


def plain_address(url: str) -> str:
    """Return an http(s) address in plain ASCII, scheme and host in lower case.

    Raises:
        ForbiddenLinkError: Another scheme, a user or odd port, spaces, backslashes or control
            characters (browsers read a backslash as a slash: another host than the one checked).
    """
    if any(c <= " " or c in "\\\x7f" or c.isspace() for c in url):
        raise ForbiddenLinkError(f"{url!r} is not an address: it holds spaces or backslashes.")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ForbiddenLinkError(f"{url!r} is not an address.") from error
    host = parts.netloc.lower()
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname or "@" in host:
        raise ForbiddenLinkError(f"{url!r} is not a plain http or https address.")
    if not host.isascii():
        raise ForbiddenLinkError(f"{url!r}: write its host in ASCII (punycode).")
    return _ascii(parts._replace(scheme=parts.scheme.lower(), netloc=host).geturl())


def is_within(host: str, domain: str) -> bool:
    """Say whether a host, in lower case, is a domain or one of its subdomains."""
    return host.endswith(domain) and _LABELS.fullmatch(host.removesuffix(domain)) is not None


def _publish(
    session: Session, codes: Sequence[Code], targets: list[Target], product: Product
) -> None:
    called = {anchor(code).path: code for code in codes}
    posted = set(
        session.scalars(
            select(LinkEntry.key).where(LinkEntry.key.in_(called), LinkEntry.product_id.is_(None))
        )
    )
    entries = [(code, targets, product.name) for key, code in called.items() if key not in posted]
    if entries:
        replace_entries(session, entries, product_id=product.id)


def _targets(session: Session, product: Product, page: str, suffix: str = "") -> list[Target]:
    title = f"{product.name}{suffix}"
    targets = [Target(DEFAULT, page, title, _HTML, ("vi",))]
    targets += [
        Target(RETAILERS, url, f"{product.name} trên {marketplace}", _HTML, ("vi",))
        for url, marketplace in session.execute(
            select(Listing.url, Marketplace.name)
            .join(Marketplace, Marketplace.id == Listing.marketplace_id)
            .where(
                Listing.product_id == product.id,
                LISTED,
            )
            .order_by(Marketplace.position, Listing.id)
        )
    ]
    certified = select(Certificate.id).where(Certificate.product_id == product.id).limit(1)
    if session.scalar(certified) is not None:
        href = f"{page}#chung-nhan"
        targets.append(
            Target(
                CERTIFICATION,
                href,
                f"Chứng nhận OCOP của {product.name}",
                _HTML,
                ("vi",),
            )
        )
    targets.append(
        Target(
            TRACEABILITY,
            f"{page}#hanh-trinh",
            f"Hành trình của {title}",
            _HTML,
            ("vi",),
        )
    )
    return targets


def _ascii(address: str) -> str:
    return quote(address, safe=_ADDRESS)
