"""Editing under concurrency: locks, overlaps, who may write where."""

from collections.abc import Sequence

revision: str = "20261122_editing"
down_revision: str | None = "20261122_privacy"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
