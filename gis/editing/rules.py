"""The one set of rules for what is drawn: for the editor, for programs, for imports.

Each rule is a question in SQL over candidates (`rule_queries.py`), so that one drawn area and
200,000 loaded rows are judged alike, and a sentence. A rule says `error` (blocks) or `warning` (a
person confirms with a reason; a load only reports). What a rule may assume is in its stage: the
ones of the first stage take anything, the others see only candidates that passed them, since
PostGIS cannot cut an invalid shape.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import (
    Executable,
    FromClause,
    Select,
    any_,
    cast,
    func,
    literal,
    not_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, JSON, TEXT
from sqlalchemy.orm import Session

from gis.boundaries import EAST, NORTH, SOUTH, WEST
from gis.editing import rule_queries as ask
from gis.editing.rule_queries import TOLERANCE_M2
from gis.layer import Layer

Severity = Literal["error", "warning"]
Facts = dict[str, Any]
__all__ = [
    "EXCLUSIVE",
    "RULES",
    "TOLERANCE_M2",
    "Problem",
    "Rule",
    "count_problems",
    "find_problems",
]

# The layers whose areas may not lie upon each other; the database refuses it too.
EXCLUSIVE = frozenset({"parcels", "growing-areas", "high-tech-zones"})


@dataclass(frozen=True, slots=True)
class Problem:
    """What a rule says of one candidate.

    Attributes:
        rule: The rule's name, stable: pages translate by it.
        severity: `error` blocks, `warning` wants a reason.
        row: The candidate's `row_no`.
        detail: One English sentence.
        facts: The figures of the sentence; areas in square metres or hectares, as named.
        place: Where, as a GeoJSON geometry (EPSG:4326, lon/lat), or None.
    """

    rule: str
    severity: Severity
    row: int
    detail: str
    facts: Facts
    place: dict[str, Any] | None

    def as_dict(self) -> dict[str, Any]:
        """The problem as JSON has it."""
        return asdict(self)


@dataclass(frozen=True)
class Rule:
    """A rule: its question over candidates, its sentence, and the layers it is for."""

    name: str
    question: Callable[[Layer, FromClause], Select[Any]]
    sentence: Callable[[Facts], str]
    applies: Callable[[Layer], bool] = lambda _: True
    first_stage: bool = False


def _is_drawn(layer: Layer) -> bool:
    return "MultiPolygon" in layer.geometry_types


def _is_in_communes(layer: Layer) -> bool:
    return "commune_id" in layer.table.c


def _not_valid(facts: Facts) -> str:
    if facts["lon"] is None:
        return f"{facts['reason']}."
    return (
        f"{facts['reason']} at longitude {facts['lon']:.6f}, latitude {facts['lat']:.6f}."
        " Move that corner."
    )


def _outside_vietnam(facts: Facts) -> str:
    hint = " Longitude comes first." if facts["swapped"] else ""
    return (
        f"Longitude {facts['lon']:g}, latitude {facts['lat']:g} lies outside Vietnam (longitude"
        f" {WEST:g} to {EAST:g}, latitude {SOUTH:g} to {NORTH:g}).{hint}"
    )


def _outside_commune(facts: Facts) -> str:
    if facts["outside_m2"] is None:
        return f"The point lies outside {facts['commune']}."
    return (
        f"{facts['outside_m2']:,.1f} m² ({facts['percent']:.1f} %) lie outside {facts['commune']}."
    )


def _sliver(facts: Facts) -> str:
    if facts["kind"] == "strip":
        return f"The shape is a strip of {facts['width_m']:.2f} m in width."
    return "The boundary runs out into a thin spike and back."


_ALL = (
    Rule("outside-vietnam", ask.outside_vietnam, _outside_vietnam, first_stage=True),
    Rule("not-valid", ask.not_valid, _not_valid, first_stage=True),
    Rule(
        "too-many-vertices",
        ask.too_many_vertices,
        lambda f: f"The shape has {f['vertices']:,} corners; at most {f['most']:,} are kept.",
        first_stage=True,
    ),
    Rule(
        "too-small",
        ask.too_small,
        lambda f: f"The shape encloses {f['area_m2']:.2f} m²; less than 1 m² is no area.",
        _is_drawn,
    ),
    Rule(
        "too-large",
        ask.too_large,
        lambda f: f"The shape encloses {f['area_ha']:,.1f} ha; at most {f['most_ha']:,} are kept.",
        lambda layer: _is_drawn(layer) and layer.id != "administrative-units",
    ),
    Rule("outside-commune", ask.outside_commune, _outside_commune, _is_in_communes),
    Rule(
        "overlap",
        ask.overlap,
        lambda f: (
            f"It lies upon {f['name'] or 'an area without a name'} ({f['layer']} {f['with']}) with"
            f" {f['overlap_m2']:,.1f} m², {f['percent']:.1f} % of its area."
        ),
        lambda layer: layer.id in EXCLUSIVE,
    ),
    Rule("sliver", ask.sliver, _sliver, _is_drawn),
    Rule(
        "area-differs",
        ask.area_differs,
        lambda f: (
            f"The shape encloses {f['area_ha']:,.4f} ha, but {f['declared_ha']:,.4f} ha are"
            f" declared ({f['percent']:+.0f} %)."
        ),
        lambda layer: _is_drawn(layer) and "declared_area_ha" in layer.table.c,
    ),
)
RULES = {rule.name: rule for rule in _ALL}
# Statements over candidates that are the same object each time; as many as layers and rule sets.
_KEPT: dict[tuple[str, FromClause, tuple[str, ...], int | None], Executable] = {}


def find_problems(
    session: Session,
    layer: Layer,
    candidates: FromClause,
    *,
    skip: Collection[str] = (),
    only: Collection[str] | None = None,
    given: Mapping[str, Any] | None = None,
    most: int | None = None,
) -> list[Problem]:
    """Ask the rules about candidates.

    Args:
        session: Reads only.
        layer: The layer the candidates are for.
        candidates: Columns `row_no`, `feature_id` (the stored feature that the candidate replaces,
            or null), `shape` (EPSG:4326; null: the feature goes away), `commune_id`,
            `declared_area_ha` (hectares).
        skip: Rules that are not asked.
        only: The rules that are asked; None = all of the layer's.
        given: The parameters of candidates that are the same object each time; then the statement
            is put together once.
        most: So many problems of a rule are enough, whichever: then a shape that lies upon
            thousands is not cut with all of them.

    Returns:
        The problems by row, errors first.
    """
    asked = [
        rule
        for rule in _ALL
        if rule.applies(layer) and rule.name not in skip and (only is None or rule.name in only)
    ]
    first = tuple(rule for rule in asked if rule.first_stage)
    later = tuple(rule for rule in asked if not rule.first_stage)
    found = _ask(session, layer, candidates, first, given, most)
    if broken := sorted({problem.row for problem in found}):
        numbers = literal(broken, ARRAY(BIGINT))
        whole = select(candidates).where(not_(candidates.c.row_no == any_(numbers)))
        candidates = whole.cte("whole_candidate")
    if not broken or given is None or len(broken) < len(given["row_nos"]):
        found += _ask(session, layer, candidates, later, given, most, is_kept=not broken)
    order = list(RULES)
    return sorted(
        found,
        key=lambda p: (
            p.row,
            p.severity,
            order.index(p.rule),
            -p.facts.get("overlap_m2", 0.0),
        ),
    )


def count_problems(
    session: Session,
    layer: Layer,
    candidates: FromClause,
    *,
    only: Collection[str],
    listed: int,
) -> list[tuple[Problem, int]]:
    """Ask rules about many candidates that are valid, and keep only the first problems of each.

    Args:
        session: Reads only.
        layer: The layer the candidates are for.
        candidates: As `find_problems` has them.
        only: The rules that are asked, of those that the layer has.
        listed: So many problems of a rule at most, those of the first rows.

    Returns:
        Each with the number of problems that its rule found in all.
    """
    found = []
    for rule in _ALL:
        if rule.name in only and rule.applies(layer):
            answer = rule.question(layer, candidates).subquery()
            query = (
                select(
                    literal(rule.name, TEXT, literal_execute=True).label("rule"),
                    cast(answer.c.severity, TEXT).label("severity"),
                    answer.c.row,
                    cast(answer.c.facts, JSON).label("facts"),
                    cast(answer.c.place, JSON).label("place"),
                    func.count().over().label("of_all"),
                )
                .order_by(answer.c.row)
                .limit(listed)
            )
            found += [(_problem(row), row.of_all) for row in session.execute(query)]
    return found


def _ask(
    session: Session,
    layer: Layer,
    candidates: FromClause,
    rules: tuple[Rule, ...],
    given: Mapping[str, Any] | None,
    most: int | None,
    *,
    is_kept: bool = True,
) -> list[Problem]:
    if not rules:
        return []
    key = (layer.id, candidates, tuple(rule.name for rule in rules), most)
    query = _KEPT.get(key)
    if query is None:
        query = _put_together(layer, candidates, rules, most)
        if given is not None and is_kept:
            _KEPT[key] = query
    return [_problem(row) for row in session.execute(query, given or {})]


def _put_together(
    layer: Layer, candidates: FromClause, rules: tuple[Rule, ...], most: int | None
) -> Executable:
    parts = []
    for rule in rules:
        answer = rule.question(layer, candidates).limit(most).subquery()
        parts.append(
            select(
                literal(rule.name, TEXT, literal_execute=True).label("rule"),
                cast(answer.c.severity, TEXT).label("severity"),
                answer.c.row,
                cast(answer.c.facts, JSON).label("facts"),
                cast(answer.c.place, JSON).label("place"),
            )
        )
    return union_all(*parts) if len(parts) > 1 else parts[0]


def _problem(row: Any) -> Problem:
    sentence = RULES[row.rule].sentence(row.facts)
    return Problem(row.rule, row.severity, row.row, sentence, row.facts, row.place)
