"""What forms of OCOP send: scores, days."""

from datetime import date

from flask import flash, request

from gis.errors import ConflictError, InvalidInputError
from traceability.ocop.rubric import RubricSet
from web.ocop.words import say


def read_scores(rubric: RubricSet) -> dict[str, int]:
    """Read the points that a sheet's form sends: one field for each criterion; blank = none.

    Raises:
        InvalidInputError: A field holds no whole number.
    """
    scores = {}
    for criterion in rubric.criteria:
        given = request.form.get(f"s-{criterion.code}", "").strip()
        if not given:
            continue
        if not (given.isascii() and given.isdigit() and len(given) < 4):
            raise InvalidInputError(
                f"{criterion.code} takes points, not {given[:20]!r}.",
                errors=[{"pointer": f"/scores/{criterion.code}", "criterion": criterion.code}],
            )
        scores[criterion.code] = int(given)
    return scores


def read_day(name: str) -> date:
    """Read a day that a form sends.

    Raises:
        InvalidInputError: It is none.
    """
    given = request.form.get(name, "").strip()
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise InvalidInputError(
            f"{name} is a day such as 2026-11-22, not {given[:20]!r}.",
            errors=[{"pointer": f"/{name}", "rule": "missing"}],
        ) from error


class said:  # noqa: N801  reads as a word of the `with` statement
    """Say on the next page why a form was not taken, instead of failing."""

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: object
    ) -> bool:
        """Flash a mistake of the sender and go on; let everything else pass."""
        if not isinstance(error, InvalidInputError | ConflictError):
            return False
        flash(say(error), "error")
        return True
