"""Who captures events: what the rules ask about a caller, without an account or a session."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Captor:
    """A caller by name, the party it acts for, its roles, an officer's commune (None: all)."""

    name: str
    party_id: int | None
    roles: frozenset[str]
    commune_code: str | None = None
