"""What each layer accepts: table, fields with the names files use, key, geometry."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from sqlalchemy import Table

from gis.errors import InvalidInputError
from gis.models.administrative import AdministrativeUnit
from gis.models.columns import choices
from gis.models.facilities import Facility
from gis.models.growing_areas import GrowingArea
from gis.models.parcels import Parcel
from gis.models.tracks import Track
from gis.models.zones import HighTechZone

Kind = Literal["text", "number", "integer", "date", "instant", "crop", "commune", "hectares_of_km2"]


class Shape(StrEnum):
    """What a layer's geometry is."""

    POLYGON = "polygon"
    POINT = "point"
    POLYGON_OR_POINT = "polygon or point"
    LINE_OR_POINT = "line or point"


@dataclass(frozen=True)
class Field:
    """One field of a layer.

    Attributes:
        name: What `--map file_field=name` calls it.
        kind: How its cells are read.
        column: The column of the staging and target tables; None: the name itself.
        synonyms: Names of file fields that can only mean this, folded; the best one first.
        choices: The only values allowed.
    """

    name: str
    kind: Kind = "text"
    column: str | None = None
    synonyms: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()

    @property
    def stored_as(self) -> str:
        """The column it is stored in."""
        return self.column or self.name


@dataclass(frozen=True)
class Target:
    """One layer that files are loaded into.

    Attributes:
        layer: Its name on the command line and in `/ogc`.
        table: Its table.
        shape: The geometry it accepts.
        geometry: The column of that geometry.
        fields: Its fields.
        key: Columns of the natural key; rows without it are known by source and feature id.
        required: Fields no row may lack.
        checks_communes: Whether its rows should lie in a known commune.
        checks_overlaps: Whether its rows should not lie upon each other.
    """

    layer: str
    table: Table
    shape: Shape
    geometry: str
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    checks_communes: bool = True
    checks_overlaps: bool = False

    def field(self, name: str) -> Field | None:
        """Find a field by its name."""
        return next((field for field in self.fields if field.name == name), None)


_CODE = Field("code", synonyms=("code", "ma", "ma_so"))
_NAME = Field("name", synonyms=("name", "ten", "ten_goi"))
_CROP = Field(
    "crop", "crop", "crop_id", ("crop", "cay_trong", "loai_cay", "loai_cay_trong", "ten_cay")
)
_COMMUNE = Field("commune", "commune", "commune_id", ("commune_code", "ma_xa", "maxa"))
_DECLARED_HA = Field(
    "declared_area_ha",
    "number",
    synonyms=("declared_area_ha", "dien_tich_ha", "dientich_ha"),
)

ADMINISTRATIVE_UNITS = Target(
    layer="administrative-units",
    table=AdministrativeUnit.__table__,  # type: ignore[arg-type]
    shape=Shape.POLYGON,
    geometry="boundary",
    fields=(
        # The finest unit a row names is the unit the row is.
        Field(
            "code",
            synonyms=(
                *(
                    "code",
                    "commune_id",
                    "commune_code",
                    "ma_xa",
                    "maxa",
                    "ma_phuong_xa",
                    "ward_code",
                ),
                *("district_id", "district_code", "ma_huyen", "mahuyen"),
                *("province_id", "province_code", "ma_tinh", "matinh", "ma", "ma_dvhc"),
            ),
        ),
        Field(
            "name",
            synonyms=(
                *("name", "commune_vn", "ten_xa", "tenxa", "ward_name", "commune", "commune_name"),
                *("district_vn", "ten_huyen", "tenhuyen", "district", "district_name"),
                *(
                    "province_vn",
                    "ten_tinh",
                    "tentinh",
                    "province",
                    "province_name",
                    "ten",
                    "ten_dvhc",
                ),
            ),
        ),
        Field("full_name", synonyms=("full_name", "fullname", "ten_day_du")),
        Field(
            "level",
            synonyms=("level", "cap"),
            choices=choices(AdministrativeUnit.__table__.c.level),
        ),
        Field("valid_from", "date", synonyms=("valid_from", "hieu_luc_tu")),
        Field("valid_to", "date", synonyms=("valid_to", "hieu_luc_den")),
        _DECLARED_HA,
        Field(
            "declared_area_km2",
            "hectares_of_km2",
            "declared_area_ha",
            ("area_km2", "areakm2", "dien_tich_km2"),
        ),
        Field("population", "integer", synonyms=("population", "dan_so", "danso")),
    ),
    key=("code", "valid_from"),
    required=("code", "name", "valid_from"),
    checks_communes=False,
)
PARCELS = Target(
    layer="parcels",
    table=Parcel.__table__,  # type: ignore[arg-type]
    shape=Shape.POLYGON,
    geometry="boundary",
    fields=(
        Field("code", synonyms=("code", "ma_thua", "ma_thua_dat", "parcel_code", "ma_dinh_danh")),
        _NAME,
        _CROP,
        _COMMUNE,
    ),
    key=("code",),
    checks_overlaps=True,
)
GROWING_AREAS = Target(
    layer="growing-areas",
    table=GrowingArea.__table__,  # type: ignore[arg-type]
    shape=Shape.POLYGON_OR_POINT,
    geometry="boundary",
    fields=(
        Field("name", synonyms=("name", "ten", "ten_vung", "ten_vung_trong")),
        _CROP,
        _COMMUNE,
        Field("variety", synonyms=("variety", "giong", "giong_cay")),
        Field("planted_year", "integer", synonyms=("planted_year", "nam_trong")),
        Field("household_count", "integer", synonyms=("household_count", "so_ho")),
        Field("standard", synonyms=("standard", "tieu_chuan")),
        Field(
            "declared_area_ha",
            "number",
            synonyms=("declared_area_ha", "dien_tich_ha", "dien_tich", "area_ha"),
        ),
    ),
    required=("name",),
    checks_overlaps=True,
)
FACILITIES = Target(
    layer="facilities",
    table=Facility.__table__,  # type: ignore[arg-type]
    shape=Shape.POINT,
    geometry="location",
    fields=(
        _CODE,
        _NAME,
        Field(
            "kind",
            synonyms=("kind", "loai"),
            choices=choices(Facility.__table__.c.kind),
        ),
        _COMMUNE,
    ),
    key=("code",),
)
HIGH_TECH_ZONES = Target(
    layer="high-tech-zones",
    table=HighTechZone.__table__,  # type: ignore[arg-type]
    shape=Shape.POLYGON,
    geometry="boundary",
    fields=(
        _CODE,
        Field("name", synonyms=("name", "ten", "ten_vung")),
        Field("product", synonyms=("product", "san_pham")),
        _COMMUNE,
        Field("recognised_on", "date", synonyms=("recognised_on", "ngay_cong_nhan")),
        Field("recognised_year", "integer", synonyms=("recognised_year", "nam_cong_nhan")),
        _DECLARED_HA,
        Field("note", synonyms=("note", "ghi_chu")),
    ),
    key=("code",),
    required=("name",),
)
TRACKS = Target(
    layer="tracks",
    table=Track.__table__,  # type: ignore[arg-type]
    shape=Shape.LINE_OR_POINT,
    geometry="path",
    fields=(
        _NAME,
        Field(
            "recorded_at",
            "instant",
            synonyms=("recorded_at", "time", "timestamp", "begin", "thoi_gian"),
        ),
    ),
)

