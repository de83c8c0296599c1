"""Batches of serials, their states, scans by day and commune, cases for the officer."""

from collections.abc import Sequence

revision: str = "20261122_codes"
down_revision: str | None = "20261122_journal"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
