"""What an event consists of, as EPCIS 2.0 writes it in JSON. Pure.

The table of steps: harvesting is `commissioning` (CBV 2.0 has no step of that name: commissioning
"encompasses harvesting"), more of the same lot `creating_class_instance`, a recall `holding` with
the disposition `recalled`.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from gis.calendar import VIETNAM
from traceability.epcis.measures import as_coded

Body = dict[str, Any]
# Master data of lots by CBV; what CBV has no word for is the platform's own.
CBV_PREFIX, CBV_MASTER_DATA = "cbvmda", "urn:epcglobal:cbv:mda:"
OWN_PREFIX = "langbiang"


def extensions(base: str) -> list[dict[str, str]]:
    """The prefixes that our events use, as an extension of EPCIS' own context."""
    return [{CBV_PREFIX: CBV_MASTER_DATA, OWN_PREFIX: f"{base.rstrip('/')}/voc/"}]


def body(
    kind: str,
    at: datetime,
    *,
    step: str,
    disposition: str,
    action: str | None = None,
    read_point: str | None = None,
    biz_location: str | None = None,
    **members: Any,
) -> Body:
    """Build one event; members that are empty are left out.

    Args:
        kind: Such as `ObjectEvent`.
        at: The moment, with a zone; written in Vietnam's time.
        step: The business step of CBV.
        disposition: The disposition of CBV.
        action: `ADD`, `OBSERVE` or `DELETE`; none for a transformation.
        read_point: The address of where it happened.
        biz_location: The address of where the things are from then on.
        members: All others, in the standard's names.
    """
    moment = at.astimezone(VIETNAM)
    made: Body = {
        "type": kind,
        "eventTime": moment.isoformat(timespec="milliseconds"),
        "eventTimeZoneOffset": "+07:00",
        "action": action,
        "bizStep": step,
        "disposition": disposition,
        "readPoint": {"id": read_point} if read_point else None,
        "bizLocation": {"id": biz_location} if biz_location else None,
        **members,
    }
    return {name: value for name, value in made.items() if value not in (None, [], {})}


def quantity(epc_class: str, amount: Decimal | None = None, unit: str | None = None) -> Body:
    """One line of a quantity list; without an amount it means the whole lot."""
    if amount is None or unit is None:
        return {"epcClass": epc_class}
    coded, code = as_coded(amount, unit)
    made: Body = {"epcClass": epc_class, "quantity": number(coded)}
    return made | ({"uom": code} if code else {})


def number(value: Decimal) -> int | float:
    """A decimal as JSON writes it: whole numbers without a point."""
    return int(value) if value == value.to_integral_value() else float(value)


def lot_facts(
    code: str,
    *,
    harvested: Sequence[date] = (),
    produced_on: date | None = None,
    expires_on: date | None = None,
    growing_area_codes: Iterable[str] = (),
    country: str = "VN",
) -> Body:
    """What is said of a lot when it begins (ILMD)."""
    own = sorted(growing_area_codes)
    facts: Body = {
        "cbvmda:lotNumber": code,
        "cbvmda:harvestStartDate": min(harvested).isoformat() if harvested else None,
        "cbvmda:harvestEndDate": max(harvested).isoformat() if harvested else None,
        "cbvmda:productionDate": produced_on.isoformat() if produced_on else None,
        "cbvmda:itemExpirationDate": expires_on.isoformat() if expires_on else None,
        "cbvmda:countryOfOrigin": country,
        "langbiang:growingAreaCode": own[0] if len(own) == 1 else own,
    }
    return {name: value for name, value in facts.items() if value not in (None, [])}


def parties(sender: str | None, receiver: str | None) -> Body:
    """The source and destination lists of a change of owner."""
    made: Body = {}
    if sender:
        made["sourceList"] = [{"type": "owning_party", "source": sender}]
    if receiver:
        made["destinationList"] = [{"type": "owning_party", "destination": receiver}]
    return made


def document(kind: str, identifier: str | None) -> list[Body] | None:
    """The business transaction that a paper stands for, such as a test result."""
    return [{"type": kind, "bizTransaction": identifier}] if identifier else None


def paper_uri(base: str, paper_number: str) -> str:
    """The name of a paper that has only a number: an address below the site's own."""
    return f"{base.rstrip('/')}/giay-to/{quote(paper_number.strip(), safe='')}"
