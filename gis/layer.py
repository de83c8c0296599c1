"""What a layer is: its properties, who reads it, and how exactly."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Table

PUBLIC = frozenset({"public"})
# Who works with exact places. Farmers and producers see their own on their own pages.
TRUSTED = frozenset({"officer", "researcher", "leader", "administrator"})
OFFICERS = frozenset({"officer", "administrator"})
# Not a role of its own: an officer whose account is not limited to one commune.
PROVINCIAL_OFFICER = "provincial-officer"
# Who reads the applications of every commune at once. An officer of one commune has that commune's
# in the inbox.
PROVINCIAL = frozenset({PROVINCIAL_OFFICER, "administrator"})


class View(StrEnum):
    """How exactly a reader sees a layer; part of every ETag."""

    PUBLIC = "public"
    EXACT = "exact"


@dataclass(frozen=True)
class Property:
    """One published property.

    `type` and `format` are those of JSON Schema. `exact` is the SQL expression for trusted roles;
    `public` the one for everybody else (None = the same).
    """

    name: str
    type: str
    title: str
    title_en: str
    exact: ColumnElement[Any]
    public: ColumnElement[Any] | None = None
    format: str | None = None

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
