"""The picture of a trace: things both ways, what they are, which of them are recalled."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from traceability.epcis.epcs import canonical, is_class
from traceability.epcis.queries import Reader
from traceability.epcis.tracing import Edge, Trace, trace_back, trace_forward
from traceability.errors import InvalidIdentifierError
from traceability.following.finding import BOX, Thing
from traceability.following.journal_pages import EventCard, make_event_cards
from traceability.following.places import Place, find_places
from traceability.following.reach import reach_of
from traceability.following.recalls import find_recalls
from traceability.following.safety import safety_of_lots
from traceability.following.stocks import lot_keys
from traceability.gs1.trace_link import TraceLink
from traceability.linking.links import parse_code
from traceability.lots import find_lots, trace_lot
from traceability.models import Event, Lot, Product

Way = Literal["back", "forward", "both"]
NodeKind = Literal["area", "lot", "item", "box", "product", "other"]
# Whoever has more to look at downloads it.
MOST_EVENTS = 300
MOST_NODES = 2000
# Beyond so many, the labels of a lot are counted, not drawn.
_MOST_LABELS_FOLLOWED = 500
# So many labels are asked for recalls of their own; all inherit those of their lots.
_MOST_LABELS_ASKED = 100


@dataclass(frozen=True, slots=True)
class Node:
    """One thing of the picture; `depth` is below 0 for where it came from, above for what became.

    `name` is its own number, `of` what it is a lot or an item of. `is_recalled`: a recall reaches
    it; `is_early`: harvested, by itself or an origin, before a pre-harvest interval was over.
    """

    key: str
    kind: NodeKind
    name: str
    of: str | None
    depth: int
    lot_id: int | None = None
    is_recalled: bool = False
    is_early: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the flow between two nodes: `grown`, `made`, `packed`, `held`, `lot`."""

    source: str
    target: str
    kind: str
    event_sequence: int | None


@dataclass(frozen=True, slots=True)
class Genealogy:
    """Nodes, steps and events (the newest last).

    `hidden_events` and `hidden_nodes` are how many there are beyond those listed.
    """

    nodes: list[Node]
    steps: list[Step]
    events: list[EventCard]
    hidden_events: int
    hidden_nodes: int = 0


def read_genealogy(
    session: Session,
    thing: Thing,
    *,
    way: Way = "both",
    depth: int | None = None,
    reader: Reader | None = None,
    most_events: int = MOST_EVENTS,
) -> Genealogy:
    """Trace a thing and say what all that was found is.

    Args:
        session: Only read.
        thing: What was asked for.
        way: Back to where it came from, forward to what became of it, or both.
        depth: At most so many steps each way.
        reader: A producer, who sees only steps that concern their own products or that they
            recorded, and what those lead to; None sees all.
        most_events: At most so many events, the newest.
    """
    traces: list[tuple[int, Trace]] = []
    if way != "forward":
        traces.append((-1, trace_back(session, thing.keys, depth=depth)))
    labels = 0
    if way != "back":
        labels, forward = _forward(session, thing, depth)
        traces.append((1, forward))
    events = {event.sequence: event for _, trace in traces for event in trace.events}
    seen = _visible(session, events.values(), reader)
    depths: dict[str, int] = dict.fromkeys(thing.keys, 0)
    edges: dict[Edge, None] = {}
    for sign, trace in traces:
        allowed = [
            edge
            for edge in trace.edges
            if edge.event_sequence is None or edge.event_sequence in seen
        ]
        edges |= dict.fromkeys(allowed)
        reached = _reached(thing.keys, allowed)
        for node in trace.nodes:
            if node.key in reached:
                depths.setdefault(node.key, sign * node.depth)
    # A product with a GTIN has a second key: one thing is one node, whatever it is called by.
    one = _one_key_each(session, depths)
    nearest: dict[str, int] = {}
    for key, away in depths.items():
        nearest[one[key]] = min(nearest.get(one[key], away), away, key=abs)
    depths = nearest
    hidden = max(len(depths) - MOST_NODES, 0)
    if hidden:
        # Labels are left out first, and what lies far away.
        kept = sorted(depths, key=lambda key: (not is_class(key), abs(depths[key])))[:MOST_NODES]
        depths = {key: depths[key] for key in kept}
    nodes, lots = _describe(session, depths)
    areas, grown = _fields(session, nodes, lots) if way != "forward" else ([], [])
    areas = _publicly_named(session, areas, reader)
    steps = dict.fromkeys(
        Step(one[edge.source], one[edge.target], edge.kind, edge.event_sequence)
        for edge in edges
        if one.get(edge.source) in depths and one.get(edge.target) in depths
    )
    nodes = _inherit_recalls(nodes, steps)
    about = [event for event in events.values() if event.sequence in seen]
    about.sort(key=lambda event: (event.event_time, event.sequence))
    listed = about[-most_events:]
    return Genealogy(
        [*areas, *nodes],
        [*grown, *steps],
        [
            replace(card, place=_public(card.place, reader))
            for card in make_event_cards(session, listed)
        ],
        len(about) - len(listed),
        hidden + labels,
    )


