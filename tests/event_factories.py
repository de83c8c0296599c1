"""Small events that tests of the journal stand on."""

from typing import Any

from traceability.epcis.capture import Captor

BY = Captor("an", None, frozenset({"officer"}))
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"


def event(minute: int = 0, **members) -> dict:
    """An inspection of a lot of somebody else's."""
    made = {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "eventTime": f"2026-10-05T06:{minute:02d}:00+07:00",
        "eventTimeZoneOffset": "+07:00",
        "bizStep": "inspecting",
        "disposition": "conformant",
        "readPoint": {"id": "urn:epc:id:sgln:0614141.00777.0"},
        "quantityList": [
            {"epcClass": "urn:epc:class:lgtin:4012345.011111.4444", "quantity": 4.5, "uom": "KGM"}
        ],
    }
    return {**made, **members}


def did(step: str, action: str | None = "OBSERVE", hour: int = 6, **members: Any) -> dict[str, Any]:
    """What was done at an hour of one day; an action of None is left out."""
    made = {
        "type": "ObjectEvent",
        "eventTime": f"2026-11-01T{hour:02d}:00:00+07:00",
        "eventTimeZoneOffset": "+07:00",
        "action": action,
        "bizStep": step,
        **members,
    }
    return {name: value for name, value in made.items() if value is not None}


def document(*events) -> dict:
    """An EPCISDocument of events."""
    return {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-10-12T09:30:00+07:00",
        "epcisBody": {"eventList": list(events)},
    }
