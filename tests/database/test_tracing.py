"""Tracing: back to the fields and forward to the last box, whatever lies between."""

import pytest

from tests.product_factories import GTIN, make_scene
from traceability.epcis.capture import Captor, capture_events
from traceability.epcis.epcs import canonical
from traceability.epcis.tracing import Edge, Node, trace_back, trace_forward
from traceability.models import Serial

BY = Captor("an", None, frozenset({"administrator"}))
BASE = "https://x.example"
A, B, C = "04012345111118", "04012345222227", "04012345333336"


def lot(gtin: str, code: str) -> str:
    return f"/01/{gtin}/10/{code}"


def item(gtin: str, serial: str) -> str:
    return f"/01/{gtin}/21/{serial}"


def box(number: int) -> str:
    return canonical(f"urn:epc:id:sscc:4012345.{number:010d}")


def made(inputs, outputs, run: str | None = None, minute: int = 0, **members) -> dict:
    """A transformation of keys; lots as classes, serials as things."""
    event = {
        "type": "TransformationEvent",
        "eventTime": f"2026-10-05T06:{minute:02d}:00Z",
        "eventTimeZoneOffset": "+07:00",
        "bizStep": "commissioning",
        **members,
    }
    for side, keys in (("input", inputs), ("output", outputs)):
        things = [BASE + key for key in keys if "/21/" in key]
        lots = [{"epcClass": BASE + key, "quantity": 1} for key in keys if "/21/" not in key]
        event |= {f"{side}EPCList": things} if things else {}
        event |= {f"{side}QuantityList": lots} if lots else {}
    return event | ({"transformationID": run} if run else {})


def packed(parent: str, *children: str, action: str = "ADD", minute: int = 0) -> dict:
    return {
        "type": "AggregationEvent",
        "action": action,
        "eventTime": f"2026-10-06T06:{minute:02d}:00Z",
        "eventTimeZoneOffset": "+07:00",
        "bizStep": "packing" if action == "ADD" else "unpacking",
        "parentID": BASE + parent,
        "childEPCs": [BASE + child for child in children],
    }


def seen(action: str, *things: str, step: str = "inspecting", **members) -> dict:
    return {
        "type": "ObjectEvent",
        "action": action,
        "eventTime": "2026-10-07T06:00:00Z",
        "eventTimeZoneOffset": "+07:00",
        "bizStep": step,
        "epcList": [BASE + thing for thing in things],
        **members,
    }


def capture(session, *events):
    return capture_events(session, list(events), by=BY)


def test_through_transformations_lots_and_boxes(session):
    """Two fields → a mixed lot → three serials of a product → a box on a pallet, which is seen."""
    fields, mixed = [lot(A, "F1"), lot(A, "F2")], lot(B, "M1")
    serials = [item(C, f"S{number}") for number in range(3)]
    stored = capture(
        session,
        made(fields, [mixed]),
        made([mixed], serials[:2], ilmd={"cbvmda:lotNumber": "L1"}, minute=1),
        packed(box(1), *serials[:2]),
        packed(box(2), box(1)),
        seen("OBSERVE", box(2), step="shipping"),
        packed(box(3), serials[2]),
    )
    back = trace_back(session, [serials[0]])
    assert back.nodes[0] == Node(serials[0], 0)
    assert dict(back.nodes) == {
        serials[0]: 0,
        mixed: 1,
        lot(C, "L1"): 1,
        box(1): 1,
        box(2): 2,
        fields[0]: 2,
        fields[1]: 2,
    }
    assert Edge(fields[0], mixed, stored[0].sequence, "made") in back.edges
    assert [event.sequence for event in back.events] == sorted(
        event.sequence for event in stored[:5]
    )
    forward = trace_forward(session, [fields[1]])
    assert dict(forward.nodes) == {
        fields[1]: 0,
        mixed: 1,
        serials[0]: 2,
        serials[1]: 2,
        box(1): 3,
        box(2): 4,
    }
    assert dict(trace_forward(session, [fields[1]], depth=2).nodes).keys() == {
        fields[1],
        mixed,
        *serials[:2],
    }
    assert dict(trace_back(session, [box(2)]).nodes)[fields[0]] == 4
    assert dict(trace_forward(session, [box(2)]).nodes) == {
        box(2): 0,
        box(1): 1,
        serials[0]: 2,
        serials[1]: 2,
    }


