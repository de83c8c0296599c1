"""Marketplaces: checked links, clicks by day, prices of the product feed."""

from collections.abc import Sequence

revision: str = "20261122_shops"
down_revision: str | None = "20261122_rubric"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
