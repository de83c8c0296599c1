"""Reading a workbook of listings, and applying it: the worker's part.

A row names a product by GTIN, trace code or name, and an address on a marketplace, which its host
tells; a price if there is one. What each row would do is decided by the same rules as a form's, and
decided again when it is applied, since a day may lie between.
"""

import contextlib
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from etl.listing_requests import FILE, MOST_ROWS
from etl.models import Run
from etl.papers import XLSX, RefusedPaperError, recognise_paper
from etl.readers.tables import read_sheets
from etl.targets import fold_name
from gis.database import sign_as
from gis.errors import InvalidInputError, PlatformError
from traceability.errors import InvalidIdentifierError
from traceability.gs1.identifiers import gtin14, trace_code
from traceability.linking import links
from traceability.models import Listing, Marketplace, Product
from traceability.selling import marketplaces
from traceability.selling.marketplaces import Terms, read_price
from traceability.selling.offering import EditScope, is_within

OUTCOMES = ("new", "back", "price", "same", "wrong")
# How people head the columns, folded: no accents, no case, no punctuation.
_HEADS = {
    "code": {
        *("gtin", "ma gtin", "ma vach", "ma san pham", "ma truy vet", "ma truy xuat", "ma"),
        *("code", "sku", "trace code", "barcode", "product code"),
    },
    "name": {"ten san pham", "ten", "san pham", "product", "product name", "name"},
    "url": {
        *("dia chi tren san", "dia chi", "duong dan", "lien ket", "link", "url", "duong link"),
        *("link san pham", "dia chi ban", "address"),
    },
    "price": {"gia dong", "gia", "gia ban", "gia vnd", "gia ban dong", "price", "price vnd"},
}
_HEAD_WITHIN = 10
_MOST_SHEETS = 10


