"""What a form or a document says, read into what the core takes."""

from sqlalchemy.orm import Session

from gis.calendar import today
from gis.errors import InvalidInputError
from gis.units import find_commune_id


def find_place(session: Session, code: str) -> int | None:
    """The commune of a code, as it is today; None for an empty code.

    Raises:
        InvalidInputError: No commune has this code today.
    """
    code = code.strip()
    if not code:
        return None
    found = find_commune_id(session, code[:20], today())
    if found is None:
        raise refuse("/commune", "unknown", f"No commune has the code {code[:20]!r} today.")
    return found


def refuse(pointer: str, rule: str, detail: str) -> InvalidInputError:
    """One mistake at one place of what was sent."""
    return InvalidInputError(detail, errors=[{"pointer": pointer, "rule": rule, "detail": detail}])
