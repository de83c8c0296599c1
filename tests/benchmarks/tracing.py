"""Tracing through the journal: how the time of one question grows with the events there are.

A chain is what a lot of a province goes through: three lots of the fields, inspected, mixed, made
into another product in a run of two events, 24 serials in two boxes on a pallet, shipped, received,
unpacked, sold one by one; 42 events. One chain is captured for real, the others are copies of its
rows under other numbers, over twelve months (a partition each); the seals are left out, nobody asks
them here. Asked is the whole trace with its events, back from a serial and forward from a field's
lot, in chains all over the journal, one question after the other; and pages of `/epcis/events`.

The aim: p95 below 200 ms over 10⁶ events. `python -m tests.benchmarks.tracing [EVENTS…]`, or
`make bench`.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from gis.database import connect, make_sessions
from tests.benchmarks.serving import database
from traceability.epcis.capture import Captor, capture_events
from traceability.epcis.patterns import read_pattern
from traceability.epcis.queries import EventQuery, Match, list_events
from traceability.epcis.tracing import trace_back, trace_forward
from traceability.gs1.identifiers import check_digit

GROWTH = (10_000, 100_000, 1_000_000)
QUESTIONS = 200
AIM_MS = 200.0
SERIALS = 24
_FIELD, _MIXED, _PACKED = "04012345111118", "04012345222227", "04012345333336"
# Stands in every key of a chain, and is another number in each copy.
_NUMBER = "0000000"
_COPY = (
    """
    INSERT INTO traceability.event
    SELECT sequence + copy * :span,
        date_trunc('month', now()) - make_interval(months => copy % 12) + interval '1 day'
            + make_interval(secs => copy),
        sha256(convert_to(body || copy, 'UTF8')), hash_id || copy, event_id,
        event_time + make_interval(mins => copy), time_zone_offset, type, action, biz_step,
        disposition, read_point, biz_location,
        replace(transformation_id, :number, lpad(copy::text, 7, '0')), corrects, reason, repeats,
        context, replace(body, :number, lpad(copy::text, 7, '0')), captured_by, party_id
    FROM generate_series(CAST(:low AS int), CAST(:high AS int)) AS copy, traceability.event
    WHERE sequence <= :span ORDER BY copy, sequence
    """,
    """
    INSERT INTO traceability.event_item
    SELECT event_sequence + copy * :span, number, role,
        replace(key, :number, lpad(copy::text, 7, '0')), is_class, quantity, uom
    FROM generate_series(CAST(:low AS int), CAST(:high AS int)) AS copy, traceability.event_item
    WHERE event_sequence <= :span ORDER BY copy, event_sequence, number
    """,
)


def main() -> int:
    """Fill, ask, print the growth; 1 when nothing could be measured."""
    growth = tuple(map(int, sys.argv[1:])) or GROWTH
    with database() as url:
        engine = connect(url, statement_timeout_s=0)
        try:
            told = list(measure(engine, growth))
        finally:
            engine.dispose()
    _print(told, growth)
    return 0


def measure(engine: Engine, growth: tuple[int, ...]) -> list[dict[str, tuple[float, float]]]:
    """Median and p95 in ms of each question, at each size."""
    sessions = make_sessions(engine)
    with sessions.begin() as session:
        span = capture_chain(session)
    filled, told = 0, []
    for size in growth:
        copies = max(size // span - 1, filled + 1)
        with sessions.begin() as session:
            _copy(session, span, filled + 1, copies)
        filled = copies
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("VACUUM (ANALYZE) traceability.event"))
            connection.execute(text("VACUUM (ANALYZE) traceability.event_item"))
        with sessions() as session:
            told.append(ask(session, filled))
    return told


def capture_chain(session: Session) -> int:
    """Capture the one real chain; returns how many events it has."""
    by = Captor("bench", None, frozenset({"administrator"}))
    events = make_chain(_NUMBER)
    session.execute(text("ALTER SEQUENCE traceability.event_sequence RESTART"))
    for past in range(12):
        session.execute(
            text(
                "SELECT traceability.ensure_event_month("
                "(date_trunc('month', now()) - make_interval(months => :past))::date)"
            ),
            {"past": past},
        )
    capture_events(session, events, by=by)
    return len(events)


def make_chain(number: str) -> list[dict[str, Any]]:
    """The events of one chain."""
    fields = [_class(_FIELD, f"F{number}-{field}", 100) for field in range(3)]
    mixed, packed = _class(_MIXED, f"M{number}", 290), _class(_PACKED, f"P{number}", SERIALS)
    run = f"https://bench.example/run/{number}"
    serials = [
        f"https://bench.example/01/{_PACKED}/21/S{number}-{serial:02d}" for serial in range(SERIALS)
    ]
    boxes, pallet = [_sscc(number, box) for box in (1, 2)], _sscc(number, 9)
    made = [
        *(_object("ADD", "commissioning", quantityList=[field]) for field in fields),
        *(_object("OBSERVE", "inspecting", quantityList=[field]) for field in fields),
        _event("TransformationEvent", inputQuantityList=fields, outputQuantityList=[mixed]),
        _event("TransformationEvent", inputQuantityList=[mixed], transformationID=run),
        _event("TransformationEvent", outputQuantityList=[packed], transformationID=run),
        _object("ADD", "commissioning", epcList=serials, ilmd={"cbvmda:lotNumber": f"P{number}"}),
        _packing("ADD", boxes[0], serials[:12]),
        _packing("ADD", boxes[1], serials[12:]),
        _packing("ADD", pallet, boxes),
        _object("OBSERVE", "shipping", epcList=[pallet]),
        _object("OBSERVE", "receiving", epcList=[pallet]),
        _packing("DELETE", pallet, boxes),
        _packing("DELETE", boxes[0], serials[:12]),
        _packing("DELETE", boxes[1], serials[12:]),
        *(_object("OBSERVE", "retail_selling", epcList=[serial]) for serial in serials),
    ]
    for minute, event in enumerate(made):
        event["eventTime"] = f"2025-01-05T06:{minute:02d}:00Z"
    return made


def _event(type_: str, **members: Any) -> dict[str, Any]:
    return {"type": type_, "eventTimeZoneOffset": "+07:00", "bizStep": "commissioning", **members}


def _object(action: str, step: str, **members: Any) -> dict[str, Any]:
    place = {"id": "urn:epc:id:sgln:4012345.00225.0"}
    return _event("ObjectEvent", action=action, **members) | {"bizStep": step, "readPoint": place}


def _packing(action: str, parent: str, children: list[str]) -> dict[str, Any]:
    step = {"bizStep": "packing" if action == "ADD" else "unpacking"}
    return _event("AggregationEvent", action=action, parentID=parent, childEPCs=children) | step


def _class(gtin: str, lot: str, quantity: int) -> dict[str, Any]:
    return {"epcClass": f"https://bench.example/01/{gtin}/10/{lot}", "quantity": quantity}


def _sscc(number: str, box: int) -> str:
    digits = f"04012345{number}0{box}"
    return f"https://bench.example/00/{digits}{check_digit(digits)}"


def _copy(session: Session, span: int, low: int, high: int) -> None:
    for statement in _COPY:
        session.execute(
            text(statement), {"span": span, "low": low, "high": high, "number": _NUMBER}
        )


def ask(session: Session, chains: int) -> dict[str, tuple[float, float]]:
    """Ask each question of chains all over the journal, the same ones each time."""
    rng = random.Random(2026)
    numbers = [f"{rng.randint(1, chains):07d}" for _ in range(QUESTIONS)]
    anything = ("epc", "child", "parent", "input", "output")

    def back(number: str) -> int:
        return len(trace_back(session, [f"/01/{_PACKED}/21/S{number}-07"]).events)

    def forward(number: str) -> int:
        return len(trace_forward(session, [f"/01/{_FIELD}/10/F{number}-1"]).events)

    def page(number: str) -> int:
        match = Match(
            anything, False, (read_pattern(f"https://x.vn/01/{_PACKED}/21/S{number}-07"),)
        )
        query = EventQuery(matches=(match,), order="eventTime", descending=True)
        return len(list_events(session, query, limit=31))

    def newest(_number: str) -> int:
        return len(list_events(session, EventQuery(order="eventTime", descending=True), limit=31))

    def step(_number: str) -> int:
        query = EventQuery(biz_steps=("shipping",), order="eventTime", descending=True)
        return len(list_events(session, query, limit=31))

    told = {}
    questions: dict[str, Callable[[str], int]] = {
        "back from a serial": back,
        "forward from a field's lot": forward,
        "MATCH_anyEPC, by eventTime": page,
        "the newest 30 events": newest,
        "EQ_bizStep, by eventTime": step,
    }
    for name, question in questions.items():
        times = []
        for number in numbers:
            began = time.perf_counter()
            found = question(number)
            times.append((time.perf_counter() - began) * 1000)
            assert found > 0, name
            session.expunge_all()
        times.sort()
        told[name] = (statistics.median(times), times[int(len(times) * 0.95)])
    return told


def _print(told: list[dict[str, tuple[float, float]]], growth: tuple[int, ...]) -> None:
    heads = "".join(f"{f'{size:,} events':>22}" for size in growth)
    sys.stdout.write(f"{'ms: median / p95':<30}{heads}{'p95, last ÷ first':>20}\n")
    for name in told[0]:
        cells = "".join(f"{f'{one[name][0]:.1f} / {one[name][1]:.1f}':>22}" for one in told)
        ratio = told[-1][name][1] / told[0][name][1]
        sys.stdout.write(f"{name:<30}{cells}{ratio:>20.2f}\n")
    worst = max(told[-1][name][1] for name in list(told[-1])[:2])
    verdict = "met" if worst < AIM_MS else "MISSED"
    sys.stdout.write(f"aim: a trace's p95 < {AIM_MS:.0f} ms at the end: {worst:.1f}, {verdict}\n")


if __name__ == "__main__":
    sys.exit(main())
