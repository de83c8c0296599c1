"""What the database cannot answer of a question, as a refusal that names the parameter.

A filter may be well formed and still ask the impossible (a root of a negative number, an endless
comparison); a coordinate system may not reach a shape. That is the question's fault.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError
from gis.published_crs import CRS84
from gis.selection import Selection

# Anybody may send a filter, so none may keep the database busy for long.
FILTER_TIMEOUT_S = 5
_TIMEOUT = text("SELECT set_config('statement_timeout', :milliseconds, true)")


def needs_transaction(selection: Selection) -> bool:
    """Whether a question is limited in time, which only a transaction of its own can be."""
    return (
        selection.condition is not None
        or bool(selection.sort)
        or bool(selection.equal)
        or selection.words is not None
        or selection.unit is not None
    )


@contextmanager
def answering(
    session: Session, selection: Selection, timeout_s: int = FILTER_TIMEOUT_S
) -> Iterator[None]:
    """Run a question; what fails by the question's own fault is refused.

    With a filter or an order of its own, statements of this transaction may take `timeout_s`.

    Raises:
        InvalidInputError: Naming the parameter at fault.
    """
    free = needs_transaction(selection)
    if free:
        session.execute(_TIMEOUT, {"milliseconds": str(timeout_s * 1000)})
    try:
        yield
    except DBAPIError as error:
        if refusal := _refusal(error.orig, selection, timeout_s if free else None):
            raise refusal from error
        raise


def _refusal(
    error: BaseException | None, selection: Selection, timeout_s: int | None
) -> InvalidInputError | None:
    asked = "filter" if selection.condition is not None else "sortby"
    if isinstance(error, psycopg.errors.QueryCanceled) and timeout_s:
        return InvalidInputError(
            f"This takes longer than {timeout_s} seconds: narrow it, for example by a bbox.",
            parameter=asked,
        )
    in_shape = isinstance(error, psycopg.errors.InternalError_)
    if in_shape and selection.crs is not CRS84 and "transform" in str(error).lower():
        return InvalidInputError(
            f"A feature lies beyond what {selection.crs.name} can reach: narrow the bbox.",
            parameter="crs",
        )
    if (in_shape or isinstance(error, psycopg.DataError)) and selection.condition is not None:
        return InvalidInputError(
            "The filter cannot be worked out for the features it meets.", parameter="filter"
        )
    if isinstance(error, psycopg.DataError) and selection.sort:
        return InvalidInputError(
            "after comes from the next link of the same list.", parameter="after"
        )
    return None
