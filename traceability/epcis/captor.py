"""Who captures events: what the rules ask about a caller, without an account or a session."""

from dataclasses import dataclass

_AUTHORITY = frozenset({"officer", "administrator"})


@dataclass(frozen=True)
class Captor:
    """A caller by name, the party it acts for, its roles, an officer's commune (None: all)."""

    name: str
    party_id: int | None
    roles: frozenset[str]
    commune_code: str | None = None

    @property
    def is_authority(self) -> bool:
        """Whether they act for a commune, the province or the platform."""
        return not _AUTHORITY.isdisjoint(self.roles)

    @property
    def is_nobody(self) -> bool:
        """Whether the account is of no party: in the journal that is the mark of the authority."""
        return self.party_id is None and not self.is_authority

    def rules_over(self, commune_code: str | None) -> bool:
        """Whether they are the authority in a commune."""
        return self.is_authority and (
            "administrator" in self.roles or self.commune_code in (None, commune_code)
        )
