"""Resolver entries by the rules of registration of the resolver standard 1.2."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "20261122_links"
down_revision: str | None = "20261122_codes"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Section 2.5.9: any address finds a default link at its own level or above, so a lot or a serial
# has an entry only below one of its primary key. What stood alone gives its default to that.
GIVE_ROOTS = """
WITH alone AS (
    SELECT DISTINCT ON (root) root, id FROM (
        SELECT '/' || split_part(key, '/', 2) || '/' || split_part(key, '/', 3) AS root, id, key
        FROM traceability.link_entry WHERE key !~ '^/t/'
    ) AS entry
    WHERE NOT EXISTS (SELECT FROM traceability.link_entry AS other WHERE other.key = entry.root)
    ORDER BY root, length(key), id
), made AS (
    INSERT INTO traceability.link_entry (key, description)
    SELECT alone.root, entry.description
    FROM alone JOIN traceability.link_entry AS entry ON entry.id = alone.id
    RETURNING id, key
)
INSERT INTO traceability.link
    (entry_id, position, is_default, link_type, href, title, media_type, hreflang, context)
SELECT made.id, 0, true, link.link_type, link.href, link.title, link.media_type, link.hreflang,
       link.context
FROM made JOIN alone ON alone.root = made.key
JOIN traceability.link ON link.entry_id = alone.id AND link.is_default
"""
ROOT = """
CASE WHEN key !~ '^/t/' THEN '/' || split_part(key, '/', 2) || '/' || split_part(key, '/', 3) END
"""
# Rules 1 and 2: (235) and (21) are registered alone below their GTIN.
SERIAL_ALONE = "split_part(key, '/', 6) NOT IN ('21', 'tem') AND split_part(key, '/', 8) <> '21'"


def upgrade() -> None:
    op.execute(GIVE_ROOTS)
    op.add_column(
        "link_entry",
        sa.Column("root", sa.Text(), sa.Computed(ROOT.strip(), persisted=True)),
        schema="traceability",
    )
    op.create_index(op.f("ix_link_entry_root"), "link_entry", ["root"], schema="traceability")
    op.create_foreign_key(
        op.f("fk_link_entry_root_link_entry"),
        "link_entry",
        "link_entry",
        ["root"],
        ["key"],
        source_schema="traceability",
        referent_schema="traceability",
        ondelete="CASCADE",
        deferrable=True,
        initially="DEFERRED",
    )
    op.create_check_constraint(
        op.f("ck_link_entry_serial_alone"), "link_entry", SERIAL_ALONE, schema="traceability"
    )


def downgrade() -> None:
    op.drop_constraint(
        op.f("ck_link_entry_serial_alone"), "link_entry", schema="traceability", type_="check"
    )
    op.drop_column("link_entry", "root", schema="traceability")
