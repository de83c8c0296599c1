"""Backgrounds of the map that an administrator configures."""

from collections.abc import Sequence

revision: str = "20261122_backgrounds"
down_revision: str | None = "20261122_editing"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
