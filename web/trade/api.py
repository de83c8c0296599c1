"""Lots and traces for programs: `POST /api/v1/lots`, `GET /api/v1/trace`."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

import orjson
from flask import Blueprint, Response, request, url_for
from pydantic import BaseModel, ConfigDict, Field

from gis.errors import InvalidInputError, NotFoundError
from traceability.following.finding import find_things
from traceability.following.genealogy import Way, read_genealogy
from traceability.following.places import Place
from traceability.lots import find_lot, make_lot
from traceability.products import get_product
from traceability.recording.harvests import Harvest, record_harvest
from traceability.recording.keeping import demand_own, demand_past
from web import access, api
from web.bodies import read_body
from web.context import transaction
from web.product_api import write_lot
from web.trade.keepers import keeper, own_areas
from web.trade.tracing import describe, reader

blueprint = Blueprint("trade_api", __name__, url_prefix="/api/v1")
_WAYS: dict[str, Way] = {"back": "back", "forward": "forward", "both": "both"}
_DEEPEST = 100
Amount = Annotated[Decimal, Field(gt=0, lt=10**11, max_digits=14, decimal_places=3)]


class HarvestDocument(BaseModel):
    """What one growing area gave: its code (or number) and how much, in the lot's unit."""

    model_config = ConfigDict(extra="forbid")
    growing_area: Annotated[str, Field(min_length=1, max_length=60)]
    quantity: Amount


class LotDocument(BaseModel):
    """A new lot, or more of one: from harvests, or, for what does not grow, of an amount."""

    model_config = ConfigDict(extra="forbid")
    product: Annotated[int, Field(gt=0)]
    code: Annotated[str, Field(min_length=1, max_length=20)]
    unit: Annotated[str, Field(min_length=1, max_length=20)] = "kg"
    harvests: Annotated[list[HarvestDocument], Field(max_length=200)] = []
    quantity: Amount | None = None
    at: datetime | None = None
    produced_on: date | None = None
    expires_on: date | None = None


@blueprint.post("/lots")
@access.roles("producer", "officer", "administrator")
@api.body(LotDocument)
def make() -> Response:
    """Make a lot of one's own product; its harvests become events of the journal.

    With `harvests`, a lot of this code that is there already is added to (200); else it is new
    (201). Without, the lot has the amount given, and a code in use is a conflict (409).
    """
    document = read_body(LotDocument)
    at = document.at or datetime.now(UTC)
    if at.tzinfo is None:
        raise InvalidInputError(
            "The moment needs a zone, such as +07:00.",
            errors=[{"pointer": "/at", "detail": "A time with its zone."}],
        )
    demand_past(at)
    with transaction("making a lot") as session:
        by = keeper()
        product = get_product(session, document.product)
        demand_own(session, by, product)
        is_new = find_lot(session, product.id, document.code) is None
        if document.harvests:
            areas = _by_name(own_areas(session, by))
            harvests = []
            for place, each in enumerate(document.harvests):
                area = areas.get(each.growing_area.upper())
                if area is None:
                    raise NotFoundError(
                        f"You have no growing area {each.growing_area}.",
                        errors=[{"pointer": f"/harvests/{place}/growing_area"}],
                    )
                harvests.append(Harvest(area, each.quantity))
            lot, events = record_harvest(
                session,
                by,
                product,
                document.code,
                harvests,
                unit=document.unit,
                at=at,
                expires_on=document.expires_on,
            )
        else:
            events = []
            lot = make_lot(
                session,
                product,
                document.code,
                [],
                quantity=document.quantity,
                unit=document.unit if document.quantity is not None else None,
                produced_on=document.produced_on,
                expires_on=document.expires_on,
            )
        session.flush()
        content = write_lot(lot, product) | {"events": [event.hash_id for event in events]}
        response = Response(
            orjson.dumps(content, default=_plain),
            201 if is_new else 200,
            content_type="application/json",
        )
        response.headers["Location"] = url_for("product_api.get_lot", lot_id=lot.id)
        return response


@blueprint.get("/trace")
@access.roles("producer", "officer", "administrator", "leader", "researcher")
@api.parameters(
    code="Any code: GTIN, lot, serial, SSCC, trace code, element string, EPC URN, Digital Link",
    direction="back, forward or both (default)",
    depth="At most so many steps each way; 100 is the most",
)
def trace() -> Response:
    """Trace any code: the things it came from and went into, and the events on the way.

    A bare number that several lots or items have is a mistake that lists them in `choices`.
    """
    way = request.args.get("direction", "both")
    if way not in _WAYS:
        raise InvalidInputError("direction is back, forward or both.", parameter="direction")
    depth = request.args.get("depth")
    if depth is not None and not (depth.isascii() and depth.isdigit() and int(depth[:4]) > 0):
        raise InvalidInputError("depth is a whole number from 1.", parameter="depth")
    with transaction() as session:
        things = find_things(session, request.args.get("code", ""))
        if len(things) > 1:
            raise InvalidInputError(
                "Several things have this number; ask for one of them by its key.",
                choices=[{"kind": each.kind, "key": each.keys[0]} for each in things],
            )
        found = read_genealogy(
            session,
            things[0],
            way=_WAYS[way],
            depth=min(int(depth[:4]), _DEEPEST) if depth else None,
            reader=reader(),
        )
        content = describe(things[0], found)
        content["events"] = [
            {
                "sequence": card.sequence,
                "hash_id": card.event.hash_id,
                "event_time": card.event.event_time,
                "revoked": card.is_revoked,
                "chain_position": card.position,
                "chain_hash": card.chain_hash,
                "body": orjson.Fragment(card.event.body),
            }
            for card in found.events
        ]
        response = Response(orjson.dumps(content), content_type="application/json")
        response.headers["Cache-Control"] = "private, no-store"
        return response


def _by_name(areas: list[Place]) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for area in areas:
        found |= {area.code.upper(): area, str(area.id): area}
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value)} is not JSON")