TARGETS = {
    target.layer: target
    for target in (
        ADMINISTRATIVE_UNITS,
        PARCELS,
        GROWING_AREAS,
        FACILITIES,
        HIGH_TECH_ZONES,
        TRACKS,
    )
}

# What a code or name taken from one of these file fields says about the unit's level.
LEVEL_WORDS = {
    "commune": ("commune", "xa", "ward", "phuong"),
    "district": ("district", "huyen"),
    "province": ("province", "tinh"),
}


def fold_name(name: str) -> str:
    """Fold a field name for comparison: no case, no accents, `_` between words."""
    bare = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D"))
    letters = "".join(letter for letter in bare if not unicodedata.combining(letter)).lower()
    return "_".join("".join(c if c.isalnum() else " " for c in letters).split())


def get_target(layer: str) -> Target:
    """Find a layer.

    Raises:
        InvalidInputError: When there is none of that name.
    """
    if layer not in TARGETS:
        raise InvalidInputError(
            f"{layer} is not a layer. Layers: {', '.join((*TARGETS, 'products'))}."
        )
    return TARGETS[layer]


def parse_mapping(pairs: Sequence[str], fields: Sequence[str], target: Target) -> dict[str, str]:
    """Read the `--map from=to` options.

    Args:
        pairs: As typed.
        fields: The fields of the file.
        target: The layer.

    Returns:
        Target field to file field.

    Raises:
        InvalidInputError: When a pair names a field that does not exist on either side.
    """
    names = [field.name for field in target.fields]
    mapping: dict[str, str] = {}
    for pair in pairs:
        origin, mark, goal = (part.strip() for part in pair.rpartition("="))
        if not mark or not origin or not goal:
            raise InvalidInputError(f"--map {pair}: write it as --map file_field=field.")
        if origin not in fields:
            raise InvalidInputError(
                f"--map {pair}: the file has no field {origin}. Its fields: {', '.join(fields)}."
            )
        if goal not in names:
            raise InvalidInputError(
                f"--map {pair}: {target.layer} has no field {goal}. Its fields: {', '.join(names)}."
            )
        if goal in mapping:
            raise InvalidInputError(f"--map {pair}: {goal} is already taken from {mapping[goal]}.")
        mapping[goal] = origin
    return mapping


def guess_mapping(
    fields: Sequence[str], target: Target, said: dict[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Complete a mapping from field names that can only mean one thing.

    Args:
        fields: The fields of the file.
        target: The layer.
        said: What the operator mapped: target field to file field.

    Returns:
        The whole mapping, and the part of it that was guessed.
    """
    known: dict[str, str] = {}
    for name in fields:
        known.setdefault(fold_name(name), name)
    columns = {field.stored_as for field in target.fields if field.name in said}
    used = set(said.values())
    guessed: dict[str, str] = {}
    for field in target.fields:
        if field.name in said or field.stored_as in columns:
            continue
        for synonym in field.synonyms:
            origin = known.get(synonym)
            if origin is not None and origin not in used:
                guessed[field.name] = origin
                used.add(origin)
                columns.add(field.stored_as)
                break
    return {**said, **guessed}, guessed


def guess_level(code: str, origin: str) -> str:
    """Tell a unit's level by the file field its code came from, else by the code's length.

    Official codes have 2 digits for a province, 3 for a district, 5 for a commune.
    """
    words = set(fold_name(origin).split("_"))
    for level, marks in LEVEL_WORDS.items():
        if words.intersection(marks):
            return level
    return {2: "province", 3: "district"}.get(len(code) if code.isdigit() else 0, "commune")
