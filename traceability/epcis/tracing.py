"""Tracing: what things came from and what became of them, through any depth, in one query each way.

The flow goes from a source to a target: an input to an output, a lot to its serials, a child to its
parent. What an errorDeclaration revokes counts for nothing here, but is told.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import NamedTuple

from sqlalchemy import any_, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Session

from traceability.models import Event, EventItem

_BACK, _FORWARD = (
    text(resources.files(__package__).joinpath(f"trace_{way}.sql").read_text("utf-8"))
    for way in ("back", "forward")
)
# Declared errors, and what they declare so.
_REVOKED = text(
    "SELECT sequence FROM traceability.event AS told WHERE sequence = ANY(:sequences)"
    " AND (corrects IS NOT NULL OR EXISTS (SELECT FROM traceability.event AS declaration"
    " WHERE declaration.corrects = told.hash_id))"
)
# Whoever asks for more wants a list of events, not a picture.
MOST_EVENTS = 20_000


class Node(NamedTuple):
    """A thing or a lot by its canonical key, and how many steps away it is."""

    key: str
    depth: int


class Edge(NamedTuple):
    """One step of the flow, by an event or (None) by what a serial's own row says.

    Its kind: `made` (by a transformation), `packed` (a child into its parent), `held` (from a
    parent to its child; backwards, from what was asked for to its container), `lot` (a lot and its
    serial).
    """

    source: str
    target: str
    event_sequence: int | None
    kind: str


@dataclass(frozen=True, slots=True)
class Trace:
    """What was found, from what was asked for (depth 0) on.

    `events` are all events about the nodes, also shipping or inspecting, oldest first; `revoked`
    the sequences of those that were declared errors, and of the declarations.
    """

    nodes: list[Node]
    edges: list[Edge]
    events: list[Event]
    revoked: frozenset[int]

    @property
    def keys(self) -> list[str]:
        """The keys of the nodes."""
        return [node.key for node in self.nodes]


def trace_back(session: Session, keys: Sequence[str], *, depth: int | None = None) -> Trace:
    """What things came from, and what they were packed into.

    Args:
        session: Only read.
        keys: Canonical keys.
        depth: At most so many steps; all of them by default.
    """
    return _trace(session, keys, depth, back=True)


def trace_forward(session: Session, keys: Sequence[str], *, depth: int | None = None) -> Trace:
    """What became of things.

    Args:
        session: Only read.
        keys: Canonical keys.
        depth: At most so many steps; all of them by default.
    """
    return _trace(session, keys, depth, back=False)


def find_revoked(session: Session, sequences: Iterable[int | None]) -> frozenset[int]:
    """Those of the events that were declared errors or declare one."""
    return frozenset(session.scalars(_REVOKED, {"sequences": list(sequences)}))


def _trace(session: Session, keys: Sequence[str], depth: int | None, *, back: bool) -> Trace:
    # A run between two things is no step of its own.
    given = {"keys": list(keys), "depth": None if depth is None else 2 * depth}
    told = [Edge(*row) for row in session.execute(_BACK if back else _FORWARD, given)]
    revoked = find_revoked(session, {edge.event_sequence for edge in told} - {None})
    counting = [edge for edge in told if edge.event_sequence not in revoked]
    nodes, edges = _walk(keys, _join_runs(counting), depth, back=back)
    events = _events_of(session, [node.key for node in nodes])
    wrong = find_revoked(session, {event.sequence for event in events})
    return Trace(nodes, edges, events, wrong)


def _join_runs(told: list[Edge]) -> list[Edge]:
    """Lead from the inputs of a run to its outputs, whichever events they stand in."""
    outputs = defaultdict(list)
    for edge in told:
        if edge.kind == "from run":
            outputs[edge.source].append(edge)
    joined = [edge for edge in told if not edge.kind.endswith(" run")]
    for edge in told:
        if edge.kind == "into run":
            joined += [
                Edge(edge.source, after.target, after.event_sequence, "made")
                for after in outputs[edge.target]
                # Within one event the step is there already.
                if after.event_sequence != edge.event_sequence
            ]
    return joined


def _walk(
    keys: Sequence[str], edges: list[Edge], depth: int | None, *, back: bool
) -> tuple[list[Node], list[Edge]]:
    """Follow the steps that count: what only a revoked one led to is left out."""
    leaving: dict[str, list[tuple[str, Edge]]] = defaultdict(list)
    for edge in edges:
        # Backwards, a step is walked against the flow, but into a container with it.
        against = back and edge.kind != "held"
        here, there = (edge.target, edge.source) if against else (edge.source, edge.target)
        leaving[here].append((there, edge))
    into, out = ("held", "packed") if back else ("packed", "held")
    distance = {(key, False): 0 for key in keys}
    waiting = deque(distance)
    walked: dict[Edge, None] = {}
    while waiting:
        here, is_container = state = waiting.popleft()
        steps = distance[state]
        if steps == depth:
            continue
        for there, edge in leaving[here]:
            if back:
                allowed = (is_container or steps == 0) if edge.kind == into else not is_container
            else:
                allowed = not (is_container and edge.kind == out)
            if not allowed:
                continue
            walked[edge] = None
            reached = (there, edge.kind == into)
            if reached not in distance:
                distance[reached] = steps + 1
                waiting.append(reached)
    depths: dict[str, int] = {}
    for (key, _), steps in distance.items():
        depths[key] = min(steps, depths.get(key, steps))
    return [Node(*pair) for pair in depths.items()], list(walked)


def _events_of(session: Session, keys: list[str]) -> list[Event]:
    about = select(EventItem.event_sequence).where(
        EventItem.key == any_(literal(keys, ARRAY(TEXT)))
    )
    return list(
        session.scalars(
            select(Event)
            .where(Event.sequence.in_(about))
            .order_by(Event.event_time, Event.sequence)
            .limit(MOST_EVENTS)
        )
    )
