"""A certificate's number is borne by no other one."""

from collections.abc import Sequence

from alembic import op

revision: str = "20261122_certificate_number"
down_revision: str | None = "20261122_reports"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # Of several with one number the first keeps it; the others say which one they are.
    op.execute(
        """
        UPDATE traceability.certificate AS c
        SET number = c.number || ' (' || repeated.place || ')'
        FROM (
            SELECT id, row_number() OVER (PARTITION BY number ORDER BY issued_on, id) AS place
            FROM traceability.certificate
            WHERE number IS NOT NULL
        ) AS repeated
        WHERE repeated.id = c.id AND repeated.place > 1
        """
    )
    op.create_unique_constraint(
        op.f("uq_certificate_number"), "certificate", ["number"], schema="traceability"
    )


def downgrade() -> None:
    op.drop_constraint(
        op.f("uq_certificate_number"), "certificate", schema="traceability", type_="unique"
    )
