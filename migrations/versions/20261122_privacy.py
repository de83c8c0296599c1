"""Who could be singled out on a public map, and where such a place is shown instead."""

from collections.abc import Sequence

from alembic import op

revision: str = "20261122_privacy"
down_revision: str | None = "20261122_reference"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# One rule for tiles, features, search and drawings (Law 91/2025/QH15 art. 16): a household's plot
# identifies a home, and so does a plot under 1 ha (the usual plot of one household) whose holder is
# a cooperative or not known. From five households on, nobody stands alone.
IS_SINGLED_OUT = """
CREATE FUNCTION gis.is_singled_out(
    holder_kind text, household_count integer, area_ha double precision
) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN holder_kind IN ('enterprise', 'agency', 'university') THEN false
        WHEN coalesce(household_count, 0) >= 5 THEN false
        WHEN holder_kind = 'household' THEN true
        ELSE coalesce(area_ha < 1, false)
    END
$$
"""

# The middle of the cell of 0.01 degrees (about 1.1 km) that holds the point.
ROUNDED_LOCATION = """
CREATE FUNCTION gis.rounded_location(place geometry) RETURNS geometry
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT public.ST_SnapToGrid(place, 0.005, 0.005, 0.01, 0.01)
$$
"""


def upgrade() -> None:
    op.execute(IS_SINGLED_OUT)
    op.execute(ROUNDED_LOCATION)


def downgrade() -> None:
    op.execute("DROP FUNCTION gis.rounded_location(geometry)")
    op.execute("DROP FUNCTION gis.is_singled_out(text, integer, double precision)")
