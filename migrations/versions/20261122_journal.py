"""The journal of events (EPCIS 2.0): append-only, hash-chained, partitioned by month."""

from collections.abc import Sequence

revision: str = "20261122_journal"
down_revision: str | None = "20261122_attachments"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
