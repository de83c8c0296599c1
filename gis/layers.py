"""The catalogue of layers: what each one shows, to whom, and how exactly.

Everything that publishes a layer (tiles, `/ogc`, search, the map's legend) reads this page and
nothing else, so what a public reader may see is decided once. A layer has two views: EXACT for the
roles that need it, and PUBLIC, where a plot that could single out a household (the rule is the
database function `gis.is_singled_out`) is a point rounded to a cell of 0.01 degrees without a name
(Law 91/2025/QH15 art. 16; DESIGN 8).
"""

from dataclasses import replace

from sqlalchemy import case, func

from gis.errors import NotFoundError
from gis.layer import OFFICERS, PROVINCIAL, PUBLIC, TRUSTED, Layer, Property
from gis.layer_parts import (
    OF_COMMUNE,
    OF_CROP,
    OF_HOLDER,
    application,
    area,
    chosen,
    code_versions,
    codes,
    commune,
    commune_properties,
    crop,
    crop_properties,
    day,
    declared_area,
    editable,
    facility,
    generalised,
    holder_property,
    household_site,
    instant,
    integer,
    last_properties,
    number,
    parcel,
    parent,
    party,
    rounded_hectares,
    singled_out,
    string,
    track,
    unit,
    version_with,
    zone,
)