def test_inputs_and_outputs_of_one_run_in_several_events(session):
    run = "https://x.example/run/1"
    capture(
        session,
        made([lot(A, "F1")], [], run),
        made([lot(A, "F2")], [], run, 1),
        made([], [lot(B, "M1")], run, 2),
        made([lot(A, "F3")], [lot(B, "M2")], "https://x.example/run/2", 3),
    )
    assert dict(trace_back(session, [lot(B, "M1")]).nodes) == {
        lot(B, "M1"): 0,
        lot(A, "F1"): 1,
        lot(A, "F2"): 1,
    }
    assert dict(trace_forward(session, [lot(A, "F2")]).nodes) == {
        lot(A, "F2"): 0,
        lot(B, "M1"): 1,
    }
    edges = trace_forward(session, [lot(A, "F3")]).edges
    assert [(edge.source, edge.target) for edge in edges] == [(lot(A, "F3"), lot(B, "M2"))]


def test_cycles_end_and_diamonds_count_once(session):
    """Rework: a lot that went into itself by a detour; twelve diamonds in a row (2¹² ways)."""
    capture(
        session,
        made([lot(A, "X")], [lot(A, "Y")]),
        made([lot(A, "Y")], [lot(A, "X")], minute=1),
    )
    assert dict(trace_forward(session, [lot(A, "X")]).nodes) == {lot(A, "X"): 0, lot(A, "Y"): 1}
    assert dict(trace_back(session, [lot(A, "X")]).nodes) == {lot(A, "X"): 0, lot(A, "Y"): 1}
    events = []
    for layer in range(12):
        sides = [lot(B, f"S{layer}a"), lot(B, f"S{layer}b")]
        events.append(made([lot(B, f"N{layer}")], sides, minute=layer))
        events.append(made(sides, [lot(B, f"N{layer + 1}")], minute=30 + layer))
    capture(session, *events)
    nodes = dict(trace_back(session, [lot(B, "N12")]).nodes)
    assert len(nodes) == 37
    assert nodes[lot(B, "N0")] == 24


def test_what_was_declared_an_error_leads_nowhere(session):
    wrong = made([lot(A, "F1")], [lot(B, "M1")])
    right = made([lot(A, "F2")], [lot(B, "M1")], minute=1)
    stored = capture(session, wrong, right)
    declaration = {
        "declarationTime": "2026-10-20T00:00:00Z",
        "reason": "did_not_occur",
    }
    stored += capture(session, {**wrong, "errorDeclaration": declaration})
    trace = trace_back(session, [lot(B, "M1")])
    assert trace.keys == [lot(B, "M1"), lot(A, "F2")]
    assert trace.revoked == {stored[0].sequence, stored[2].sequence}
    assert trace_forward(session, [lot(A, "F1")]).keys == [lot(A, "F1")]


def test_neighbours_in_a_box_are_not_reached(session):
    """A recalled thing's box is; what lies beside it is not, nor what the box held before."""
    capture(session, packed(box(1), item(A, "1"), item(B, "2")))
    assert trace_forward(session, [item(A, "1")]).keys == [item(A, "1"), box(1)]
    assert trace_back(session, [item(A, "1")]).keys == [item(A, "1"), box(1)]


def test_a_product_without_a_lot_is_everybodys(session):
    """Sacks of unknown lot: they are told, and lead no further."""
    bare = f"/01/{A}"
    capture(
        session,
        made([lot(C, "1")], [bare]),
        made([bare], [lot(B, "M1")], minute=1),
        made([bare], [lot(B, "M2")], minute=2),
    )
    assert trace_back(session, [lot(B, "M1")]).keys == [lot(B, "M1"), bare]
    assert set(trace_forward(session, [bare]).keys) == {bare, lot(B, "M1"), lot(B, "M2")}


@pytest.mark.parametrize("code", ["L2610", "L 1", "a/b%c"])
def test_lots_of_serials_by_their_rows_and_by_their_addresses(session, code):
    """A serial issued here knows its lot; one written with its lot does, too."""
    scene = make_scene(session)
    scene.lot.code = code if " " not in code else "L+1"
    key = canonical(f"{BASE}/01/{GTIN}/10/{scene.lot.code.replace('%', '%25').replace('/', '%2F')}")
    session.add(
        Serial(
            product_id=scene.product.id, lot_id=scene.lot.id, serial="7K3QX9ZP4MTA", state="active"
        )
    )
    session.flush()
    own = item(GTIN, "7K3QX9ZP4MTA")
    assert dict(trace_back(session, [own]).nodes) == {own: 0, key: 1}
    # Forward, a lot of 100,000 labels is not 100,000 things: only those that events name.
    assert trace_forward(session, [key]).keys == [key]
    capture(session, packed(box(1), own))
    assert dict(trace_forward(session, [key]).nodes) == {key: 0, own: 1, box(1): 2}
    written = f"{BASE}/01/{A}/10/L7/21/9"
    capture(session, {**seen("OBSERVE"), "epcList": [written]})
    assert trace_back(session, [item(A, "9")]).keys == [item(A, "9"), lot(A, "L7")]
    assert trace_forward(session, [lot(A, "L7")]).keys == [lot(A, "L7"), item(A, "9")]