class _WrongRowError(Exception):
    """A row that cannot be taken; `reason` is a slug, `detail` says what was found."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


@dataclass
class PlannedRow:
    """What one row of the workbook would do; `row` counts as the sheet does, from 1."""

    row: int
    said: str
    url: str
    price_vnd: int | None = None
    product_id: int | None = None
    product: str | None = None
    marketplace: str | None = None
    outcome: str = "wrong"
    reason: str | None = None
    detail: str | None = None


def run_reading(sessions: sessionmaker[Session], folder: Path, run_id: int) -> None:
    """Read a workbook and write what it would do; does nothing when that was done."""
    with sessions.begin() as session:
        run = session.get(Run, run_id, with_for_update=True)
        if run is None or run.state not in ("waiting", "running") or run.report["stage"] != "read":
            return
        run.state = "running"
        scope, place = EditScope(**run.report["scope"]), folder / run.report["folder"]
    with _told(sessions, run_id):
        rows = list(read_rows(place / FILE))
        with sessions.begin() as session:
            plan_rows(session, scope, rows)
            run = session.get_one(Run, run_id)
            run.report = {
                **run.report,
                "rows": [asdict(row) for row in rows],
                "counts": count_outcomes(rows),
            }
            run.state, run.finished_at = "done", datetime.now(UTC)
    shutil.rmtree(place, ignore_errors=True)


def run_applying(sessions: sessionmaker[Session], run_id: int) -> None:
    """Apply the good rows of a workbook, in one transaction with the state that says so."""
    with _told(sessions, run_id), sessions.begin() as session:
        run = session.get(Run, run_id, with_for_update=True)
        if run is None or run.state not in ("waiting", "running") or run.report["stage"] != "apply":
            return
        sign_as(session, run.started_by, f"listings of {run.file_name}")
        rows = [PlannedRow(**row) for row in run.report["rows"]]
        wanted = [row for row in rows if row.outcome in ("new", "back", "price")]
        applied = apply_rows(session, EditScope(**run.report["scope"]), wanted)
        run.report = {
            **run.report,
            "rows": [asdict(row) for row in rows],
            "counts": count_outcomes(rows),
            "applied": applied,
        }
        run.state, run.finished_at = "done", datetime.now(UTC)


def read_rows(path: Path) -> Iterator[PlannedRow]:
    """Read the rows of the first sheet that has the columns needed.

    Raises:
        InvalidInputError: No workbook, one that cannot be read, too many rows, no such columns.
    """
    try:
        kind = recognise_paper(path)
    except RefusedPaperError as error:
        raise InvalidInputError(f"The workbook is not taken: {error.reason}.") from error
    if kind != XLSX:
        raise InvalidInputError("This is no Excel workbook (.xlsx).")
    for sheet in read_sheets(path, name="The workbook", most=_MOST_SHEETS):
        found = _find_head(sheet)
        if found is not None:
            yield from _body(sheet, *found)
            return
    raise InvalidInputError(
        "The workbook has no line with the names of the columns: one for the product (code or"
        " name) and one for the address on the marketplace."
    )


def plan_rows(session: Session, scope: EditScope, rows: list[PlannedRow]) -> None:
    """Decide what each row would do, or why it cannot be taken; reads only."""
    known = marketplaces.list_marketplaces(session)
    seen: set[tuple[int, str]] = set()
    for row in rows:
        if row.reason is not None:
            continue
        try:
            _plan(session, scope, known, row)
            if row.product_id is not None and (row.product_id, row.url) in seen:
                raise _WrongRowError("repeated")
            seen.add((row.product_id or 0, row.url))
        except _WrongRowError as error:
            row.outcome, row.reason, row.detail = "wrong", error.reason, error.detail


def apply_rows(session: Session, scope: EditScope, rows: list[PlannedRow]) -> int:
    """Add and change listings as planned; what does not fit any more is marked so; flushes.

    Returns:
        How many rows were applied.
    """
    known = marketplaces.list_marketplaces(session)
    applied = 0
    changed: dict[int, Product] = {}
    for row in rows:
        outcome, said = row.outcome, row.price_vnd
        product = session.get(Product, row.product_id) if row.product_id else None
        try:
            if product is None:
                raise _WrongRowError("no-product")
            _judge(session, scope, known, row, product)
            if row.outcome == "same":
                continue
            if row.outcome != outcome:
                raise _WrongRowError("changed-since")
            with session.begin_nested():
                _apply(session, product, row, said)
            applied += 1
            changed[product.id] = product
        except _WrongRowError as error:
            row.outcome, row.reason, row.detail = "wrong", error.reason, error.detail
        except PlatformError as error:
            row.outcome, row.reason, row.detail = "wrong", "changed-since", error.detail
    # Once for each product, however many of its addresses are new; in one order for all writers.
    for _, product in sorted(changed.items()):
        links.publish_product(session, product)
    return applied


def count_outcomes(rows: list[PlannedRow]) -> dict[str, int]:
    """Count the rows by what they would do."""
    counted = Counter(row.outcome for row in rows)
    return {"read": len(rows), **{outcome: counted[outcome] for outcome in OUTCOMES}}


def _apply(session: Session, product: Product, row: PlannedRow, price: int | None) -> None:
    listing = _same(session, product, row.url)
    if listing is None or listing.retired_at is not None:
        kept = listing.availability if listing is not None else None
        terms = Terms(price, kept)
        marketplaces.list_on_marketplace(
            session, product, row.marketplace, row.url, terms=terms, renew_links=False
        )
    else:
        marketplaces.change_listing(
            session,
            listing,
            url=row.url,
            terms=Terms(price, listing.availability),
            version=listing.version,
            renew_links=False,
        )


def _plan(session: Session, scope: EditScope, known: list[Marketplace], row: PlannedRow) -> None:
    if not row.url:
        raise _WrongRowError("no-address")
    product = _find_product(session, scope, row.said)
    _judge(session, scope, known, row, product)


def _judge(
    session: Session,
    scope: EditScope,
    known: list[Marketplace],
    row: PlannedRow,
    product: Product,
) -> None:
    row.product_id, row.product = product.id, product.name
    if not is_within(session, scope, product):
        raise _WrongRowError("not-yours")
    try:
        marketplace = marketplaces.of_host(known, row.url)
        row.url = marketplaces.check_listing_url(marketplace.hosts, row.url)
    except InvalidInputError as error:
        raise _WrongRowError("address", error.detail) from error
    row.marketplace = marketplace.code
    listing = _same(session, product, row.url)
    if listing is None:
        row.outcome = "new"
    elif listing.retired_at is not None:
        row.outcome = "back"
    elif row.price_vnd not in (None, listing.price_vnd):
        row.outcome = "price"
    else:
        row.outcome = "same"


def _same(session: Session, product: Product, url: str) -> Listing | None:
    return session.scalar(
        select(Listing).where(Listing.product_id == product.id, Listing.url == url)
    )


def _find_product(session: Session, scope: EditScope, said: str) -> Product:
    """Find what a row means: a code first, else a name that only one product within reach has."""
    if not said:
        raise _WrongRowError("no-code")
    with contextlib.suppress(InvalidIdentifierError):
        by_gtin = session.scalar(select(Product).where(Product.gtin == gtin14(said)))
        if by_gtin is not None:
            return by_gtin
    with contextlib.suppress(InvalidIdentifierError):
        by_code = session.scalar(select(Product).where(Product.trace_code == trace_code(said)))
        if by_code is not None:
            return by_code
    folded = func.public.f_unaccent(func.lower(Product.name))
    wanted = func.public.f_unaccent(func.lower(" ".join(said.split())))
    named = session.scalars(select(Product).where(folded == wanted).limit(50)).all()
    mine = [product for product in named if is_within(session, scope, product)]
    if len(mine) == 1:
        return mine[0]
    if not named:
        raise _WrongRowError("no-product", said[:100])
    raise _WrongRowError("several-products" if mine else "not-yours", said[:100])


def _find_head(sheet: list[list[Any]]) -> tuple[int, dict[str, int]] | None:
    for number, line in enumerate(sheet[:_HEAD_WITHIN]):
        columns: dict[str, int] = {}
        for place, cell in enumerate(line):
            words = fold_name(str(cell)).replace("_", " ").strip()
            for field, spellings in _HEADS.items():
                if words in spellings:
                    columns.setdefault(field, place)
        if "url" in columns and ("code" in columns or "name" in columns):
            return number, columns
    return None


def _body(sheet: list[list[Any]], head: int, columns: dict[str, int]) -> Iterator[PlannedRow]:
    lines = [
        (number, line)
        for number, line in enumerate(sheet[head + 1 :], head + 2)
        if any(str(cell).strip() for cell in line)
    ]
    if not lines:
        raise InvalidInputError("The workbook has no rows below the names of the columns.")
    if len(lines) > MOST_ROWS:
        raise InvalidInputError(f"The workbook has {len(lines)} rows; {MOST_ROWS} are the most.")
    for number, line in lines:

        def cell(field: str, line: list[Any] = line) -> str:
            place = columns.get(field)
            return _text(line[place]) if place is not None and place < len(line) else ""

        row = PlannedRow(number, cell("code") or cell("name"), cell("url"))
        try:
            row.price_vnd = read_price(cell("price"))
        except InvalidInputError as error:
            row.reason, row.detail = "price", error.detail
        yield row


def _text(value: Any) -> str:
    """A cell as people see it: a number without the `.0` that workbooks keep."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())


@contextlib.contextmanager
def _told(sessions: sessionmaker[Session], run_id: int) -> Iterator[None]:
    """Write what went wrong into the run, as one sentence."""
    try:
        yield
    except Exception as error:
        sentence = (
            error.detail if isinstance(error, PlatformError) else "Unexpected error; see log."
        )
        with sessions.begin() as session:
            run = session.get(Run, run_id, with_for_update=True)
            if run is not None:
                run.state, run.error, run.finished_at = "failed", sentence, datetime.now(UTC)
        if not isinstance(error, PlatformError):
            raise
