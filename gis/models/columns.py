"""Column types and the shape that all editable layers share."""

import re
from datetime import datetime
from typing import Annotated, Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    DateTime,
    Identity,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

# Vietnamese alphabetical order (An < Ăn < Ân < … < Đ < E), whatever the database's own collation.
VIETNAMESE = "vi-x-icu"

Identifier = Annotated[int, mapped_column(BigInteger, Identity(always=False), primary_key=True)]
Name = Annotated[str, mapped_column(Text(collation=VIETNAMESE))]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
OptionalInstant = Annotated[datetime | None, mapped_column(DateTime(timezone=True))]
Attributes = Annotated[
    dict[str, Any], mapped_column(JSONB, server_default=text("'{}'::jsonb"), default=dict)
]
# MultiPolygon or Point, EPSG:4326, lon/lat, two dimensions. The GiST index is made by GeoAlchemy2.
Boundary = Annotated[WKBElement, mapped_column(Geometry("MULTIPOLYGON", srid=4326))]
OptionalBoundary = Annotated[WKBElement | None, mapped_column(Geometry("MULTIPOLYGON", srid=4326))]
Location = Annotated[WKBElement, mapped_column(Geometry("POINT", srid=4326))]


def area_of(column: str) -> Computed:
    """Geodesic area of `column` on the WGS84 ellipsoid, in hectares, kept by the database."""
    return Computed(f"ST_Area({column}::geography) / 10000.0", persisted=True)


def choices(column: Any) -> tuple[str, ...]:
    """The values that the column's CHECK allows: the database's own list, told nowhere twice."""
    table: Table = column.table
    names = (column.name, f"ck_{table.name}_{column.name}")
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint) and constraint.name in names:
            return tuple(re.findall(r"'([^']+)'", str(constraint.sqltext)))
    raise ValueError(f"{column} has no list of values")


class EditableLayer:
    """What every layer that people edit carries.

    `source` and `source_id` say where a loaded row came from and are its key when the file has no
    natural one; `version` is raised by the database at each update.
    """

    id: Mapped[Identifier] = mapped_column(sort_order=-1)
    attributes: Mapped[Attributes]
    source: Mapped[str | None]
    source_id: Mapped[str | None]
    is_demo: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    version: Mapped[int] = mapped_column(BigInteger, server_default=text("1"), default=1)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
