"""Addresses of the platform's own trace codes: `/t/TX-7K3Q-9MHD/lo/L2610/tem/7K3Q9MHD4T2X`.

For products without a GTIN. `lo` (lot) and `tem` (serial, the number on the label) follow the code
in this order, each only if there is one; values follow the rules of GS1's (10) and (21), so a lot
keeps its number when the product gets a GTIN. Pure rules.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote

from traceability.errors import InvalidIdentifierError
from traceability.gs1.digital_link import (
    DigitalLink,
    decode_segment,
    product_link,
    split_pairs,
)
from traceability.gs1.identifiers import element, trace_code

_LOT, _SERIAL = "lo", "tem"


@dataclass(frozen=True, slots=True)
class TraceLink:
    """An own trace code and, below it, a lot and a serial."""

    code: str
    lot: str | None = None
    serial: str | None = None

    def __post_init__(self) -> None:
        """Check every part.

        Raises:
            InvalidIdentifierError: A wrong trace code, lot or serial.
        """
        if trace_code(self.code) != self.code:
            raise InvalidIdentifierError(f"{self.code!r} is written {trace_code(self.code)}.")
        for value in (self.lot, self.serial):
            if value is not None:
                element(value)

    @property
    def path(self) -> str:
        """The canonical raw path, percent-encoded, without a final slash."""
        below = ((_LOT, self.lot), (_SERIAL, self.serial))
        return f"/t/{self.code}" + "".join(
            f"/{name}/{quote(value, safe='-._~')}" for name, value in below if value is not None
        )

    def uri(self, base: str) -> str:
        """Write the full address below a base such as `https://example.vn`."""
        return base.rstrip("/") + self.path

    def levels(self) -> Iterator["TraceLink"]:
        """Yield where to look for an answer: this very thing first, its bare code last."""
        found = [
            self,
            TraceLink(self.code, None, self.serial),
            TraceLink(self.code, self.lot),
            TraceLink(self.code),
        ]
        yield from dict.fromkeys(found)


Code = DigitalLink | TraceLink


def parse_trace_path(raw_path: str) -> TraceLink:
    """Parse the raw path of a trace code's address; one final slash is tolerated.

    Raises:
        InvalidIdentifierError: Any breach of the form.
    """
    (start, code), *below = split_pairs(raw_path)
    names = [name for name, _ in below]
    if start != "t" or names not in ([], [_LOT], [_SERIAL], [_LOT, _SERIAL]):
        raise InvalidIdentifierError(
            f"{raw_path!r} is not the address of a trace code: /t/TX-7K3Q-9MHD, and after it"
            f" {_LOT} with a lot, {_SERIAL} with a serial, in this order."
        )
    held = {name: decode_segment(value) for name, value in below}
    # People's dashes are not always ASCII; what else is not, the code itself refuses.
    return TraceLink(trace_code(unquote(code)), held.get(_LOT), held.get(_SERIAL))


def label_code(
    gtin: str | None, trace_code: str, lot: str | None = None, serial: str | None = None
) -> Code:
    """Build what a label carries: the GS1 Digital Link where there is a GTIN, else the own code.

    Raises:
        InvalidIdentifierError: When a part breaks its rule.
    """
    if gtin is not None:
        return product_link(gtin, lot, serial)
    return TraceLink(trace_code, lot, serial)
