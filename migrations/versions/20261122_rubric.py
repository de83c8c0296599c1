"""OCOP: rubrics, dossiers, scores, certificates and their re-grading."""

from collections.abc import Sequence

revision: str = "20261122_rubric"
down_revision: str | None = "20261122_trade"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
