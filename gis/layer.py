"""What a layer is: its properties, who reads it, and how exactly."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from sqlalchemy import ColumnElement, FromClause, Table

PUBLIC = frozenset({"public"})
# Who works with exact places. Farmers and producers see their own on their own pages.
TRUSTED = frozenset({"officer", "researcher", "leader", "administrator"})
OFFICERS = frozenset({"officer", "administrator"})
# Not a role of its own: an officer whose account is not limited to one commune.
PROVINCIAL_OFFICER = "provincial-officer"
# Who works for every commune at once. An officer of one commune reads that commune's rows of layers
# that are kept to communes.
PROVINCIAL = frozenset({PROVINCIAL_OFFICER, "administrator"})


class View(StrEnum):
    """How exactly a reader sees a layer; part of every ETag."""

    PUBLIC = "public"
    EXACT = "exact"


@dataclass(frozen=True)
class Property:
    """One published property.

    `type`, `format` and `choices` (its `enum`) are those of JSON Schema. `exact` is the SQL
    expression for trusted roles; `public` the one for everybody else (None = the same).
    `stored_as` is the column of the layer's table that a writer sets; without one the property is
    read only. `lookup` says what a writer gives instead of the column's id: the code of a `crop`
    or of a `commune` of today, the exact name of a `party`.
    """

    name: str
    type: str
    title: str
    title_en: str
    exact: ColumnElement[Any]
    public: ColumnElement[Any] | None = None
    format: str | None = None
    choices: tuple[str, ...] = ()
    stored_as: str | None = None
    lookup: Literal["crop", "commune", "party"] | None = None

    def expression(self, view: View) -> ColumnElement[Any]:
        """What a reader with this view gets."""
        return self.exact if view is View.EXACT or self.public is None else self.public


@dataclass(frozen=True)
class Layer:
    """One layer, its identifier being the one of `/ogc/collections` and of `gis.layer_state`.

    Geometries are EPSG:4326, lon/lat. `shapes` are the stored columns whose GiST indexes answer a
    box; `exact` and `public` the shape that is shown. `blur` is how far (degrees) the shown shape
    may lie from a stored one. `period` holds the first and the last moment of a feature.
    `depends_on` are layers whose change changes this one's answers too.

    `editors` are the roles that may write it. `scope` is the code of a row's commune where a reader
    who works for one commune sees that commune's rows only (`commune_only`): whoever reads such a
    layer for somebody (items, counts, extents, exports, tiles) adds `scope = the caller's commune`.
    """

    id: str
    title: str
    title_en: str
    description: str
    description_en: str
    readers: frozenset[str]
    trusted: frozenset[str]
    table: Table
    source: FromClause
    shapes: tuple[ColumnElement[Any], ...]
    exact: ColumnElement[Any]
    properties: tuple[Property, ...]
    public: ColumnElement[Any] | None = None
    blur: float = 0.0
    period: tuple[ColumnElement[Any], ColumnElement[Any]] | None = None
    etag: ColumnElement[Any] | None = None
    depends_on: tuple[str, ...] = ()
    geometry_types: tuple[str, ...] = ("MultiPolygon",)
    editors: frozenset[str] = frozenset()
    scope: ColumnElement[str] | None = None

    @property
    def key(self) -> ColumnElement[Any]:
        """The feature id: the OGC fid and the MVT id."""
        return self.table.c.id

    @property
    def version(self) -> ColumnElement[Any]:
        """What changes whenever the feature's answer changes."""
        return self.table.c.version if self.etag is None else self.etag

    @property
    def versions(self) -> tuple[str, ...]:
        """The layers of `gis.layer_state` that this one's answers depend on."""
        return (self.id, *self.depends_on)

    def shape(self, view: View) -> ColumnElement[Any]:
        """The geometry a reader with this view sees."""
        return self.exact if view is View.EXACT or self.public is None else self.public

    def may_read(self, roles: frozenset[str]) -> bool:
        """Whether a caller with these roles may read the layer at all."""
        return "public" in self.readers or not self.readers.isdisjoint(roles)

    def view(self, roles: frozenset[str]) -> View:
        """How exactly a caller with these roles sees the layer."""
        return View.PUBLIC if self.trusted.isdisjoint(roles) else View.EXACT

    def commune_only(self, roles: frozenset[str]) -> bool:
        """Whether a caller with these roles reads only the rows of the commune it works for."""
        return self.scope is not None and PROVINCIAL.isdisjoint(roles)

    def reads_all(self, roles: frozenset[str]) -> bool:
        """Whether a caller with these roles reads every row: what a file of the layer needs."""
        return self.may_read(roles) and not self.commune_only(roles)

    def may_edit(self, roles: frozenset[str]) -> bool:
        """Whether a caller with these roles may write the layer; which communes is asked apart."""
        return not self.editors.isdisjoint(roles)

    @property
    def writable(self) -> tuple[Property, ...]:
        """The properties that a writer sets."""
        return tuple(item for item in self.properties if item.stored_as is not None)

    def is_required(self, item: Property) -> bool:
        """Whether no feature may lack this property: its column is NOT NULL and has no default."""
        if item.stored_as is None:
            return False
        column = self.table.c[item.stored_as]
        return not column.nullable and column.server_default is None
