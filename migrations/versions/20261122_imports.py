"""Files that officers bring in through the browser."""

from collections.abc import Sequence

revision: str = "20261122_imports"
down_revision: str | None = "20261122_backgrounds"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
