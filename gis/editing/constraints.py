"""What the database refuses, told as a sentence: constraints are recognised by their names.

The rules look first, so that people get all problems at once; the database decides.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import BigInteger, column, func, select, table, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from gis.editing.rules import Problem
from gis.errors import ConflictError, InvalidInputError, PlatformError, RuleViolationError
from gis.layer import Layer

# What refers to features, in words; other tables are called by their own name.
_WORDS = {
    "growing_area_code": "growing-area codes",
    "growing_area_member": "members",
    "application": "applications",
    "lot_source": "lots",
    "product": "products",
    "zone_assessment": "assessments",
    "administrative_succession": "successions",
    "administrative_unit": "units below it",
}
_CHECKS = {
    "has_area": "Without a boundary an area needs declared_area_ha.",
    "declared_area_positive": "declared_area_ha is above 0.",
    "period": "valid_to is not before valid_from.",
    "boundary_valid": "The boundary is not valid.",
    "status": "status has another list of values.",
    "kind": "kind has another list of values.",
    "level": "level has another list of values.",
}
# Every foreign key that points to a table, with its own table and column.
_REFERENCES = text(
    "SELECT n.nspname AS schema, r.relname AS name, a.attname AS column"
    " FROM pg_constraint AS c"
    " JOIN pg_class AS r ON r.oid = c.conrelid JOIN pg_namespace AS n ON n.oid = r.relnamespace"
    " JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
    " WHERE c.contype = 'f' AND c.conparentid = 0"
    " AND c.confrelid = to_regclass(:table) ORDER BY r.relname"
)


@contextmanager
def translated(session: Session, layer: Layer) -> Iterator[None]:
    """Write inside a savepoint; what the database refuses becomes an error with a sentence.

    Raises:
        RuleViolationError: It would lie upon a neighbour.
        ConflictError: A code is taken, or something refers to the feature.
        InvalidInputError: A CHECK or NOT NULL speaks against it.
    """
    try:
        with session.begin_nested():
            yield
            session.flush()
    except IntegrityError as error:
        raise _translate(error, layer) from error


def carried(session: Session, layer: Layer, ids: Sequence[int]) -> dict[str, int]:
    """What refers to features and would be lost or orphaned with them: words and how many."""
    found: dict[str, int] = {}
    for row in session.execute(_REFERENCES, {"table": layer.table.fullname}):
        own = column(row.column, BigInteger)
        source = table(row.name, own, schema=row.schema)
        count = session.scalar(
            select(func.count()).select_from(source).where(own == func.any(list(ids)))
        )
        if count:
            words = _WORDS.get(row.name, row.name)
            found[words] = found.get(words, 0) + count
    return found


def refuse_carried(session: Session, layer: Layer, ids: Sequence[int]) -> None:
    """Refuse to take away features that others refer to.

    Raises:
        ConflictError: Saying what refers to them.
    """
    if not ids or not (found := carried(session, layer, ids)):
        return
    things = ", ".join(f"{count} {words}" for words, count in found.items())
    which = f"feature {ids[0]}" if len(ids) == 1 else f"features {', '.join(map(str, ids[:10]))}"
    instead = " Close it instead: status closed." if layer.id == "growing-areas" else ""
    raise ConflictError(
        f"The {which} of {layer.id} cannot go away: {things} refer to it.{instead}",
        features=list(ids[:10]),
        refers=found,
    )


def _translate(error: IntegrityError, layer: Layer) -> PlatformError:
    diagnostic = getattr(error.orig, "diag", None)
    name = str(getattr(diagnostic, "constraint_name", None) or "")
    if name == "no_overlap":
        return _overlap(str(getattr(diagnostic, "message_detail", "")))
    state = str(getattr(error.orig, "sqlstate", ""))
    if state == "23505":  # unique_violation
        key = "id" if name.startswith("pk_") else "code"
        if name.endswith("_source"):
            key = "source"
        return ConflictError(
            f"There is already a feature of {layer.id} with this {key}.", constraint=name, key=key
        )
    if state == "23503":  # foreign_key_violation
        other = str(getattr(diagnostic, "table_name", ""))
        words = _WORDS.get(other, other)
        if other == layer.table.name:
            return ConflictError(
                "Something that the feature refers to is not there any more.", constraint=name
            )
        return ConflictError(
            f"The feature of {layer.id} cannot go away: {words} refer to it.", constraint=name
        )
    if state == "23502":  # not_null_violation
        missing = str(getattr(diagnostic, "column_name", ""))
        return InvalidInputError(f"{missing} is needed.")
    rule = name.removeprefix(f"ck_{layer.table.name}_")
    sentence = _CHECKS.get(rule, f"The database refuses this ({name}).")
    return InvalidInputError(sentence, constraint=name)


def _overlap(detail: str) -> RuleViolationError:
    """What the overlap trigger said, as the problem that the rule would have made of it."""
    said: dict[str, Any] = json.loads(detail)
    facts = {key: said.get(key) for key in ("layer", "with", "overlap_m2")}
    sentence = (
        f"It lies upon {said['layer']} {said['with']} with {float(said['overlap_m2']):,.1f} m²."
    )
    problem = Problem("overlap", "error", 1, sentence, facts, None)
    return RuleViolationError(sentence, problems=[problem.as_dict()])
