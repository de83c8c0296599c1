"""Reference rows the program cannot run without: roles, rules, crops, indicators, marketplaces."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "20261122_reference"
down_revision: str | None = "20261122_queue"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ROLES = [
    ("farmer", "Nông dân"),
    ("producer", "Chủ thể OCOP"),
    ("officer", "Cán bộ nông nghiệp"),
    ("researcher", "Nhà nghiên cứu"),
    ("leader", "Lãnh đạo"),
    ("administrator", "Quản trị"),
]
# NQ 36/2026/NQ-CP, in force 1 August 2026 (known from secondary sources: DOMAIN 1.1). Before it,
# Decree 38/2026/NĐ-CP asked for at least 10 ha.
PROCEDURE_RULES = [
    ("domestic", "2026-01-01", 10, 10, "UBND tỉnh", "Nghị định 38/2026/NĐ-CP"),
    ("export", "2026-01-01", 10, 10, "UBND tỉnh", "Nghị định 38/2026/NĐ-CP"),
    ("domestic", "2026-08-01", 3, None, "UBND xã", "Nghị quyết 36/2026/NQ-CP"),
    ("export", "2026-08-01", 10, None, "UBND xã", "Nghị quyết 36/2026/NQ-CP"),
]
# Holidays with a fixed day in the solar calendar (Bộ luật Lao động 2019 art. 112). Tết and the
# Hùng Kings' day follow the lunar calendar: an administrator adds them each year.
FIXED_HOLIDAYS = [
    ("01-01", "Tết Dương lịch"),
    ("04-30", "Ngày Chiến thắng"),
    ("05-01", "Ngày Quốc tế lao động"),
    ("09-02", "Quốc khánh"),
]
YEARS = (2025, 2026, 2027, 2028)
CROPS = [
    ("ca-phe", "Cà phê", "Coffee", "Coffea arabica", True, "#7a4a21", ["ca_phe", "coffee"]),
    ("rau", "Rau ăn lá", "Leaf vegetables", None, False, "#3f8f3a", ["rau"]),
    (
        "rau-thuy-canh",
        "Rau thủy canh",
        "Hydroponic vegetables",
        None,
        False,
        "#57b894",
        ["rau_thuy_canh"],
    ),
    ("ca-chua", "Cà chua", "Tomato", "Solanum lycopersicum", False, "#d6402b", ["ca_chua"]),
    ("dau-tay", "Dâu tây", "Strawberry", "Fragaria × ananassa", False, "#d3347d", ["dau_tay"]),
    ("khoai-tay", "Khoai tây", "Potato", "Solanum tuberosum", False, "#b8905a", ["khoai_tay"]),
    ("ot-ngot", "Ớt ngọt", "Sweet pepper", "Capsicum annuum", False, "#ee8a1d", ["ot_ngot"]),
    ("hoa", "Hoa", "Flowers", None, False, "#9a58c6", ["hoa", "hoa_cuc", "hoa_hong"]),
    ("atiso", "Atisô", "Artichoke", "Cynara scolymus", True, "#5f7fb0", ["a_ti_so"]),
    ("che", "Chè", "Tea", "Camellia sinensis", True, "#1f6b4f", ["tra"]),
    ("bo", "Bơ", "Avocado", "Persea americana", True, "#8aa63a", []),
    ("sau-rieng", "Sầu riêng", "Durian", "Durio zibethinus", True, "#c9b220", ["sau_rieng"]),
    ("hong-an-trai", "Hồng ăn trái", "Persimmon", "Diospyros kaki", True, "#e0692e", ["hong"]),
    ("lua", "Lúa", "Rice", "Oryza sativa", False, "#d8c766", ["lua_nuoc"]),
    ("cam", "Cam", "Orange", "Citrus sinensis", True, "#f0a30a", []),
    ("khac", "Cây khác", "Other crops", None, False, "#8a8f98", ["other"]),
]
# What the zone of Lạc Xuân reported, not legal thresholds; and the one legal minimum that both
# zones meet (QĐ 66/2015/QĐ-TTg art. 2).
REPORTED = "Chỉ tiêu vùng tự báo cáo, không phải ngưỡng pháp lý"
ZONE_INDICATORS = [
    (
        "mechanised_area_pct",
        "Diện tích cơ giới hóa (làm đất, lên luống)",
        "Mechanised area (soil, beds)",
        "%",
        "=",
        100,
        REPORTED,
    ),
    (
        "greenhouse_or_nethouse_pct",
        "Rau, hoa trong nhà kính hoặc nhà lưới",
        "Vegetables and flowers in green or net houses",
        "%",
        ">",
        65,
        REPORTED,
    ),
    (
        "auto_irrigation_pct",
        "Tưới có điều khiển tự động",
        "Irrigation under automatic control",
        "%",
        "=",
        100,
        REPORTED,
    ),
    (
        "auto_or_semi_nutrition_pct",
        "Dinh dưỡng tự động hoặc bán tự động",
        "Automatic or semi-automatic nutrition",
        "%",
        ">=",
        80,
        REPORTED,
    ),
    (
        "auto_or_semi_pest_control_pct",
        "Phun thuốc tự động hoặc bán tự động",
        "Automatic or semi-automatic pest control",
        "%",
        "=",
        100,
        REPORTED,
    ),
    ("waste_collection", "Thu gom chất thải", "Waste collected", None, "is", None, REPORTED),
    (
        "roads_electricity_water",
        "Đường, điện, nước",
        "Roads, power, water",
        None,
        "is",
        None,
        REPORTED,
    ),
    (
        "vegetable_area_ha",
        "Diện tích vùng rau an toàn",
        "Area of safe vegetables",
        "ha",
        ">=",
        100,
        "Quyết định 66/2015/QĐ-TTg điều 2",
    ),
]
MARKETPLACES = [
    ("voso", "Voso.vn", ["voso.vn"]),
    ("postmart", "Postmart.vn (Buudien.vn)", ["postmart.vn", "buudien.vn", "nongsan.buudien.vn"]),
    ("37nghean", "37nghean.com", ["37nghean.com"]),
    ("shopee", "Shopee", ["shopee.vn"]),
    ("lazada", "Lazada", ["lazada.vn"]),
    ("tiki", "Tiki", ["tiki.vn"]),
    ("sendo", "Sendo", ["sendo.vn"]),
    ("tiktok", "TikTok Shop", ["shop.tiktok.com", "tiktok.com"]),
]


def _table(schema: str, name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in columns), schema=schema)


def upgrade() -> None:
    bind = op.get_bind()

    def insert(table: sa.TableClause, rows: list[tuple[object, ...]]) -> None:
        names = [column.name for column in table.columns]
        bind.execute(sa.insert(table), [dict(zip(names, row, strict=True)) for row in rows])

    insert(_table("web", "role", "code", "name"), list(ROLES))
    for variant, day, working_days, min_area_ha, authority, basis in PROCEDURE_RULES:
        bind.execute(
            sa.text(
                "INSERT INTO gis.procedure_rule (procedure, variant, valid_from, working_days,"
                " min_area_ha, authority, basis) VALUES ('growing-area-code', :variant,"
                " CAST(:day AS date), :working_days, :min_area_ha, :authority, :basis)"
            ),
            {
                "variant": variant,
                "day": day,
                "working_days": working_days,
                "min_area_ha": min_area_ha,
                "authority": authority,
                "basis": basis,
            },
        )
    for year in YEARS:
        for day, name in FIXED_HOLIDAYS:
            bind.execute(
                sa.text(
                    "INSERT INTO gis.public_holiday (day, name) VALUES (CAST(:day AS date), :name)"
                ),
                {"day": f"{year}-{day}", "name": name},
            )
    insert(
        _table(
            "gis",
            "crop",
            "code",
            "name",
            "name_en",
            "scientific_name",
            "is_perennial",
            "colour",
            "aliases",
        ),
        list(CROPS),
    )
    insert(
        _table(
            "gis",
            "zone_indicator",
            "code",
            "name",
            "name_en",
            "unit",
            "operator",
            "threshold",
            "basis",
            "position",
        ),
        [(*row, position) for position, row in enumerate(ZONE_INDICATORS, start=1)],
    )
    # LD = Lâm Đồng (seen on issued codes); other provinces' letters are added when known.
    insert(
        _table("gis", "code_series", "province_code", "kind", "letters"),
        [("68", "OR", "LD"), ("68", "PH", "LD")],
    )
    insert(
        _table("traceability", "marketplace", "code", "name", "hosts", "position"),
        [(*row, position) for position, row in enumerate(MARKETPLACES, start=1)],
    )


def downgrade() -> None:
    for table in (
        "traceability.marketplace",
        "gis.code_series",
        "gis.zone_indicator",
        "gis.crop",
        "gis.public_holiday",
        "gis.procedure_rule",
        "web.role",
    ):
        op.execute(f"DELETE FROM {table}")
