"""Drawing a genealogy: layers from the fields above to the shelf below. Pure.

Each thing lies in a layer below all that it came from. Many labels (or boxes) that came from the
same and became the same are drawn as one, with their number.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from traceability.following.genealogy import Node, Step

# Two beside each other fit the width of a cheap phone.
WIDTH, HEIGHT = 148, 58
_GAP_X, _GAP_Y = 14, 46
_MARGIN = 6
# So many equal ones are drawn one by one.
_FEW = 2
# And so many in a layer before the rest of it is counted.
_MOST_IN_LAYER = 8
_LONGEST = 17
_CENTRED = 2


@dataclass(frozen=True, slots=True)
class Box:
    """A drawn thing; x and y are its upper left corner; `count` things stand behind it."""

    node: Node
    x: int
    y: int
    count: int
    is_asked: bool

    @property
    def title(self) -> str:
        """Its number, short enough for its box."""
        return shorten(self.node.name)

    @property
    def middle(self) -> int:
        """The x of its middle."""
        return self.x + WIDTH // 2


@dataclass(frozen=True, slots=True)
class Line:
    """A drawn step."""

    path: str
    kind: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture in SVG's units; `left_out` things did not fit and are in the list only."""

    width: int
    height: int
    boxes: list[Box]
    lines: list[Line]
    left_out: int


def shorten(text: str) -> str:
    """Cut a text to what a box holds."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def draw(nodes: Sequence[Node], steps: Sequence[Step], asked: Sequence[str]) -> Drawing:
    """Lay out a genealogy."""
    groups, edges = _group(nodes, steps, set(asked))
    layers = _layers(groups, edges)
    rows: dict[int, list[str]] = defaultdict(list)
    for key in groups:
        rows[layers[key]].append(key)
    parents: dict[str, list[str]] = defaultdict(list)
    for source, target, _kind in edges:
        parents[target].append(source)
    place: dict[str, float] = {}
    kept: dict[int, list[str]] = {}
    left_out = 0
    for layer in sorted(rows):
        row = rows[layer]
        row.sort(key=lambda key: (_average([place[p] for p in parents[key] if p in place]), key))
        if len(row) > _MOST_IN_LAYER:
            # What was asked for is always drawn.
            row.sort(key=lambda key: key not in asked)
        left_out += sum(groups[key][1] for key in row[_MOST_IN_LAYER:])
        kept[layer] = row[:_MOST_IN_LAYER]
        for index, key in enumerate(kept[layer]):
            place[key] = index - len(kept[layer]) / 2
    widest = max((len(row) for row in kept.values()), default=1)
    width = 2 * _MARGIN + widest * WIDTH + (widest - 1) * _GAP_X
    boxes: dict[str, Box] = {}
    for number, layer in enumerate(sorted(kept)):
        row = kept[layer]
        used = len(row) * WIDTH + (len(row) - 1) * _GAP_X
        for index, key in enumerate(row):
            node, count = groups[key]
            boxes[key] = Box(
                node,
                # A wide picture begins at its left edge: a phone shows that first.
                (_MARGIN if widest > _CENTRED else (width - used) // 2) + index * (WIDTH + _GAP_X),
                _MARGIN + number * (HEIGHT + _GAP_Y),
                count,
                key in asked,
            )
    height = 2 * _MARGIN + len(kept) * HEIGHT + max(len(kept) - 1, 0) * _GAP_Y
    lines = [
        Line(_curve(boxes[source], boxes[target]), kind)
        for source, target, kind in edges
        if source in boxes and target in boxes
    ]
    return Drawing(width, height, list(boxes.values()), lines, left_out)


def _group(
    nodes: Sequence[Node], steps: Sequence[Step], asked: set[str]
) -> tuple[dict[str, tuple[Node, int]], list[tuple[str, str, str]]]:
    """Bring together what came from the same and became the same."""
    sources: dict[str, set[str]] = defaultdict(set)
    targets: dict[str, set[str]] = defaultdict(set)
    for step in steps:
        sources[step.target].add(step.source)
        targets[step.source].add(step.target)
    alike: dict[tuple[object, ...], list[Node]] = defaultdict(list)
    for node in nodes:
        name: tuple[object, ...] = (node.key,)
        if node.key not in asked and node.kind in ("item", "box"):
            name = (
                node.kind,
                node.of,
                node.is_recalled,
                frozenset(sources[node.key]),
                frozenset(targets[node.key]),
            )
        alike[name].append(node)
    groups: dict[str, tuple[Node, int]] = {}
    drawn_as: dict[str, str] = {}
    for same in alike.values():
        members = [[node] for node in same] if len(same) <= _FEW else [same]
        for group in members:
            first = group[0]
            groups[first.key] = (first, len(group))
            drawn_as |= {node.key: first.key for node in group}
    edges = dict.fromkeys(
        (drawn_as[step.source], drawn_as[step.target], step.kind)
        for step in steps
        if step.source in drawn_as and step.target in drawn_as
    )
    return groups, list(edges)


def _layers(
    groups: dict[str, tuple[Node, int]], edges: list[tuple[str, str, str]]
) -> dict[str, int]:
    """The longest way to each thing from where it all began; foreign data may run in circles."""
    layers = dict.fromkeys(groups, 0)
    for _ in range(len(groups)):
        changed = False
        for source, target, _kind in edges:
            if source != target and layers[target] <= layers[source] < len(groups):
                layers[target] = layers[source] + 1
                changed = True
        if not changed:
            break
    # What has no origin stands right above what it became, not at the top of all.
    targets: dict[str, list[str]] = defaultdict(list)
    has_source = {target for _, target, _ in edges}
    for source, target, _kind in edges:
        targets[source].append(target)
    for key in groups:
        if key not in has_source and targets[key]:
            layers[key] = max(min(layers[target] for target in targets[key]) - 1, 0)
    present = {layer: number for number, layer in enumerate(sorted(set(layers.values())))}
    return {key: present[layer] for key, layer in layers.items()}


def _average(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _curve(source: Box, target: Box) -> str:
    x1, y1 = source.middle, source.y + HEIGHT
    x2, y2 = target.middle, target.y
    bend = max((y2 - y1) // 2, 16)
    return f"M{x1} {y1}C{x1} {y1 + bend} {x2} {y2 - bend} {x2} {y2}"
