"""Batches of serials on paper: what one order prints, issues and writes into files as they come.

Memory does not grow with the number of labels: serials come in portions, pages and pictures leave
for the file as soon as they are drawn.
"""

import csv
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal, TextIO

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from gis.errors import NotFoundError
from gis.models import AdministrativeUnit
from traceability.gs1.trace_link import label_code
from traceability.labelling import labels, qr
from traceability.labelling.label_sheets import SHEETS
from traceability.labelling.serials import issue_batch
from traceability.models import Lot, Product, SerialBatch, SerialChange

COLUMNS = ("gtin", "lot", "serial", "uri")
Picture = Literal["png", "svg"]
# Pixels a module: 300 dpi for a symbol of some 15 mm, and enough for any phone.
_PNG_SCALE = 8
_SVG_SIDE_MM = 20.0
_TOLD_EACH = 500


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch with its product, its lot and how many of its serials are in which state."""

    batch: SerialBatch
    product: Product
    lot: Lot | None
    states: dict[str, int]


@dataclass(frozen=True, slots=True)
class LabelFiles:
    """Where the labels of a batch go; what is absent is not written.

    `start` is the place of the first label on the first sheet.
    """

    pdf: BinaryIO | None = None
    table: TextIO | None = None
    pictures: tuple[Picture, BinaryIO] | None = None
    sheet: str = "24"
    start: int = 1


def print_batch(
    session: Session,
    batch: SerialBatch,
    product: Product,
    lot: Lot | None,
    base: str,
    files: LabelFiles,
    advance: Callable[[int], None] | None = None,
) -> int:
    """Issue the serials of a new batch and write their labels; return the pages of the PDF.

    Args:
        session: The transaction that issues: the files count only when it commits.
        batch: From `serials.open_batch`.
        product: Of the batch.
        lot: Of the batch, if it has one.
        base: The public address that the codes lead to.
        files: What is written.
        advance: Called with the number of labels done since it was called last.

    Raises:
        InvalidInputError: When a code is too long for a QR symbol.
        UnavailableError: When no font with Vietnamese letters is installed.
    """
    code = lot.code if lot else None

    def label(serial: str) -> labels.Label:
        uri = label_code(product.gtin, product.trace_code, code, serial).uri(base)
        return labels.Label(uri, product.name, code, serial, product.is_demo)

    like = label("0" * 12)
    made: Iterator[labels.Label] = (label(one) for one in issue_batch(session, batch))
    if files.table is not None:
        made = _tabled(made, files.table, product.gtin or "")
    if files.pictures is not None:
        made = _pictured(made, *files.pictures, like)
    if files.pdf is not None:
        return labels.write_sheets(
            files.pdf,
            made,
            like=like,
            sheet=SHEETS[files.sheet],
            start=files.start,
            advance=advance,
        )
    done = 0
    for _ in made:
        done += 1
        if advance is not None and done % _TOLD_EACH == 0:
            advance(_TOLD_EACH)
    if advance is not None and done % _TOLD_EACH:
        advance(done % _TOLD_EACH)
    return 0


def get_batch(session: Session, batch_id: int) -> Batch:
    """Find a batch with what it is of.

    Raises:
        NotFoundError: There is none.
    """
    found = _batches(session, SerialBatch.id == batch_id, limit=1)
    if not found:
        raise NotFoundError(f"There is no batch {batch_id}.")
    return found[0]


def list_batches(
    session: Session,
    *,
    producer_id: int | None = None,
    commune_code: str | None = None,
    limit: int = 50,
) -> list[Batch]:
    """The newest batches, of one producer's products, or of those of one commune, or of all."""
    return _batches(session, _within(producer_id, commune_code), limit=limit)


def list_labelled(
    session: Session,
    *,
    producer_id: int | None = None,
    commune_code: str | None = None,
    limit: int = 500,
) -> list[Product]:
    """The products that somebody may print labels for, by name."""
    return list(
        session.scalars(
            select(Product)
            .where(_within(producer_id, commune_code))
            .order_by(Product.name, Product.id)
            .limit(limit)
        )
    )


def _within(producer_id: int | None, commune_code: str | None) -> ColumnElement[bool]:
    if producer_id is not None:
        return Product.producer_id == producer_id
    if commune_code is not None:
        units = select(AdministrativeUnit.id).where(AdministrativeUnit.code == commune_code)
        return Product.commune_id.in_(units)
    return true()


def _batches(session: Session, condition: ColumnElement[bool], *, limit: int) -> list[Batch]:
    rows = session.execute(
        select(SerialBatch, Product, Lot)
        .join(Product, Product.id == SerialBatch.product_id)
        .outerjoin(Lot, Lot.id == SerialBatch.lot_id)
        .where(condition)
        .order_by(SerialBatch.id.desc())
        .limit(limit)
    ).all()
    counted = {batch.id: Counter({"issued": batch.count}) for batch, _, _ in rows}
    # All began as issued and every change is recorded: a few lines instead of a million serials.
    for batch_id, before, after, count in session.execute(
        select(
            SerialChange.batch_id,
            SerialChange.from_state,
            SerialChange.to_state,
            func.sum(SerialChange.count),
        )
        .where(SerialChange.batch_id.in_(list(counted)))
        .group_by(SerialChange.batch_id, SerialChange.from_state, SerialChange.to_state)
    ):
        counted[batch_id or 0].update({before: -count, after: count})
    return [Batch(batch, product, lot, dict(counted[batch.id])) for batch, product, lot in rows]


def _tabled(made: Iterator[labels.Label], file: TextIO, gtin: str) -> Iterator[labels.Label]:
    table = csv.writer(file, lineterminator="\n")
    table.writerow(COLUMNS)
    for label in made:
        table.writerow((gtin, label.lot or "", label.serial, label.uri))
        yield label


def _pictured(
    made: Iterator[labels.Label], kind: Picture, file: BinaryIO, like: labels.Label
) -> Iterator[labels.Label]:
    symbols = qr.Symbols(like.uri)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for number, label in enumerate(made, 1):
            modules = symbols.modules(label.uri)
            name = f"{number:06d}-{label.serial}.{kind}"
            if kind == "png":
                content = qr.png(modules, _PNG_SCALE)
                # PNG is deflated already.
                archive.writestr(name, content, zipfile.ZIP_STORED)
            else:
                archive.writestr(name, qr.svg(modules, label.uri, _SVG_SIDE_MM))
            yield label
