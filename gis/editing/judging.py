"""What the rules say of drafts, and what follows from it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, BYTEA, DOUBLE_PRECISION
from sqlalchemy.orm import Session

from gis.editing.geojson import to_ewkb
from gis.editing.rows import LONGEST_REASON, Draft
from gis.editing.rules import Problem, find_problems
from gis.errors import RuleViolationError, UnconfirmedError
from gis.layer import Layer

# Of one rule and draft.
MOST_LISTED = 50


def _array(name: str, kind: Any) -> ColumnElement[Any]:
    return bindparam(name, type_=ARRAY(kind))


_GIVEN = (
    func.unnest(
        _array("row_nos", BIGINT),
        _array("feature_ids", BIGINT),
        _array("shapes", BYTEA),
        _array("commune_ids", BIGINT),
        _array("declared_areas_ha", DOUBLE_PRECISION),
    )
    .table_valued("row_no", "feature_id", "shape", "commune_id", "declared_area_ha")
    .render_derived(name="given")
)
# One statement for all drafts, so that it is put together once and not for each edit.
_CANDIDATES = select(
    _GIVEN.c.row_no,
    _GIVEN.c.feature_id,
    func.ST_GeomFromEWKB(_GIVEN.c.shape).label("shape"),
    _GIVEN.c.commune_id,
    _GIVEN.c.declared_area_ha,
).cte("candidate")


def _parameters(drafts: Sequence[Draft], gone: Sequence[int]) -> dict[str, list[Any]]:
    """The drafts as `_CANDIDATES` wants them, and the ids of features that go away with them."""
    empty = [None] * len(gone)
    declared = [draft.value("declared_area_ha") for draft in drafts]
    return {
        "row_nos": list(range(1, len(drafts) + len(gone) + 1)),
        "feature_ids": [*(draft.fid for draft in drafts), *gone],
        "shapes": [
            *(None if draft.shape is None else to_ewkb(draft.shape) for draft in drafts),
            *empty,
        ],
        "commune_ids": [*(draft.value("commune_id") for draft in drafts), *empty],
        "declared_areas_ha": [
            *(None if area is None else float(area) for area in declared),
            *empty,
        ],
    }


def judge(
    session: Session, layer: Layer, drafts: Sequence[Draft], gone: Sequence[int] = ()
) -> list[Problem]:
    """Ask the rules about drafts; of one that does not move, only what changed."""
    problems = []
    wanted = {number: _rules_for(draft) for number, draft in enumerate(drafts, 1)}
    if any(rules is None or rules for rules in wanted.values()):
        asked = [rules for rules in wanted.values() if rules is not None]
        only = None if len(asked) < len(wanted) else frozenset[str]().union(*asked)
        given = _parameters(drafts, gone)
        alone = drafts[0] if len(drafts) == 1 else None
        problems = find_problems(
            session,
            layer,
            _CANDIDATES,
            skip={"overlap"} if alone and alone.value("status") == "closed" else (),
            only=only,
            given=given,
            most=MOST_LISTED if alone else None,
        )
    kept = []
    counted: Counter[tuple[int, str]] = Counter()
    for problem in problems:
        rules = wanted.get(problem.row)
        draft = drafts[problem.row - 1]
        if rules is not None and problem.rule not in rules:
            continue
        if problem.rule == "overlap" and draft.value("status") == "closed":
            continue
        counted[problem.row, problem.rule] += 1
        if counted[problem.row, problem.rule] <= MOST_LISTED:
            kept.append(problem)
    return kept


def _rules_for(draft: Draft) -> frozenset[str] | None:
    """The rules that an unmoved draft is asked; None = all."""
    if draft.moves:
        return None
    rules = set()
    if draft.is_set("commune_id"):
        rules.add("outside-commune")
    if draft.is_set("declared_area_ha"):
        rules.add("area-differs")
    if draft.is_set("status") and draft.row is not None and draft.row.get("status") == "closed":
        rules.add("overlap")  # it takes up room again
    return frozenset(rules)


def confirm(problems: Sequence[Problem], *, strict: bool, reason: str | None) -> str | None:
    """Stop at errors, and at warnings that nobody gave a reason for.

    Returns:
        The reason to record: the given one, or what was warned of.

    Raises:
        RuleViolationError: There are errors.
        UnconfirmedError: There are warnings, `strict` was asked, and no reason is given.
    """
    listed = [problem.as_dict() for problem in problems]
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
        raise RuleViolationError(f"{errors[0].detail}{more}", problems=listed)
    if not problems or reason:
        return reason
    if strict:
        raise UnconfirmedError(
            f"{problems[0].detail} Say why it is right, and it is stored.", problems=listed
        )
    said = "Warned: " + " ".join(dict.fromkeys(problem.detail for problem in problems))
    return said[:LONGEST_REASON]
