"""Lots, quantities and recalls as producers record them."""

from collections.abc import Sequence

revision: str = "20261122_trade"
down_revision: str | None = "20261122_links"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
