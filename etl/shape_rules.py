"""The rules of the map's editor, asked of a load: what blocks an edit is only a warning here.

An invalid geometry is refused row by row (`staging.check_rows`); for the rest a person decides, so
it is said in one sentence a rule with its first rows. Overlaps have a pass of their own
(`overlaps.py`).
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from etl.staging import ROW, STATE
from etl.targets import Target
from gis.editing.rules import count_problems
from gis.layers import LAYERS

# As many rows are named; the rest is counted.
LISTED = 5
# Above this a load only asks what costs next to nothing a row.
_MANY = 20_000
_CHEAP = frozenset({"too-many-vertices", "area-differs"})
_ALL = _CHEAP | {"too-small", "too-large", "outside-commune", "sliver"}
_WORDS = {
    "too-many-vertices": "have too many corners to be edited on the map",
    "too-small": "enclose less than a square metre",
    "too-large": "are larger than any field, farm or zone",
    "outside-commune": "lie outside the commune that they name, in part or whole",
    "sliver": "are strips or run out into spikes",
    "area-differs": "are more than 20 % larger or smaller than declared",
}


def warn_of_shapes(session: Session, target: Target) -> list[str]:
    """Say which of the new and changed rows the editor would not take, or ask a reason for.

    Returns:
        A sentence for each rule that found something.
    """
    if target.layer not in LAYERS or target.layer == "tracks":
        return []
    changed = session.scalar(select(func.count()).select_from(STATE).where(STATE.c.is_changed)) or 0
    if not changed:
        return []
    candidates = (
        select(
            ROW.c.row_no,
            STATE.c.id.label("feature_id"),
            ROW.c.shape,
            ROW.c.commune_id,
            ROW.c.declared_area_ha,
        )
        .join_from(ROW, STATE, STATE.c.row_no == ROW.c.row_no)
        .where(STATE.c.is_changed)
        .subquery("candidate")
    )
    only = _ALL if changed <= _MANY else _CHEAP
    told: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    found = count_problems(session, LAYERS[target.layer], candidates, only=only, listed=LISTED)
    for problem, count in found:
        counts[problem.rule] = count
        told.setdefault(problem.rule, []).append(f"row {problem.row}: {problem.detail}")
    return [
        f"{counts[rule]} accepted rows {_WORDS[rule]}: {' '.join(details)}"
        for rule, details in told.items()
    ]
