"""What the layers of the catalogue are made of: tables, rules of what the public sees, properties.

`gis/layers.py` puts them together; nothing else reads this page.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Numeric,
    Table,
    Text,
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

from gis.layer import Property
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
from gis.models.columns import choices

_Expression = ColumnElement[Any]


def _table(model: type) -> Table:
    return model.__table__  # type: ignore[attr-defined, no-any-return]


unit = _table(AdministrativeUnit)
area = _table(GrowingArea)
parcel = _table(Parcel)
facility = _table(Facility)
zone = _table(HighTechZone)
application = _table(Application)
track = _table(Track)
crop = _table(Crop)
party = _table(Party)
commune = unit.alias("commune")
parent = unit.alias("parent")
code = _table(GrowingAreaCode)
consent = _table(Consent)

singled_out = func.gis.is_singled_out(party.c.kind, area.c.household_count, area.c.area_ha)
household_site = func.gis.is_singled_out(party.c.kind, null(), null())
may_name = exists(
    select(true()).where(
        consent.c.party_id == party.c.id,
        consent.c.withdrawn_at.is_(None),
        literal("name") == any_(consent.c.fields),
    )
)
# A household's name is a person's: published only with a recorded consent.
holder = case((or_(party.c.kind != "household", may_name), party.c.name))
codes = (
    select(func.json_agg(aggregate_order_by(code.c.code, code.c.code)))
    .where(code.c.growing_area_id == area.c.id, code.c.status != "revoked")
    .scalar_subquery()
)
# What an answer shows of a holder, a crop and a commune, besides the feature's own row.
OF_HOLDER = (party.c.kind, holder)
OF_CROP = (crop.c.code, crop.c.name)
OF_COMMUNE = (commune.c.code, commune.c.name)
code_versions = (
    select(func.concat(func.count(), "-", func.coalesce(func.sum(code.c.version), 0)))
    .where(code.c.growing_area_id == area.c.id)
    .scalar_subquery()
)


def version_with(table: Table, *others: ColumnElement[Any]) -> ColumnElement[Any]:
    """The row's version, and a hash of what is shown beside it of other rows.

    A renamed crop or holder changes the answer while the row stays the same.
    """
    shown = func.concat_ws("|", *(func.coalesce(sql_cast(other, Text), "") for other in others))
    return func.concat(table.c.version, "-", func.to_hex(func.hashtext(shown)))


def editable(given: Property) -> Property:
    """The property whose expression is a column of the layer's own table, which may be written."""
    return replace(given, stored_as=given.exact.name)


def crop_properties() -> tuple[Property, ...]:
    """The crop, written by its code."""
    return (
        replace(
            string("crop", "Mã cây trồng", "Crop code", crop.c.code),
            stored_as="crop_id",
            lookup="crop",
        ),
        string("crop_name", "Cây trồng", "Crop", crop.c.name),
    )


def commune_properties(*, writable: bool = True) -> tuple[Property, ...]:
    """The commune, written by the code that it has today."""
    coded = string("commune_code", "Mã xã", "Commune code", commune.c.code)
    if writable:
        coded = replace(coded, stored_as="commune_id", lookup="commune")
    return (coded, string("commune_name", "Xã, phường", "Commune", commune.c.name))


def holder_property() -> Property:
    """Who farms or runs it, written by the exact name of a party."""
    return replace(
        string("holder", "Chủ thể", "Holder", holder), stored_as="party_id", lookup="party"
    )


def last_properties(table: Table) -> tuple[Property, ...]:
    """What every layer ends with."""
    return (
        Property("is_demo", "boolean", "Dữ liệu minh hoạ", "Demo data", table.c.is_demo),
        Property("version", "integer", "Phiên bản", "Version", table.c.version),
    )


def string(
    name: str, title: str, title_en: str, exact: _Expression, public: _Expression | None = None
) -> Property:
    """A text."""
    return Property(name, "string", title, title_en, exact, public)


def chosen(name: str, title: str, title_en: str, exact: _Expression) -> Property:
    """A text of the list that the database holds it to."""
    return Property(name, "string", title, title_en, exact, choices=choices(exact))


def number(
    name: str, title: str, title_en: str, exact: _Expression, public: _Expression | None = None
) -> Property:
    """A number."""
    return Property(name, "number", title, title_en, exact, public)


def declared_area(table: Table, public: _Expression | None = None) -> Property:
    """The area that papers say, in hectares."""
    column = table.c.declared_area_ha
    return number(
        "declared_area_ha", "Diện tích công bố (ha)", "Declared area (ha)", column, public
    )


def rounded_hectares(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """An area of a growing area for the public: four decimals are a fingerprint of the plot."""
    return case((singled_out, func.round(sql_cast(column, Numeric), 1)), else_=column)


def integer(name: str, title: str, title_en: str, exact: _Expression) -> Property:
    """A whole number."""
    return Property(name, "integer", title, title_en, exact)


def day(name: str, title: str, title_en: str, exact: _Expression) -> Property:
    """A day."""
    return Property(name, "string", title, title_en, exact, format="date")


def instant(name: str, title: str, title_en: str, exact: _Expression) -> Property:
    """A moment."""
    return Property(name, "string", title, title_en, exact, format="date-time")


def generalised(rule: _Expression) -> Property:
    """Whether the reader sees a rounded place."""
    return Property("is_generalised", "boolean", "Vị trí làm tròn", "Generalised", false(), rule)
