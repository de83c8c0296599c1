"""What the rules say of drafts, and what follows from it."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Float, FromClause, cast, column, func, select, values
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Session

from gis.editing.geojson import to_ewkb
from gis.editing.rows import LONGEST_REASON, Draft
from gis.editing.rules import Problem, find_problems
from gis.errors import RuleViolationError, UnconfirmedError
from gis.layer import Layer


def candidates_of(drafts: Sequence[Draft], gone: Sequence[int] = ()) -> FromClause:
    """The drafts as the rules want them, and the ids of features that go away with them."""
    rows = [
        (
            number,
            draft.fid,
            None if draft.shape is None else to_ewkb(draft.shape),
            draft.value("commune_id"),
            None if (said := draft.value("declared_area_ha")) is None else float(said),
        )
        for number, draft in enumerate(drafts, 1)
    ]
    rows += [(len(rows) + number, fid, None, None, None) for number, fid in enumerate(gone, 1)]
    given = values(
        column("row_no", BigInteger),
        column("feature_id", BigInteger),
        column("shape"),
        column("commune_id", BigInteger),
        column("declared_area_ha", Float),
        name="given",
    ).data(rows)
    return select(
        cast(given.c.row_no, BigInteger).label("row_no"),
        cast(given.c.feature_id, BigInteger).label("feature_id"),
        func.ST_GeomFromEWKB(cast(given.c.shape, BYTEA)).label("shape"),
        cast(given.c.commune_id, BigInteger).label("commune_id"),
        cast(given.c.declared_area_ha, Float).label("declared_area_ha"),
    ).cte("candidate")


def judge(
    session: Session, layer: Layer, drafts: Sequence[Draft], gone: Sequence[int] = ()
) -> list[Problem]:
    """Ask the rules about drafts; of one that does not move, only what changed."""
    problems = []
    candidates = candidates_of(drafts, gone)
    wanted = {number: _rules_for(draft) for number, draft in enumerate(drafts, 1)}
    if any(rules is None or rules for rules in wanted.values()):
        asked = [rules for rules in wanted.values() if rules is not None]
        only = None if len(asked) < len(wanted) else frozenset[str]().union(*asked)
        problems = find_problems(session, layer, candidates, only=only)
    kept = []
    for problem in problems:
        rules = wanted.get(problem.row)
        draft = drafts[problem.row - 1]
        if rules is not None and problem.rule not in rules:
            continue
        if problem.rule == "overlap" and draft.value("status") == "closed":
            continue
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
