"""The tables of schema gis: places and everything that has a boundary."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision: str = "20261122_gis"
down_revision: str | None = "20261122_ground"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_geospatial_table(
        "administrative_unit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(collation="vi-x-icu"), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("declared_area_ha", sa.Numeric(precision=14, scale=4), nullable=True),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column(
            "boundary",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "area_ha",
            sa.Double(),
            sa.Computed("ST_Area(boundary::geography) / 10000.0", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "level IN ('province', 'district', 'commune')",
            name=op.f("ck_administrative_unit_level"),
        ),
        sa.CheckConstraint(
            "ST_IsValid(boundary)", name=op.f("ck_administrative_unit_boundary_valid")
        ),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_administrative_unit_period")
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["gis.administrative_unit.id"],
            name=op.f("fk_administrative_unit_parent_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_administrative_unit")),
        sa.UniqueConstraint("code", "valid_from", name="uq_administrative_unit_code_valid_from"),
        schema="gis",
    )
    op.create_geospatial_index(
        "idx_administrative_unit_boundary",
        "administrative_unit",
        ["boundary"],
        unique=False,
        schema="gis",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_table(
        "code_series",
        sa.Column("province_code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("letters", sa.Text(), nullable=False),
        sa.Column("next_serial", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("kind IN ('OR', 'PH')", name=op.f("ck_code_series_kind")),
        sa.PrimaryKeyConstraint("province_code", "kind", name=op.f("pk_code_series")),
        schema="gis",
    )
    op.create_table(
        "crop",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(collation="vi-x-icu"), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("scientific_name", sa.Text(), nullable=True),
        sa.Column("is_perennial", sa.Boolean(), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column(
            "aliases", postgresql.ARRAY(sa.TEXT()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.CheckConstraint("colour ~ '^#[0-9a-f]{6}$'", name=op.f("ck_crop_colour")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crop")),
        sa.UniqueConstraint("code", name=op.f("uq_crop_code")),
        schema="gis",
    )
    op.create_table(
        "layer_change",
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("transaction", sa.BigInteger(), nullable=False),
        sa.Column("features", sa.BigInteger(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("layer", "transaction", name=op.f("pk_layer_change")),
        schema="gis",
    )
    op.create_table(
        "layer_version",
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("changes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("features", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("layer", name=op.f("pk_layer_version")),
        schema="gis",
    )
    op.create_table(
        "procedure_rule",
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("working_days", sa.Integer(), nullable=False),
        sa.Column("min_area_ha", sa.Numeric(precision=10, scale=2), nullable=True),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.CheckConstraint("working_days > 0", name=op.f("ck_procedure_rule_working_days")),
        sa.PrimaryKeyConstraint(
            "procedure", "variant", "valid_from", name=op.f("pk_procedure_rule")
        ),
        schema="gis",
    )
    op.create_table(
        "public_holiday",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_public_holiday")),
        schema="gis",
    )
    op.create_geospatial_table(
        "revision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("feature_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("transaction", sa.BigInteger(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "before_shape",
            Geometry(
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "after_shape",
            Geometry(
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.CheckConstraint(
            "action IN ('insert', 'update', 'delete')", name=op.f("ck_revision_action")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
        schema="gis",
    )
    op.create_index(
        "ix_revision_feature", "revision", ["layer", "feature_id", "id"], unique=False, schema="gis"
    )
    op.create_index(
        "ix_revision_transaction", "revision", ["transaction"], unique=False, schema="gis"
    )
    op.create_geospatial_table(
        "scene",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(collation="vi-x-icu"), nullable=False),
        sa.Column("acquired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("crs", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("bands", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "footprint",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scene")),
        sa.UniqueConstraint("code", name=op.f("uq_scene_code")),
        schema="gis",
    )
    op.create_geospatial_index(
        "idx_scene_footprint",
        "scene",
        ["footprint"],
        unique=False,
        schema="gis",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_geospatial_table(
        "track",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(collation="vi-x-icu"), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "path",
            Geometry(
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "length_m",
            sa.Double(),
            sa.Computed("ST_Length(path::geography)", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "GeometryType(path) IN ('MULTILINESTRING', 'POINT', 'MULTIPOINT')",
            name=op.f("ck_track_path_kind"),
        ),
        sa.CheckConstraint("ST_IsValid(path)", name=op.f("ck_track_path_valid")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_track")),
        schema="gis",
    )
    op.create_geospatial_index(
        "idx_track_path",
        "track",
        ["path"],
        unique=False,
        schema="gis",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index("uq_track_source", "track", ["source", "source_id"], unique=True, schema="gis")
    op.create_table(
        "zone_indicator",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("threshold", sa.Numeric(precision=12, scale=3), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "(operator = 'is') = (threshold IS NULL)", name=op.f("ck_zone_indicator_threshold")
        ),
        sa.CheckConstraint(
            "operator IN ('=', '>', '>=', '<', '<=', 'is')", name=op.f("ck_zone_indicator_operator")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_zone_indicator")),
        sa.UniqueConstraint("code", name=op.f("uq_zone_indicator_code")),
        schema="gis",
    )
    op.create_table(
        "administrative_succession",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("old_id", sa.BigInteger(), nullable=False),
        sa.Column("new_id", sa.BigInteger(), nullable=False),
        sa.Column("share", sa.Numeric(precision=6, scale=5), nullable=False),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "share > 0 AND share <= 1", name=op.f("ck_administrative_succession_share")
        ),
        sa.ForeignKeyConstraint(
            ["new_id"],
            ["gis.administrative_unit.id"],
            name=op.f("fk_administrative_succession_new_id"),
        ),
        sa.ForeignKeyConstraint(
            ["old_id"],
            ["gis.administrative_unit.id"],
            name=op.f("fk_administrative_succession_old_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_administrative_succession")),
        sa.UniqueConstraint("old_id", "new_id", name="uq_administrative_succession_old_id_new_id"),
        schema="gis",
    )
    op.create_index(
        op.f("ix_administrative_succession_new_id"),
        "administrative_succession",
        ["new_id"],
        unique=False,
        schema="gis",
    )
    op.create_table(
        "party",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(collation="vi-x-icu"), nullable=False),
        sa.Column("commune_id", sa.BigInteger(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "kind IN ('household', 'cooperative', 'enterprise', 'agency', 'university')",
            name=op.f("ck_party_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["commune_id"], ["gis.administrative_unit.id"], name=op.f("fk_party_commune_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party")),
        schema="gis",
    )
    op.create_table(
        "scene_statistic",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("scene_id", sa.BigInteger(), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("feature_id", sa.Integer(), nullable=False),
        sa.Column("feature_version", sa.Integer(), nullable=False),
        sa.Column("band", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("statistic", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column(
            "computed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("rule IN ('centre', 'exact')", name=op.f("ck_scene_statistic_rule")),
        sa.ForeignKeyConstraint(
            ["scene_id"],
            ["gis.scene.id"],
            name=op.f("fk_scene_statistic_scene_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scene_statistic")),
        sa.UniqueConstraint(
            "scene_id",
            "layer",
            "feature_id",
            "band",
            "statistic",
            "rule",
            name="uq_scene_statistic_key",
        ),
        schema="gis",
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("party_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("text_version", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column(
            "given_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["gis.party.id"], name=op.f("fk_consent_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        schema="gis",
    )
    op.create_index(
        op.f("ix_consent_party_id"), "consent", ["party_id"], unique=False, schema="gis"
    )
    op.create_geospatial_table(
        "facility",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(collation="vi-x-icu"), nullable=True),
        sa.Column("kind", sa.Text(), server_default=sa.text("'other'"), nullable=False),
        sa.Column("party_id", sa.BigInteger(), nullable=True),
        sa.Column("commune_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "location",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "kind IN ('packing-house', 'greenhouse', 'nursery', 'processing', 'store', 'weather-station', 'laboratory', 'other')",
            name=op.f("ck_facility_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["commune_id"], ["gis.administrative_unit.id"], name=op.f("fk_facility_commune_id")
        ),
        sa.ForeignKeyConstraint(["party_id"], ["gis.party.id"], name=op.f("fk_facility_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facility")),
        schema="gis",
    )
    op.create_geospatial_index(
        "idx_facility_location",
        "facility",
        ["location"],
        unique=False,
        schema="gis",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        "uq_facility_code",
        "facility",
        ["code"],
        unique=True,
        schema="gis",
        postgresql_where=sa.text("code IS NOT NULL"),
    )
    op.create_index(
        "uq_facility_source", "facility", ["source", "source_id"], unique=True, schema="gis"
    )
    op.create_geospatial_table(
        "growing_area",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(collation="vi-x-icu"), nullable=False),
        sa.Column("crop_id", sa.BigInteger(), nullable=True),
        sa.Column("party_id", sa.BigInteger(), nullable=True),
        sa.Column("commune_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.Column("variety", sa.Text(), nullable=True),
        sa.Column("planted_year", sa.Integer(), nullable=True),
        sa.Column("household_count", sa.Integer(), nullable=True),
        sa.Column("standard", sa.Text(), nullable=True),
        sa.Column("declared_area_ha", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.Column(
            "boundary",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "location",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "area_ha",
            sa.Double(),
            sa.Computed(
                "coalesce(ST_Area(boundary::geography) / 10000.0, declared_area_ha::double precision)",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "status IN ('active', 'suspended', 'closed')", name=op.f("ck_growing_area_status")
        ),
        sa.CheckConstraint(
            "boundary IS NOT NULL OR declared_area_ha IS NOT NULL",
            name=op.f("ck_growing_area_has_area"),
        ),
        sa.CheckConstraint(
            "boundary IS NULL OR ST_IsValid(boundary)", name=op.f("ck_growing_area_boundary_valid")
        ),
        sa.CheckConstraint(
            "declared_area_ha > 0", name=op.f("ck_growing_area_declared_area_positive")
        ),
        sa.ForeignKeyConstraint(
            ["commune_id"], ["gis.administrative_unit.id"], name=op.f("fk_growing_area_commune_id")
        ),
        sa.ForeignKeyConstraint(["crop_id"], ["gis.crop.id"], name=op.f("fk_growing_area_crop_id")),
        sa.ForeignKeyConstraint(
            ["party_id"], ["gis.party.id"], name=op.f("fk_growing_area_party_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_growing_area")),
        schema="gis",
    )
    op.create_geospatial_index(
        "idx_growing_area_boundary",
        "growing_area",
        ["boundary"],
        unique=False,
        schema="gis",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_geospatial_index(
        "idx_growing_area_location",
        "growing_area",
        ["location"],
        unique=False,
        schema="gis",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        op.f("ix_growing_area_commune_id"),
        "growing_area",
        ["commune_id"],
        unique=False,
        schema="gis",
    )
    op.create_index(
        op.f("ix_growing_area_crop_id"), "growing_area", ["crop_id"], unique=False, schema="gis"
    )
    op.create_index(
        op.f("ix_growing_area_party_id"), "growing_area", ["party_id"], unique=False, schema="gis"
    )
    op.create_index(
        "uq_growing_area_source", "growing_area", ["source", "source_id"], unique=True, schema="gis"
    )
    op.create_geospatial_table(
        "high_tech_zone",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(collation="vi-x-icu"), nullable=False),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("commune_id", sa.BigInteger(), nullable=True),
        sa.Column("party_id", sa.BigInteger(), nullable=True),
        sa.Column("recognised_on", sa.Date(), nullable=True),
        sa.Column("recognised_year", sa.Integer(), nullable=True),
        sa.Column("declared_area_ha", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column(
            "boundary",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "area_ha",
            sa.Double(),
            sa.Computed("ST_Area(boundary::geography) / 10000.0", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("ST_IsValid(boundary)", name=op.f("ck_high_tech_zone_boundary_valid")),
        sa.ForeignKeyConstraint(
            ["commune_id"],
            ["gis.administrative_unit.id"],
            name=op.f("fk_high_tech_zone_commune_id"),
        ),
        sa.ForeignKeyConstraint(
            ["party_id"], ["gis.party.id"], name=op.f("fk_high_tech_zone_party_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_high_tech_zone")),
        sa.UniqueConstraint("code", name=op.f("uq_high_tech_zone_code")),
        schema="gis",
    )
    op.create_geospatial_index(
        "idx_high_tech_zone_boundary",
        "high_tech_zone",
        ["boundary"],
        unique=False,
        schema="gis",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        "uq_high_tech_zone_source",
        "high_tech_zone",
        ["source", "source_id"],
        unique=True,
        schema="gis",
    )
    op.create_geospatial_table(
        "parcel",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(collation="vi-x-icu"), nullable=True),
        sa.Column("party_id", sa.BigInteger(), nullable=True),
        sa.Column("crop_id", sa.BigInteger(), nullable=True),
        sa.Column("commune_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "boundary",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "area_ha",
            sa.Double(),
            sa.Computed("ST_Area(boundary::geography) / 10000.0", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("ST_IsValid(boundary)", name=op.f("ck_parcel_boundary_valid")),
        sa.ForeignKeyConstraint(
            ["commune_id"], ["gis.administrative_unit.id"], name=op.f("fk_parcel_commune_id")
        ),
        sa.ForeignKeyConstraint(["crop_id"], ["gis.crop.id"], name=op.f("fk_parcel_crop_id")),
        sa.ForeignKeyConstraint(["party_id"], ["gis.party.id"], name=op.f("fk_parcel_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parcel")),
        schema="gis",
    )
    op.create_geospatial_index(
        "idx_parcel_boundary",
        "parcel",
        ["boundary"],
        unique=False,
        schema="gis",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        "uq_parcel_code",
        "parcel",
        ["code"],
        unique=True,
        schema="gis",
        postgresql_where=sa.text("code IS NOT NULL"),
    )
    op.create_index(
        "uq_parcel_source", "parcel", ["source", "source_id"], unique=True, schema="gis"
    )
    op.create_table(
        "party_private",
        sa.Column("party_id", sa.BigInteger(), nullable=False),
        sa.Column("representative", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("personal_number", sa.Text(), nullable=True),
        sa.Column("tax_code", sa.Text(), nullable=True),
        sa.Column("home_address", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["party_id"],
            ["gis.party.id"],
            name=op.f("fk_party_private_party_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("party_id", name=op.f("pk_party_private")),
        schema="gis",
    )
    op.create_geospatial_table(
        "application",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'submitted'"), nullable=False),
        sa.Column("area_name", sa.Text(), nullable=False),
        sa.Column("crop_id", sa.BigInteger(), nullable=True),
        sa.Column("market", sa.Text(), nullable=False),
        sa.Column("commune_id", sa.BigInteger(), nullable=True),
        sa.Column("party_id", sa.BigInteger(), nullable=True),
        sa.Column("household_count", sa.Integer(), nullable=True),
        sa.Column("declared_area_ha", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.Column(
            "boundary",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "location",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("determination_method", sa.Text(), nullable=True),
        sa.Column("submitted_by", sa.Text(), nullable=True),
        sa.Column(
            "submitted_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("growing_area_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(status IN ('approved', 'rejected', 'withdrawn')) = (decided_at IS NOT NULL)",
            name=op.f("ck_application_decided"),
        ),
        sa.CheckConstraint(
            "status IN ('submitted', 'returned', 'approved', 'rejected', 'withdrawn')",
            name=op.f("ck_application_status"),
        ),
        sa.CheckConstraint(
            "boundary IS NOT NULL OR declared_area_ha IS NOT NULL",
            name=op.f("ck_application_has_area"),
        ),
        sa.CheckConstraint(
            "boundary IS NULL OR ST_IsValid(boundary)", name=op.f("ck_application_boundary_valid")
        ),
        sa.CheckConstraint(
            "declared_area_ha > 0", name=op.f("ck_application_declared_area_positive")
        ),
        sa.ForeignKeyConstraint(
            ["commune_id"], ["gis.administrative_unit.id"], name=op.f("fk_application_commune_id")
        ),
        sa.ForeignKeyConstraint(["crop_id"], ["gis.crop.id"], name=op.f("fk_application_crop_id")),
        sa.ForeignKeyConstraint(
            ["growing_area_id"],
            ["gis.growing_area.id"],
            name=op.f("fk_application_growing_area_id"),
        ),
        sa.ForeignKeyConstraint(
            ["party_id"], ["gis.party.id"], name=op.f("fk_application_party_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
        sa.UniqueConstraint("receipt", name=op.f("uq_application_receipt")),
        sa.UniqueConstraint("uuid", name=op.f("uq_application_uuid")),
        schema="gis",
    )
    op.create_geospatial_index(
        "idx_application_boundary",
        "application",
        ["boundary"],
        unique=False,
        schema="gis",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_geospatial_index(
        "idx_application_location",
        "application",
        ["location"],
        unique=False,
        schema="gis",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        "ix_application_inbox",
        "application",
        ["commune_id", "status", "due_on"],
        unique=False,
        schema="gis",
    )
    op.create_table(
        "growing_area_code",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("growing_area_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("market", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("issued_by", sa.Text(), nullable=True),
        sa.Column("status_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "status IN ('active', 'warned', 'suspended', 'revoked')",
            name=op.f("ck_growing_area_code_status"),
        ),
        sa.ForeignKeyConstraint(
            ["growing_area_id"],
            ["gis.growing_area.id"],
            name=op.f("fk_growing_area_code_growing_area_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_growing_area_code")),
        sa.UniqueConstraint("code", name=op.f("uq_growing_area_code_code")),
        schema="gis",
    )
    op.create_index(
        op.f("ix_growing_area_code_growing_area_id"),
        "growing_area_code",
        ["growing_area_id"],
        unique=False,
        schema="gis",
    )
    op.create_index(
        "uq_growing_area_code_market",
        "growing_area_code",
        ["growing_area_id", "market"],
        unique=True,
        schema="gis",
        postgresql_where=sa.text("status <> 'revoked'"),
    )
    op.create_table(
        "growing_area_member",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("growing_area_id", sa.BigInteger(), nullable=False),
        sa.Column("party_id", sa.BigInteger(), nullable=False),
        sa.Column("parcel_id", sa.BigInteger(), nullable=True),
        sa.Column("area_ha", sa.Numeric(precision=12, scale=4), nullable=True),
        sa.ForeignKeyConstraint(
            ["growing_area_id"],
            ["gis.growing_area.id"],
            name=op.f("fk_growing_area_member_growing_area_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["parcel_id"], ["gis.parcel.id"], name=op.f("fk_growing_area_member_parcel_id")
        ),
        sa.ForeignKeyConstraint(
            ["party_id"], ["gis.party.id"], name=op.f("fk_growing_area_member_party_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_growing_area_member")),
        sa.UniqueConstraint("growing_area_id", "party_id", name="uq_growing_area_member_party"),
        schema="gis",
    )
    op.create_index(
        op.f("ix_growing_area_member_party_id"),
        "growing_area_member",
        ["party_id"],
        unique=False,
        schema="gis",
    )
    op.create_table(
        "zone_assessment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("zone_id", sa.BigInteger(), nullable=False),
        sa.Column("indicator_id", sa.BigInteger(), nullable=False),
        sa.Column("assessed_on", sa.Date(), nullable=False),
        sa.Column("value", sa.Numeric(precision=12, scale=3), nullable=False),
        sa.Column("qualifier", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "qualifier IN ('', '>', '>=', '<', '<=')", name=op.f("ck_zone_assessment_qualifier")
        ),
        sa.ForeignKeyConstraint(
            ["indicator_id"],
            ["gis.zone_indicator.id"],
            name=op.f("fk_zone_assessment_indicator_id"),
        ),
        sa.ForeignKeyConstraint(
            ["zone_id"],
            ["gis.high_tech_zone.id"],
            name=op.f("fk_zone_assessment_zone_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_zone_assessment")),
        sa.UniqueConstraint(
            "zone_id", "indicator_id", "assessed_on", name="uq_zone_assessment_zone_indicator_day"
        ),
        schema="gis",
    )
    op.create_table(
        "application_private",
        sa.Column("application_id", sa.BigInteger(), nullable=False),
        sa.Column("applicant_name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("personal_number", sa.Text(), nullable=True),
        sa.Column("home_address", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["gis.application.id"],
            name=op.f("fk_application_private_application_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_application_private")),
        schema="gis",
    )
    op.create_table(
        "application_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("application_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column(
            "facts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["gis.application.id"],
            name=op.f("fk_application_step_application_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_step")),
        schema="gis",
    )
    op.create_index(
        op.f("ix_application_step_application_id"),
        "application_step",
        ["application_id"],
        unique=False,
        schema="gis",
    )


def downgrade() -> None:
    op.drop_index(
        op.f("ix_application_step_application_id"), table_name="application_step", schema="gis"
    )
    op.drop_table("application_step", schema="gis")
    op.drop_table("application_private", schema="gis")
    op.drop_table("zone_assessment", schema="gis")
    op.drop_index(
        op.f("ix_growing_area_member_party_id"), table_name="growing_area_member", schema="gis"
    )
    op.drop_table("growing_area_member", schema="gis")
    op.drop_index(
        "uq_growing_area_code_market",
        table_name="growing_area_code",
        schema="gis",
        postgresql_where=sa.text("status <> 'revoked'"),
    )
    op.drop_index(
        op.f("ix_growing_area_code_growing_area_id"), table_name="growing_area_code", schema="gis"
    )
    op.drop_table("growing_area_code", schema="gis")
    op.drop_index("ix_application_inbox", table_name="application", schema="gis")
    op.drop_geospatial_index(
        "idx_application_location",
        table_name="application",
        schema="gis",
        postgresql_using="gist",
        column_name="location",
    )
    op.drop_geospatial_index(
        "idx_application_boundary",
        table_name="application",
        schema="gis",
        postgresql_using="gist",
        column_name="boundary",
    )
    op.drop_geospatial_table("application", schema="gis")
    op.drop_table("party_private", schema="gis")
    op.drop_index("uq_parcel_source", table_name="parcel", schema="gis")
    op.drop_index(
        "uq_parcel_code",
        table_name="parcel",
        schema="gis",
        postgresql_where=sa.text("code IS NOT NULL"),
    )
    op.drop_geospatial_index(
        "idx_parcel_boundary",
        table_name="parcel",
        schema="gis",
        postgresql_using="gist",
        column_name="boundary",
    )
    op.drop_geospatial_table("parcel", schema="gis")
    op.drop_index("uq_high_tech_zone_source", table_name="high_tech_zone", schema="gis")
    op.drop_geospatial_index(
        "idx_high_tech_zone_boundary",
        table_name="high_tech_zone",
        schema="gis",
        postgresql_using="gist",
        column_name="boundary",
    )
    op.drop_geospatial_table("high_tech_zone", schema="gis")
    op.drop_index("uq_growing_area_source", table_name="growing_area", schema="gis")
    op.drop_index(op.f("ix_growing_area_party_id"), table_name="growing_area", schema="gis")
    op.drop_index(op.f("ix_growing_area_crop_id"), table_name="growing_area", schema="gis")
    op.drop_index(op.f("ix_growing_area_commune_id"), table_name="growing_area", schema="gis")
    op.drop_geospatial_index(
        "idx_growing_area_location",
        table_name="growing_area",
        schema="gis",
        postgresql_using="gist",
        column_name="location",
    )
    op.drop_geospatial_index(
        "idx_growing_area_boundary",
        table_name="growing_area",
        schema="gis",
        postgresql_using="gist",
        column_name="boundary",
    )
    op.drop_geospatial_table("growing_area", schema="gis")
    op.drop_index("uq_facility_source", table_name="facility", schema="gis")
    op.drop_index(
        "uq_facility_code",
        table_name="facility",
        schema="gis",
        postgresql_where=sa.text("code IS NOT NULL"),
    )
    op.drop_geospatial_index(
        "idx_facility_location",
        table_name="facility",
        schema="gis",
        postgresql_using="gist",
        column_name="location",
    )
    op.drop_geospatial_table("facility", schema="gis")
    op.drop_index(op.f("ix_consent_party_id"), table_name="consent", schema="gis")
    op.drop_table("consent", schema="gis")
    op.drop_table("scene_statistic", schema="gis")
    op.drop_table("party", schema="gis")
    op.drop_index(
        op.f("ix_administrative_succession_new_id"),
        table_name="administrative_succession",
        schema="gis",
    )
    op.drop_table("administrative_succession", schema="gis")
    op.drop_table("zone_indicator", schema="gis")
    op.drop_index("uq_track_source", table_name="track", schema="gis")
    op.drop_geospatial_index(
        "idx_track_path",
        table_name="track",
        schema="gis",
        postgresql_using="gist",
        column_name="path",
    )
    op.drop_geospatial_table("track", schema="gis")
    op.drop_geospatial_index(
        "idx_scene_footprint",
        table_name="scene",
        schema="gis",
        postgresql_using="gist",
        column_name="footprint",
    )
    op.drop_geospatial_table("scene", schema="gis")
    op.drop_index("ix_revision_transaction", table_name="revision", schema="gis")
    op.drop_index("ix_revision_feature", table_name="revision", schema="gis")
    op.drop_geospatial_table("revision", schema="gis")
    op.drop_table("public_holiday", schema="gis")
    op.drop_table("procedure_rule", schema="gis")
    op.drop_table("layer_version", schema="gis")
    op.drop_table("layer_change", schema="gis")
    op.drop_table("crop", schema="gis")
    op.drop_table("code_series", schema="gis")
    op.drop_geospatial_index(
        "idx_administrative_unit_boundary",
        table_name="administrative_unit",
        schema="gis",
        postgresql_using="gist",
        column_name="boundary",
    )
    op.drop_geospatial_table("administrative_unit", schema="gis")
