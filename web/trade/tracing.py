"""Tracing for people who work with it: any code, back and forward, as a picture and a timeline."""

import csv
import io
from typing import Any
from urllib.parse import quote

import orjson
from flask import Blueprint, Response, current_app, render_template, request, url_for

from gis.calendar import VIETNAM
from gis.errors import InvalidInputError, NotFoundError
from traceability.epcis.queries import Reader
from traceability.following.finding import Thing, find_things
from traceability.following.genealogy import Genealogy, Way, read_genealogy
from traceability.following.journal_pages import EventCard
from traceability.following.recalls import find_recalls
from traceability.linking.links import product_page
from web import access
from web.context import current_account, transaction
from web.trade.graph import HEIGHT, WIDTH, draw, shorten
from web.trade.keepers import keep_no_copy
from web.trade.words import EVENT_WORDS, kind_of, tell_number

blueprint = Blueprint("trade_tracing", __name__, url_prefix="/truy-vet")
blueprint.after_request(keep_no_copy)

WAYS: dict[str, Way] = {"": "both", "nguoc": "back", "xuoi": "forward"}
_MOST_EVENTS_IN_FILE = 20_000
# What a spreadsheet would take for a formula (CWE-1236).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@blueprint.get("")
@access.roles("producer", "officer", "administrator", "leader", "researcher")
def page() -> str | tuple[str, int]:
    """Type or scan any code; what is known of it, both ways."""
    typed = request.args.get("ma", "").strip()[:2000]
    way = request.args.get("chieu", "")
    shown: dict[str, Any] = {"typed": typed, "way": way if way in WAYS else "", "mistake": None}
    if not typed:
        return render_template("trade/trace.html", **shown, thing=None, choices=[])
    with transaction() as session:
        try:
            things = find_things(session, typed)
        except (InvalidInputError, NotFoundError) as error:
            shown["mistake"] = "unknown" if isinstance(error, NotFoundError) else "wrong"
            page = render_template("trade/trace.html", **shown, thing=None, choices=[])
            return page, 404 if shown["mistake"] == "unknown" else 400
        if len(things) > 1:
            return render_template("trade/trace.html", **shown, thing=None, choices=things)
        thing = things[0]
        found = read_genealogy(session, thing, way=WAYS[shown["way"]], reader=reader())
        return render_template(
            "trade/trace.html",
            **shown,
            thing=thing,
            choices=[],
            found=found,
            recall=find_recalls(session, {"asked": list(thing.keys)}).get("asked"),
            drawing=draw(found.nodes, found.steps, thing.keys),
            shorten=shorten,
            box_width=WIDTH,
            box_height=HEIGHT,
            public_page=_public_page(thing),
            event_words=EVENT_WORDS,
            kind_of=kind_of,
            amount=tell_number,
            proof_of=_proof_of,
            names={node.key: node for node in found.nodes},
        )


@blueprint.get("/tai-ve.csv")
@access.roles("producer", "officer", "administrator", "leader", "researcher")
def as_csv() -> Response:
    """The events of a trace as a table for a spreadsheet: UTF-8 with its mark."""
    with transaction() as session:
        thing, found = _asked(session)
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(
            ["time", "event", "place", "place_code", "things", "revoked", "sequence", "hash_id",
             "chain_position", "chain_hash"]
        )  # fmt: skip
        for card in found.events:
            writer.writerow([_cell(value) for value in _row(card)])
    response = Response("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    return _attached(response, thing, "csv")


@blueprint.get("/tai-ve.json")
@access.roles("producer", "officer", "administrator", "leader", "researcher")
def as_json() -> Response:
    """A trace as JSON: things, steps, and the events as they were captured."""
    with transaction() as session:
        thing, found = _asked(session)
        content = describe(thing, found)
        content["events"] = [orjson.Fragment(card.event.body) for card in found.events]
    response = Response(orjson.dumps(content), content_type="application/json")
    return _attached(response, thing, "json")


def describe(thing: Thing, found: Genealogy) -> dict[str, Any]:
    """A trace for programs: what was asked for, things by their keys, steps between them."""
    return {
        "asked": {"kind": thing.kind, "code": thing.code, "keys": list(thing.keys)},
        "nodes": [
            {
                "key": node.key,
                "kind": node.kind,
                "name": node.name,
                "of": node.of,
                "depth": node.depth,
                "recalled": node.is_recalled,
                "early_harvest": node.is_early,
            }
            for node in found.nodes
        ],
        "edges": [
            {
                "from": step.source,
                "to": step.target,
                "kind": step.kind,
                "event": step.event_sequence,
            }
            for step in found.steps
        ],
        "events_left_out": found.hidden_events,
        "nodes_left_out": found.hidden_nodes,
    }


def reader() -> Reader | None:
    """How far the caller sees: a producer who is nothing else only what concerns them."""
    account = current_account()
    if account is None or account.has("officer", "administrator", "leader", "researcher"):
        return None
    return Reader(account.username, account.party_id)


def _asked(session: Any) -> tuple[Thing, Genealogy]:
    thing = find_things(session, request.args.get("ma", "").strip()[:2000])[0]
    way = WAYS.get(request.args.get("chieu", ""), "both")
    return thing, read_genealogy(
        session, thing, way=way, reader=reader(), most_events=_MOST_EVENTS_IN_FILE
    )


def _row(card: EventCard) -> list[object]:
    event = card.event
    things = "; ".join(
        f"{line.role} {line.key}" + (f" {line.amount} {line.unit}" if line.amount else "")
        for line in card.lines
    )
    return [
        event.event_time.astimezone(VIETNAM).isoformat(timespec="seconds"),
        str(EVENT_WORDS[kind_of(event)]),
        card.place.name if card.place else "",
        card.place.code if card.place else "",
        things,
        "revoked" if card.is_revoked else "",
        event.sequence,
        event.hash_id,
        card.position if card.position is not None else "",
        card.chain_hash or "",
    ]


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value


def _attached(response: Response, thing: Thing, kind: str) -> Response:
    name = "".join(each if each.isalnum() else "-" for each in thing.code)[:40].strip("-")
    response.headers["Content-Disposition"] = f'attachment; filename="truy-vet-{name}.{kind}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _public_page(thing: Thing) -> str | None:
    if thing.product is None:
        return None
    page = product_page(thing.product.id, thing.lot.code if thing.lot else None)
    return page + (f"?tem={quote(thing.serial)}" if thing.serial and thing.lot else "")


def _proof_of(card: EventCard) -> str | None:
    """The address of the event itself, for whoever checks it."""
    if "epcis_events.event" in current_app.view_functions:
        return url_for("epcis_events.event", event_id=card.event.hash_id)
    return f"/epcis/events/{quote(card.event.hash_id, safe='')}"