def _forward(session: Session, thing: Thing, depth: int | None) -> tuple[int, Trace]:
    """What became of a thing, and how many labels were left out of it.

    A lot of many labels is followed from lot to lot only: backwards from what was made of it, which
    leads through no label.
    """
    if thing.kind == "lot" and thing.lot is not None and thing.product is not None:
        reach = reach_of(session, thing.product, thing.lot)
        if reach.serial_count > _MOST_LABELS_FOLLOWED:
            keys = {*thing.keys}
            for product, lot in reach.lots:
                keys.update(lot_keys(product, lot.code))
            trace = trace_back(session, sorted(keys))
            edges = [edge for edge in trace.edges if {edge.source, edge.target} <= keys]
            nodes = [
                node._replace(depth=1)
                for node in trace.nodes
                if node.key in keys and node.key not in thing.keys
            ]
            about = [event for event in trace.events if any(key in event.body for key in keys)]
            return reach.serial_count, Trace(nodes, edges, about, trace.revoked)
    return 0, trace_forward(session, thing.keys, depth=depth)


def _visible(session: Session, events: Iterable[Event], reader: Reader | None) -> set[int]:
    """The events that a reader may see: own ones, and those about products of the own party."""
    listed = list(events)
    if reader is None:
        return {event.sequence for event in listed}
    own: tuple[str, ...] = ()
    if reader.party_id is not None:
        rows = session.execute(
            select(Product.gtin, Product.trace_code).where(Product.producer_id == reader.party_id)
        )
        own = tuple(
            f"/{name}" for row in rows for name in (f"01/{row[0]}/", f"t/{row[1]}/") if name
        )
    found = {
        event.sequence
        for event in listed
        if event.captured_by == reader.name
        or (reader.party_id is not None and event.party_id == reader.party_id)
        or any(key in event.body for key in own)
    }
    return found | _about_boxes(listed, found)


def _about_boxes(events: list[Event], seen: set[int]) -> set[int]:
    """What happened to boxes in which one's own things went on: one step forward is everybody's.

    Only where they are and that they were opened; what else lies in them is not told.
    """
    boxes = {
        json.loads(event.body).get("parentID")
        for event in events
        if event.sequence in seen and event.type == "AggregationEvent"
    } - {None}
    keys = {canonical(str(box)) for box in boxes}
    found = set()
    for event in events:
        content = json.loads(event.body)
        named = content.get("epcList", [])
        parent = content.get("parentID")
        opened = (
            parent is not None
            and "childEPCs" not in content
            and ("childQuantityList" not in content)
        )
        if (opened and canonical(str(parent)) in keys) or (
            event.type == "ObjectEvent" and named and {canonical(str(n)) for n in named} <= keys
        ):
            found.add(event.sequence)
    return found


def _one_key_each(session: Session, keys: Iterable[str]) -> dict[str, str]:
    """For each key the one that stands for its thing: below the GTIN where there is one."""
    parts = {key: _parts(key) for key in keys}
    wanted = {part[2] for part in parts.values() if part[2]}
    rows = session.execute(
        select(Product.gtin, Product.trace_code).where(
            Product.gtin.is_not(None),
            Product.gtin.in_(wanted) & Product.trace_code.in_(wanted),
        )
    )
    same = {trace_code: gtin for gtin, trace_code in rows}
    first: dict[tuple[object, ...], str] = {}
    ordered = sorted(parts, key=lambda key: parts[key][2] in same)
    found: dict[str, str] = {}
    for key in ordered:
        kind, name, product = parts[key]
        thing = (kind, name, same.get(product or "", product)) if product else (key,)
        found[key] = first.setdefault(thing, key)
    return found


