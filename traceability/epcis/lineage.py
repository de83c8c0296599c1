"""What an event says of the lots of its serials and of its run, for tracing. Pure rules.

An EPC of one item drops the lot it was written with, and master data name the lot of what they
describe; both are kept as items of the role `lot`. A transformationID joins the inputs and outputs
of several events: role `run`.
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from traceability.epcis.epcs import canonical
from traceability.epcis.events import ReadEvent
from traceability.errors import InvalidIdentifierError

_LISTS = ("epcList", "outputEPCList")
# A Digital Link, or an own trace code, with both the lot and the serial.
_WITH_LOT = re.compile(
    r"^(.*/01/[0-9]{14}(?:/22/[^/]+)?/10/[^/]+|.*/t/TX-[^/]+/lo/[^/]+)/(?:21|tem)/"
)
_ITEM = re.compile(r"^(/01/[0-9]{14}|/t/[^/]+)/(?:21|tem)/")


def lots_of(event: ReadEvent) -> list[str]:
    """The keys of the lots that items of an event belong to, as far as it says so itself."""
    found = [
        canonical(match[1])
        for name in _LISTS
        for epc in event.body.get(name, ())
        if (match := _WITH_LOT.match(epc))
    ]
    number = _lot_number(event.body.get("ilmd"))
    if number:
        products = {
            match[1]
            for item in event.items
            if item.role in ("epc", "output") and (match := _ITEM.match(item.key))
        }
        found += filter(None, (_lot_key(product, number) for product in sorted(products)))
    return list(dict.fromkeys(found))


def roles_of(event: ReadEvent) -> Iterator[tuple[str, str]]:
    """Further items of an event, role and key, which follow those that it names itself."""
    for lot in lots_of(event):
        yield "lot", lot
    if event.transformation_id is not None:
        yield "run", event.transformation_id


def _lot_number(ilmd: object) -> str | None:
    """`cbvmda:lotNumber`, whatever the prefix is called."""
    if not isinstance(ilmd, Mapping):
        return None
    for name, value in ilmd.items():
        if name.rpartition(":")[2] == "lotNumber" and isinstance(value, str):
            return value
    return None


def _lot_key(product: str, number: str) -> str | None:
    qualifier = "10" if product.startswith("/01/") else "lo"
    try:
        return canonical(f"https://lot.invalid{product}/{qualifier}/{quote(number, safe='-._~')}")
    except InvalidIdentifierError:
        # Free text of others; no lot number of GS1.
        return None
