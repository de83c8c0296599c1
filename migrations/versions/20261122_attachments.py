"""Files that people add to a record: pictures of products, evidence, photos of a report."""

from collections.abc import Sequence

revision: str = "20261122_attachments"
down_revision: str | None = "20261122_imports"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