def _reached(keys: Sequence[str], edges: list[Edge]) -> set[str]:
    """What hangs together with some keys by steps that may be seen."""
    beside: dict[str, set[str]] = {}
    for edge in edges:
        beside.setdefault(edge.source, set()).add(edge.target)
        beside.setdefault(edge.target, set()).add(edge.source)
    reached, waiting = set(keys), list(keys)
    while waiting:
        for key in beside.get(waiting.pop(), ()):
            if key not in reached:
                reached.add(key)
                waiting.append(key)
    return reached


def _describe(
    session: Session, depths: dict[str, int]
) -> tuple[list[Node], dict[str, tuple[Product, Lot]]]:
    lots = find_lots(session, (key for key in depths if is_class(key)))
    labels = [key for key in depths if not is_class(key)]
    asked = set(depths).difference(labels[_MOST_LABELS_ASKED:])
    recalled = find_recalls(session, {key: [key] for key in asked})
    safety = safety_of_lots(session, {lot.id: (p, lot) for p, lot in lots.values()}.values())
    names = _product_names(session, depths)
    nodes = []
    for key, depth in depths.items():
        kind, name, product = _parts(key)
        held = lots.get(key)
        nodes.append(
            Node(
                key,
                kind,
                name,
                held[0].name if held else names.get(product or ""),
                depth,
                held[1].id if held else None,
                key in recalled,
                bool(held and safety[held[1].id].early),
            )
        )
    return nodes, lots


def _inherit_recalls(nodes: list[Node], steps: Iterable[Step]) -> list[Node]:
    """Labels of a recalled lot are recalled, whether or not each of them was asked for."""
    recalled = {node.key for node in nodes if node.is_recalled}
    labels = {step.target for step in steps if step.kind == "lot" and step.source in recalled}
    return [replace(node, is_recalled=True) if node.key in labels else node for node in nodes]


def _parts(key: str) -> tuple[NodeKind, str, str | None]:
    """The kind of a key, its own number, and the GTIN or trace code of its product."""
    try:
        code = parse_code(key)
    except InvalidIdentifierError:
        return "other", key, None
    if isinstance(code, TraceLink):
        if code.serial == BOX:
            return "box", code.code, None
        if code.serial is not None:
            return "item", code.serial, code.code
        return ("lot", code.lot, code.code) if code.lot else ("product", code.code, code.code)
    if code.key == "00":
        return "box", code.value, None
    if code.key != "01":
        return "other", key, None
    if serial := code.get("21"):
        return "item", serial, code.value
    lot = code.get("10")
    return ("lot", lot, code.value) if lot else ("product", code.value, code.value)


def _product_names(session: Session, keys: Iterable[str]) -> dict[str, str]:
    wanted = {product for key in keys if (product := _parts(key)[2])}
    rows = session.execute(
        select(Product.gtin, Product.trace_code, Product.name).where(
            Product.gtin.in_(wanted) | Product.trace_code.in_(wanted)
        )
    )
    return {code: name for gtin, trace_code, name in rows for code in (gtin, trace_code) if code}


def _fields(
    session: Session, nodes: list[Node], lots: dict[str, tuple[Product, Lot]]
) -> tuple[list[Node], list[Step]]:
    """The growing areas of the lots that are there, as nodes before them."""
    areas: dict[str, Node] = {}
    steps: dict[tuple[str, str], Step] = {}
    for node in nodes:
        if node.depth > 0 or node.key not in lots:
            continue
        for origin in trace_lot(session, lots[node.key][1]):
            area = origin.growing_area
            called = origin.codes[0] if origin.codes else str(area.id)
            key = f"/vung-trong/{called}"
            found = areas.get(key)
            deepest = min(node.depth - 1, found.depth if found else 0)
            areas[key] = Node(key, "area", area.name, called, deepest)
            steps[key, node.key] = Step(key, node.key, "grown", None)
    return list(areas.values()), list(steps.values())


def _publicly_named(session: Session, areas: list[Node], reader: Reader | None) -> list[Node]:
    places = find_places(session, [area.key for area in areas])
    return [
        replace(area, name=place.name if place is not None else area.of or area.key)
        for area in areas
        for place in (_public(places.get(area.key), reader),)
    ]


def _public(place: Place | None, reader: Reader | None) -> Place | None:
    """A place by its public name, or by its commune where that would name a household.

    Tracing is open to more roles than personal fields are: only a producer's own places keep their
    names; officers have the register for the others.
    """
    if place is None or place.public_name == place.name:
        return place
    if reader is not None and reader.party_id is not None and place.party_id == reader.party_id:
        return place
    return replace(place, name=place.public_name or place.commune or place.code)