ADMINISTRATIVE_UNITS = Layer(
    id="administrative-units",
    title="Đơn vị hành chính",
    title_en="Administrative units",
    description="Tỉnh, huyện cũ, xã và phường, trước và sau ngày 1/7/2025; khóa là mã và ngày.",
    description_en="Provinces, former districts and communes, before and after 1 July 2025; a unit"
    " is its code with the day it is valid from.",
    readers=PUBLIC,
    trusted=TRUSTED,
    editors=PROVINCIAL,
    table=unit,
    source=unit.outerjoin(parent, parent.c.id == unit.c.parent_id),
    shapes=(unit.c.boundary,),
    exact=unit.c.boundary,
    period=(unit.c.valid_from, unit.c.valid_to),
    etag=version_with(unit, parent.c.code),
    properties=(
        editable(string("code", "Mã", "Code", unit.c.code)),
        editable(string("name", "Tên", "Name", unit.c.name)),
        editable(string("full_name", "Tên đầy đủ", "Full name", unit.c.full_name)),
        editable(chosen("level", "Cấp", "Level", unit.c.level)),
        string("parent_code", "Mã cấp trên", "Code of the parent", parent.c.code),
        editable(day("valid_from", "Có từ ngày", "Valid from", unit.c.valid_from)),
        editable(day("valid_to", "Đến hết ngày", "Last day", unit.c.valid_to)),
        editable(integer("population", "Dân số", "Population", unit.c.population)),
        editable(declared_area(unit)),
        number("area_ha", "Diện tích (ha)", "Area (ha)", unit.c.area_ha),
        *last_properties(unit),
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
    editors=OFFICERS,
    table=area,
    source=area.outerjoin(party, party.c.id == area.c.party_id)
    .outerjoin(crop, crop.c.id == area.c.crop_id)
    .outerjoin(commune, commune.c.id == area.c.commune_id),
    shapes=(area.c.boundary, area.c.location),
    exact=func.coalesce(area.c.boundary, area.c.location),
    public=case(
        (singled_out, func.gis.rounded_location(area.c.location)),
        else_=func.coalesce(area.c.boundary, area.c.location),
    ),
    blur=0.01,
    etag=version_with(area, code_versions, *OF_CROP, *OF_HOLDER, *OF_COMMUNE),
    depends_on=("growing-area-codes",),
    geometry_types=("MultiPolygon", "Point"),
    properties=(
        editable(
            string(
                "name",
                "Tên",
                "Name",
                area.c.name,
                case((~singled_out, area.c.name)),  # people name a field after its owner
            )
        ),
        *crop_properties(),
        editable(string("variety", "Giống", "Variety", area.c.variety)),
        editable(chosen("status", "Tình trạng", "Status", area.c.status)),
        Property("codes", "array", "Mã số vùng trồng", "Growing-area codes", codes),
        editable(string("standard", "Tiêu chuẩn", "Standard", area.c.standard)),
        holder_property(),
        string("holder_kind", "Loại chủ thể", "Kind of holder", party.c.kind),
        editable(integer("household_count", "Số hộ", "Households", area.c.household_count)),
        editable(integer("planted_year", "Năm trồng", "Planted in", area.c.planted_year)),
        *commune_properties(),
        editable(declared_area(area, rounded_hectares(area.c.declared_area_ha))),
        number(
            "area_ha",
            "Diện tích (ha)",
            "Area (ha)",
            area.c.area_ha,
            rounded_hectares(area.c.area_ha),
        ),
        generalised(singled_out),
        *last_properties(area),
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
    editors=OFFICERS,
    table=zone,
    source=zone.outerjoin(party, party.c.id == zone.c.party_id).outerjoin(
        commune, commune.c.id == zone.c.commune_id
    ),
    shapes=(zone.c.boundary,),
    exact=zone.c.boundary,
    etag=version_with(zone, *OF_HOLDER, *OF_COMMUNE),
    properties=(
        editable(string("code", "Mã", "Code", zone.c.code)),
        editable(string("name", "Tên", "Name", zone.c.name)),
        editable(string("product", "Sản phẩm", "Product", zone.c.product)),
        holder_property(),
        *commune_properties(),
        editable(day("recognised_on", "Ngày công nhận", "Recognised on", zone.c.recognised_on)),
        editable(
            integer("recognised_year", "Năm công nhận", "Recognised in", zone.c.recognised_year)
        ),
        editable(declared_area(zone)),
        number("area_ha", "Diện tích (ha)", "Area (ha)", zone.c.area_ha),
        editable(string("note", "Ghi chú", "Note", zone.c.note)),
        *last_properties(zone),
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
    editors=OFFICERS,
    table=facility,
    source=facility.outerjoin(party, party.c.id == facility.c.party_id).outerjoin(
        commune, commune.c.id == facility.c.commune_id
    ),
    shapes=(facility.c.location,),
    exact=facility.c.location,
    public=case(
        (household_site, func.gis.rounded_location(facility.c.location)),
        else_=facility.c.location,
    ),
    blur=0.01,
    geometry_types=("Point",),
    etag=version_with(facility, *OF_HOLDER, *OF_COMMUNE),
    properties=(
        editable(string("code", "Mã", "Code", facility.c.code)),
        editable(
            string("name", "Tên", "Name", facility.c.name, case((~household_site, facility.c.name)))
        ),
        editable(chosen("kind", "Loại", "Kind", facility.c.kind)),
        holder_property(),
        *commune_properties(),
        generalised(household_site),
        *last_properties(facility),
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
    editors=OFFICERS,
    table=parcel,
    source=parcel.outerjoin(crop, crop.c.id == parcel.c.crop_id).outerjoin(
        commune, commune.c.id == parcel.c.commune_id
    ),
    shapes=(parcel.c.boundary,),
    exact=parcel.c.boundary,
    etag=version_with(parcel, *OF_CROP, *OF_COMMUNE),
    properties=(
        editable(string("code", "Mã thửa", "Code", parcel.c.code)),
        editable(string("name", "Tên", "Name", parcel.c.name)),
        *crop_properties(),
        *commune_properties(),
        number("area_ha", "Diện tích (ha)", "Area (ha)", parcel.c.area_ha),
        *last_properties(parcel),
    ),
)

APPLICATIONS = Layer(
    id="applications",
    title="Hồ sơ đăng ký",
    title_en="Applications",
    description="Hồ sơ xin cấp mã số vùng trồng; không có trường cá nhân; cán bộ xã xem xã mình.",
    description_en="Applications for growing-area codes, without personal fields; an officer of a"
    " commune reads that commune's.",
    readers=OFFICERS,
    trusted=OFFICERS,
    table=application,
    source=application.outerjoin(crop, crop.c.id == application.c.crop_id).outerjoin(
        commune, commune.c.id == application.c.commune_id
    ),
    shapes=(application.c.boundary, application.c.location),
    exact=func.coalesce(application.c.boundary, application.c.location),
    scope=commune.c.code,
    period=(application.c.submitted_at, application.c.decided_at),
    geometry_types=("MultiPolygon", "Point"),
    etag=version_with(application, *OF_CROP, *OF_COMMUNE),
    properties=(
        string("receipt", "Mã biên nhận", "Receipt", application.c.receipt),
        chosen("status", "Tình trạng", "Status", application.c.status),
        string("area_name", "Tên vùng", "Name", application.c.area_name),
        *(replace(p, stored_as=None, lookup=None) for p in crop_properties()),
        string("market", "Thị trường", "Market", application.c.market),
        *commune_properties(writable=False),
        declared_area(application),
        instant("submitted_at", "Nộp lúc", "Submitted at", application.c.submitted_at),
        day("due_on", "Hạn", "Due on", application.c.due_on),
        instant("decided_at", "Quyết định lúc", "Decided at", application.c.decided_at),
        integer("growing_area_id", "Vùng trồng", "Growing area", application.c.growing_area_id),
        *last_properties(application),
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
    table=track,
    source=track,
    shapes=(track.c.path,),
    exact=track.c.path,
    period=(track.c.recorded_at, track.c.recorded_at),
    geometry_types=("MultiLineString", "Point", "MultiPoint"),
    properties=(
        string("name", "Tên", "Name", track.c.name),
        instant("recorded_at", "Ghi lúc", "Recorded at", track.c.recorded_at),
        number("length_m", "Chiều dài (m)", "Length (m)", track.c.length_m),
        *last_properties(track),
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
