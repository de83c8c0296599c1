"""Problems that buyers report, and their tickets."""

from collections.abc import Sequence

revision: str = "20261122_reports"
down_revision: str | None = "20261122_shops"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
