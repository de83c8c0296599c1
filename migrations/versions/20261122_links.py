"""Resolver entries by the rules of registration of the resolver standard 1.2."""

from collections.abc import Sequence

revision: str = "20261122_links"
down_revision: str | None = "20261122_codes"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
