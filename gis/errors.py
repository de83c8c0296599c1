"""The one tree of errors that people may see.

A `PlatformError` carries a sentence (`detail`) and facts safe to show (`context`). It knows nothing
of HTTP: `web/problems.py` gives each class its status, the command line prints the sentence and
exits 1. Programming mistakes stay `ValueError` and `TypeError`.
"""

from typing import Any

# Members that RFC 9457 section 3.1 reserves: a context key must not hide them.
_RESERVED = frozenset({"type", "title", "status", "detail", "instance"})


class PlatformError(Exception):
    """The root of all errors whose sentence may be shown to a person."""

    def __init__(self, detail: str, **context: Any) -> None:
        """Keep the sentence and its facts.

        Args:
            detail: One sentence: what happened and what to do.
            context: Facts safe to show, JSON-serialisable.

        Raises:
            ValueError: When a context key is a reserved member of RFC 9457.
        """
        if reserved := _RESERVED.intersection(context):
            raise ValueError(f"context hides reserved problem members: {sorted(reserved)}")
        super().__init__(detail)
        self.detail = detail
        self.context = context


class InvalidInputError(PlatformError):
    """What was given breaks a rule of the domain."""


class InvalidGeometryError(InvalidInputError):
    """A geometry is not valid, of the wrong type, or lies where it cannot."""


class CrsMismatchError(InvalidInputError):
    """A coordinate system is missing, unknown, or differs from what is needed."""


class RuleViolationError(InvalidInputError):
    """An edit breaks rules of its layer; `problems` holds each one with its place."""


class VersionNeededError(InvalidInputError):
    """A change does not say which version it was made from, so it could hide another one."""


class NotFoundError(PlatformError):
    """No such thing is recorded."""


class ConflictError(PlatformError):
    """Valid in itself, but contradicts what is recorded."""


class StaleVersionError(ConflictError):
    """Somebody changed it since; `version`, `updated_by`, `updated_at`, `reason` say who."""


class UnconfirmedError(ConflictError):
    """An edit that only warnings speak against, and no reason given; `problems` holds them."""


class ForbiddenError(PlatformError):
    """The caller is known and may not do this."""


class UnavailableError(PlatformError):
    """Something the platform needs (the database, a disk, a program) is not there."""


class BrokenChainError(PlatformError):
    """Stored evidence fails verification: an alarm, never hidden."""
