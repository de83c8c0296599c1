"""Numbers of OCOP products and forms (QĐ 26/2026/QĐ-TTg, forms 01 and 02).

    product   (T)-(X)-(STT)-20YY: province, commune, the commune's serial, year of grading
    form      (STT)-(n)/PĐK-(T)-(X)-(year): the product's serial and which dossier of it this is

A dossier that waits for its grading has the year in which it was filed. How many digits a serial
has is not said; three are ours. The two blanks before the slash of the form's number are read here
as serial and count.
"""

import re
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError
from traceability.models import Certificate, OcopSerial

_PRODUCT = re.compile(r"(\d{2})-(\d{5})-(\d{1,4})-(20\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ProductNumber:
    """A product's number in its parts."""

    province: str
    commune: str
    serial: int
    year: int

    def __str__(self) -> str:
        """As printed: `68-24848-012-2026`."""
        return f"{self.province}-{self.commune}-{self.serial:03d}-{self.year}"


def read_product_number(text: str) -> ProductNumber:
    """Read a product's number.

    Raises:
        InvalidInputError: It has another form.
    """
    found = _PRODUCT.fullmatch(text.strip())
    if found is None:
        raise InvalidInputError(f"{text!r} is no OCOP product number such as 68-24848-012-2026.")
    return ProductNumber(found[1], found[2], int(found[3]), int(found[4]))


def number_in_year(number: str, year: int) -> str:
    """Return a product's number with another year; its serial alone makes it the only one."""
    return f"{number.rpartition('-')[0]}-{year}"


def form_number(number: ProductNumber, count: int) -> str:
    """Return the number of a product's form, `count` being which dossier of it this is."""
    return f"{number.serial:03d}-{count:02d}/PĐK-{number.province}-{number.commune}-{number.year}"


def next_serial(session: Session, province: str, commune: str) -> int:
    """Take the commune's next serial; flushes. Two who ask at once get two.

    A commune's first one follows the serials of certificates already recorded.
    """
    known = select(func.max(func.split_part(Certificate.number, "-", 3).cast(OcopSerial.last.type)))
    highest = session.scalar(
        known.where(Certificate.number.regexp_match(rf"^{province}-{commune}-\d{{1,4}}-20\d\d$"))
    )
    first = insert(OcopSerial).values(commune_code=commune, last=(highest or 0) + 1)
    taken: int | None = session.scalar(
        first.on_conflict_do_update(
            index_elements=[OcopSerial.commune_code],
            set_={"last": func.greatest(OcopSerial.last + 1, first.excluded.last)},
        ).returning(OcopSerial.last)
    )
    assert taken is not None
    return taken
