"""The ground: extensions, schemas, accent-free search, VN-2000 systems PostGIS lacks."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "20261122_ground"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Provincial TM-3 systems of VN-2000 that PostGIS 3.3's spatial_ref_sys lacks (EPSG v11):
# k = 0.9999, x0 = 500 000 m, y0 = 0; datum shift of QĐ 05/2007/QĐ-BTNMT, rotations with the signs
# of PROJ's position-vector convention.
MERIDIANS = {
    9205: 103.0,
    9206: 104.0,
    9207: 104.5,
    9208: 104.75,
    9209: 105.5,
    9210: 105.75,
    9211: 106.0,
    9212: 106.25,
    9213: 106.5,
    9214: 107.0,
    9215: 107.25,
    9216: 107.5,
    9217: 108.25,
    9218: 108.5,
}
PROJ4 = (
    "+proj=tmerc +lat_0=0 +lon_0={meridian} +k=0.9999 +x_0=500000 +y_0=0 +ellps=WGS84"
    " +towgs84=-191.90441429,-39.30318279,-111.45032835,0.00928836,-0.01975479,0.00427372,"
    "0.252906278 +units=m +no_defs"
)


def upgrade() -> None:
    for extension in ("postgis", "unaccent", "pg_trgm"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension} WITH SCHEMA public")
    for schema in ("gis", "traceability", "etl", "web"):
        op.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    # unaccent() is only STABLE, so it cannot be indexed; naming the dictionary makes it safe to
    # call IMMUTABLE. Rules differ between PostgreSQL versions: REINDEX after an upgrade.
    op.execute(
        """
        CREATE FUNCTION public.f_unaccent(text) RETURNS text
        LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
            SELECT public.unaccent('public.unaccent'::regdictionary, normalize($1, NFC))
        $$
        """
    )
    op.get_bind().execute(
        sa.text(
            "INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid, proj4text, srtext)"
            " VALUES (:srid, 'EPSG', :srid, :proj4, '') ON CONFLICT (srid) DO NOTHING"
        ),
        [
            {"srid": srid, "proj4": PROJ4.format(meridian=meridian)}
            for srid, meridian in MERIDIANS.items()
        ],
    )


def downgrade() -> None:
    # The extensions and their systems stay: other databases' objects may use them by now.
    op.execute("DROP FUNCTION public.f_unaccent(text)")
    for schema in ("web", "etl", "traceability", "gis"):
        op.execute(f"DROP SCHEMA IF EXISTS {schema}")
