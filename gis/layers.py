"""The catalogue of layers: what each one shows, to whom, and how exactly.

Everything that publishes a layer (tiles, `/ogc`, search, the map's legend) reads this page and
nothing else, so what a public reader may see is decided once. A layer has two views: EXACT for the
roles that need it, and PUBLIC, where a plot that could single out a household (the rule is the
database function `gis.is_singled_out`) is a point rounded to a cell of 0.01 degrees without a name
(Law 91/2025/QH15 art. 16; DESIGN 8).
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Numeric,
    Table,
    any_,
    case,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import aggregate_order_by

from gis.errors import NotFoundError
from gis.layer import OFFICERS, PROVINCIAL, PUBLIC, TRUSTED, Layer, Property
from gis.models import (
    AdministrativeUnit,
    Application,
    Consent,
    Crop,
    Facility,
    GrowingArea,
    GrowingAreaCode,
    HighTechZone,
    Parcel,
    Party,
    Track,
)

_Expression = ColumnElement[Any]


def _table(model: type) -> Table:
    return model.__table__  # type: ignore[attr-defined, no-any-return]


_unit = _table(AdministrativeUnit)
_area = _table(GrowingArea)
_parcel = _table(Parcel)
_facility = _table(Facility)
_zone = _table(HighTechZone)
_application = _table(Application)
_track = _table(Track)
_crop = _table(Crop)
_party = _table(Party)
_commune = _unit.alias("commune")
_parent = _unit.alias("parent")
_code = _table(GrowingAreaCode)
_consent = _table(Consent)

_singled_out = func.gis.is_singled_out(_party.c.kind, _area.c.household_count, _area.c.area_ha)
_household_site = func.gis.is_singled_out(_party.c.kind, null(), null())
_may_name = exists(
    select(true()).where(
        _consent.c.party_id == _party.c.id,
        _consent.c.withdrawn_at.is_(None),
        literal("name") == any_(_consent.c.fields),
    )
)
# A household's name is a person's: published only with a recorded consent.
_holder = case((or_(_party.c.kind != "household", _may_name), _party.c.name))
_codes = (
    select(func.json_agg(aggregate_order_by(_code.c.code, _code.c.code)))
    .where(_code.c.growing_area_id == _area.c.id, _code.c.status != "revoked")
    .scalar_subquery()
)
_code_versions = (
    select(func.concat(func.count(), "-", func.coalesce(func.sum(_code.c.version), 0)))
    .where(_code.c.growing_area_id == _area.c.id)
    .scalar_subquery()
)


def _crop_properties() -> tuple[Property, ...]:
    return (
        _string("crop", "Mã cây trồng", "Crop code", _crop.c.code),
        _string("crop_name", "Cây trồng", "Crop", _crop.c.name),
    )


def _commune_properties() -> tuple[Property, ...]:
    return (
        _string("commune_code", "Mã xã", "Commune code", _commune.c.code),
        _string("commune_name", "Xã, phường", "Commune", _commune.c.name),
    )


def _last_properties(table: Table) -> tuple[Property, ...]:
    return (
        Property("is_demo", "boolean", "Dữ liệu minh hoạ", "Demo data", table.c.is_demo),
        Property("version", "integer", "Phiên bản", "Version", table.c.version),
    )


def _string(
    name: str, title: str, title_en: str, exact: _Expression, public: _Expression | None = None
) -> Property:
    return Property(name, "string", title, title_en, exact, public)


def _number(name: str, title: str, title_en: str, exact: _Expression) -> Property:
    return Property(name, "number", title, title_en, exact)


def _declared_area(table: Table) -> Property:
    column = table.c.declared_area_ha
    return _number("declared_area_ha", "Diện tích công bố (ha)", "Declared area (ha)", column)


def _integer(name: str, title: str, title_en: str, exact: _Expression) -> Property:
    return Property(name, "integer", title, title_en, exact)


def _day(name: str, title: str, title_en: str, exact: _Expression) -> Property:
    return Property(name, "string", title, title_en, exact, format="date")


def _instant(name: str, title: str, title_en: str, exact: _Expression) -> Property:
    return Property(name, "string", title, title_en, exact, format="date-time")


def _generalised(rule: _Expression) -> Property:
    return Property("is_generalised", "boolean", "Vị trí làm tròn", "Generalised", false(), rule)


ADMINISTRATIVE_UNITS = Layer(
    id="administrative-units",
    title="Đơn vị hành chính",
    title_en="Administrative units",
    description="Tỉnh, huyện cũ, xã và phường, trước và sau ngày 1/7/2025; khóa là mã và ngày.",
    description_en="Provinces, former districts and communes, before and after 1 July 2025; a unit"
    " is its code with the day it is valid from.",
    readers=PUBLIC,
    trusted=TRUSTED,
    table=_unit,
    source=_unit.outerjoin(_parent, _parent.c.id == _unit.c.parent_id),
    shapes=(_unit.c.boundary,),
    exact=_unit.c.boundary,
    period=(_unit.c.valid_from, _unit.c.valid_to),
    properties=(
        _string("code", "Mã", "Code", _unit.c.code),
        _string("name", "Tên", "Name", _unit.c.name),
        _string("full_name", "Tên đầy đủ", "Full name", _unit.c.full_name),
        _string("level", "Cấp", "Level", _unit.c.level),
        _string("parent_code", "Mã cấp trên", "Code of the parent", _parent.c.code),
        _day("valid_from", "Có từ ngày", "Valid from", _unit.c.valid_from),
        _day("valid_to", "Đến hết ngày", "Last day", _unit.c.valid_to),
        _integer("population", "Dân số", "Population", _unit.c.population),
        _declared_area(_unit),
        _number("area_ha", "Diện tích (ha)", "Area (ha)", _unit.c.area_ha),
        *_last_properties(_unit),
    ),
)

GROWING_AREAS = Layer(
    id="growing-areas",
    title="Vùng trồng",
    title_en="Growing areas",
    description="Vùng trồng và mã số vùng trồng; thửa của một hộ được thay bằng một điểm làm tròn.",
    description_en="Growing areas and their codes; the plot of one household is a rounded point.",
    readers=PUBLIC,
    trusted=TRUSTED,
    table=_area,
    source=_area.outerjoin(_party, _party.c.id == _area.c.party_id)
    .outerjoin(_crop, _crop.c.id == _area.c.crop_id)
    .outerjoin(_commune, _commune.c.id == _area.c.commune_id),
    shapes=(_area.c.boundary, _area.c.location),
    exact=func.coalesce(_area.c.boundary, _area.c.location),
    public=case(
        (_singled_out, func.gis.rounded_location(_area.c.location)),
        else_=func.coalesce(_area.c.boundary, _area.c.location),
    ),
    blur=0.01,
    etag=func.concat(_area.c.version, "-", _code_versions),
    depends_on=("growing-area-codes",),
    geometry_types=("MultiPolygon", "Point"),
    properties=(
        _string(
            "name",
            "Tên",
            "Name",
            _area.c.name,
            case((~_singled_out, _area.c.name)),  # people name a field after its owner
        ),
        *_crop_properties(),
        _string("variety", "Giống", "Variety", _area.c.variety),
        _string("status", "Tình trạng", "Status", _area.c.status),
        Property("codes", "array", "Mã số vùng trồng", "Growing-area codes", _codes),
        _string("standard", "Tiêu chuẩn", "Standard", _area.c.standard),
        _string("holder", "Chủ thể", "Holder", _holder),
        _string("holder_kind", "Loại chủ thể", "Kind of holder", _party.c.kind),
        _integer("household_count", "Số hộ", "Households", _area.c.household_count),
        _integer("planted_year", "Năm trồng", "Planted in", _area.c.planted_year),
        *_commune_properties(),
        Property(
            "area_ha",
            "number",
            "Diện tích (ha)",
            "Area (ha)",
            _area.c.area_ha,
            # Four decimals of an area are a fingerprint of the plot.
            public=case(
                (_singled_out, func.round(sql_cast(_area.c.area_ha, Numeric), 1)),
                else_=_area.c.area_ha,
            ),
        ),
        _generalised(_singled_out),
        *_last_properties(_area),
    ),
)

HIGH_TECH_ZONES = Layer(
    id="high-tech-zones",
    title="Vùng nông nghiệp công nghệ cao",
    title_en="High-tech agricultural zones",
    description="Vùng nông nghiệp ứng dụng công nghệ cao và chỉ tiêu của vùng.",
    description_en="High-tech agricultural zones.",
    readers=PUBLIC,
    trusted=TRUSTED,
    table=_zone,
    source=_zone.outerjoin(_party, _party.c.id == _zone.c.party_id).outerjoin(
        _commune, _commune.c.id == _zone.c.commune_id
    ),
    shapes=(_zone.c.boundary,),
    exact=_zone.c.boundary,
    properties=(
        _string("code", "Mã", "Code", _zone.c.code),
        _string("name", "Tên", "Name", _zone.c.name),
        _string("product", "Sản phẩm", "Product", _zone.c.product),
        _string("holder", "Chủ thể", "Holder", _holder),
        *_commune_properties(),
        _day("recognised_on", "Ngày công nhận", "Recognised on", _zone.c.recognised_on),
        _integer("recognised_year", "Năm công nhận", "Recognised in", _zone.c.recognised_year),
        _declared_area(_zone),
        _number("area_ha", "Diện tích (ha)", "Area (ha)", _zone.c.area_ha),
        _string("note", "Ghi chú", "Note", _zone.c.note),
        *_last_properties(_zone),
    ),
)

FACILITIES = Layer(
    id="facilities",
    title="Cơ sở",
    title_en="Facilities",
    description="Cơ sở đóng gói, nhà kính, vườn ươm, kho, trạm quan trắc.",
    description_en="Packing houses, greenhouses, nurseries, stores, stations.",
    readers=PUBLIC,
    trusted=TRUSTED,
    table=_facility,
    source=_facility.outerjoin(_party, _party.c.id == _facility.c.party_id).outerjoin(
        _commune, _commune.c.id == _facility.c.commune_id
    ),
    shapes=(_facility.c.location,),
    exact=_facility.c.location,
    public=case(
        (_household_site, func.gis.rounded_location(_facility.c.location)),
        else_=_facility.c.location,
    ),
    blur=0.01,
    geometry_types=("Point",),
    properties=(
        _string("code", "Mã", "Code", _facility.c.code),
        _string(
            "name",
            "Tên",
            "Name",
            _facility.c.name,
            case((~_household_site, _facility.c.name)),
        ),
        _string("kind", "Loại", "Kind", _facility.c.kind),
        _string("holder", "Chủ thể", "Holder", _holder),
        *_commune_properties(),
        _generalised(_household_site),
        *_last_properties(_facility),
    ),
)

PARCELS = Layer(
    id="parcels",
    title="Thửa đất",
    title_en="Parcels",
    description="Thửa và mảnh ruộng; chỉ dành cho người có vai trò.",
    description_en="Parcels and fields; a role is needed.",
    readers=TRUSTED,
    trusted=TRUSTED,
    table=_parcel,
    source=_parcel.outerjoin(_crop, _crop.c.id == _parcel.c.crop_id).outerjoin(
        _commune, _commune.c.id == _parcel.c.commune_id
    ),
    shapes=(_parcel.c.boundary,),
    exact=_parcel.c.boundary,
    properties=(
        _string("code", "Mã thửa", "Code", _parcel.c.code),
        _string("name", "Tên", "Name", _parcel.c.name),
        *_crop_properties(),
        *_commune_properties(),
        _number("area_ha", "Diện tích (ha)", "Area (ha)", _parcel.c.area_ha),
        *_last_properties(_parcel),
    ),
)

APPLICATIONS = Layer(
    id="applications",
    title="Hồ sơ đăng ký",
    title_en="Applications",
    description="Hồ sơ xin cấp mã số vùng trồng; không có trường cá nhân; của mọi xã.",
    description_en="Applications for growing-area codes, without personal fields; of all communes.",
    readers=PROVINCIAL,
    trusted=PROVINCIAL,
    table=_application,
    source=_application.outerjoin(_crop, _crop.c.id == _application.c.crop_id).outerjoin(
        _commune, _commune.c.id == _application.c.commune_id
    ),
    shapes=(_application.c.boundary, _application.c.location),
    exact=func.coalesce(_application.c.boundary, _application.c.location),
    period=(_application.c.submitted_at, _application.c.decided_at),
    geometry_types=("MultiPolygon", "Point"),
    properties=(
        _string("receipt", "Mã biên nhận", "Receipt", _application.c.receipt),
        _string("status", "Tình trạng", "Status", _application.c.status),
        _string("area_name", "Tên vùng", "Name", _application.c.area_name),
        *_crop_properties(),
        _string("market", "Thị trường", "Market", _application.c.market),
        *_commune_properties(),
        _declared_area(_application),
        _instant("submitted_at", "Nộp lúc", "Submitted at", _application.c.submitted_at),
        _day("due_on", "Hạn", "Due on", _application.c.due_on),
        _instant("decided_at", "Quyết định lúc", "Decided at", _application.c.decided_at),
        _integer("growing_area_id", "Vùng trồng", "Growing area", _application.c.growing_area_id),
        *_last_properties(_application),
    ),
)

TRACKS = Layer(
    id="tracks",
    title="Vết đi bộ",
    title_en="Tracks",
    description="Đường và điểm do điện thoại ghi; chỉ dành cho cán bộ.",
    description_en="Lines and points recorded by phones; for officers.",
    readers=OFFICERS,
    trusted=OFFICERS,
    table=_track,
    source=_track,
    shapes=(_track.c.path,),
    exact=_track.c.path,
    period=(_track.c.recorded_at, _track.c.recorded_at),
    geometry_types=("MultiLineString", "Point", "MultiPoint"),
    properties=(
        _string("name", "Tên", "Name", _track.c.name),
        _instant("recorded_at", "Ghi lúc", "Recorded at", _track.c.recorded_at),
        _number("length_m", "Chiều dài (m)", "Length (m)", _track.c.length_m),
        *_last_properties(_track),
    ),
)

LAYERS: dict[str, Layer] = {
    layer.id: layer
    for layer in (
        ADMINISTRATIVE_UNITS,
        GROWING_AREAS,
        HIGH_TECH_ZONES,
        FACILITIES,
        PARCELS,
        APPLICATIONS,
        TRACKS,
    )
}


def layers_for(roles: frozenset[str]) -> list[Layer]:
    """The layers that a caller with these roles may read, in the order of the catalogue."""
    return [layer for layer in LAYERS.values() if layer.may_read(roles)]


def find_layer(name: str) -> Layer:
    """The layer of this identifier.

    Raises:
        NotFoundError: There is none.
    """
    layer = LAYERS.get(name)
    if layer is None:
        raise NotFoundError(f"There is no collection {name}.", collection=name)
    return layer
