"""What editing needs beyond one feature at a time: `/api/v1/<layer>/…` for every editable layer.

Check without writing, split by a line, merge neighbours, the same properties for many. Who changed
what, and how it is taken back, is in `history.py`. A change says which version it was made from
as in `/ogc` (`If-Match`, or the member `version`), and why in `Langbiang-Reason` or `reason`.
"""

from typing import Annotated, Any, TypeVar

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError
from sqlalchemy.orm import Session

from gis.editing.cutting import merge_features, split_feature
from gis.editing.writing import Edit, check_feature, set_properties
from gis.errors import InvalidInputError, StaleVersionError
from gis.features import get_feature
from gis.layer import Layer
from gis.layers import LAYERS
from web import access, api
from web.context import transaction
from web.editing import requests as edits
from web.editing.answers import answer_edit, answer_stale, problem_documents
from web.editing.content_crs import bring_home
from web.layers import readable
from web.representations import as_private

blueprint = Blueprint("editing_api", __name__, url_prefix="/api/v1")
blueprint.register_error_handler(StaleVersionError, answer_stale)
EDITABLE = tuple(layer.id for layer in LAYERS.values() if layer.editors)
# One sitting's work. More is an import, which a worker does.
MOST_FEATURES = 2000

Id = Annotated[StrictInt, Field(ge=1, lt=2**63)]
Reason = Annotated[str, Field(max_length=edits.MOST_REASON)]
Body = TypeVar("Body", bound=BaseModel)


class Document(BaseModel):
    """A body that has no members but those it states."""

    model_config = ConfigDict(extra="forbid")


class SeenFeature(Document):
    """A feature and the version that the writer saw."""

    id: Id
    version: Id


class Line(BaseModel):
    """A GeoJSON LineString, lon/lat unless `Content-Crs` says otherwise."""

    type: Annotated[str, Field(pattern="^LineString$")]
    coordinates: Annotated[list[Any], Field(min_length=2, max_length=10_000)]


class Cut(Document):
    """Where to split a feature."""

    line: Line
    version: Id | None = None
    reason: Reason | None = None


class Merger(Document):
    """Neighbours to merge; the first one is kept."""

    features: Annotated[list[SeenFeature], Field(min_length=2, max_length=100)]
    reason: Reason | None = None


class SameProperties(Document):
    """Values that many features get in one change."""

    features: Annotated[list[SeenFeature], Field(min_length=1, max_length=MOST_FEATURES)]
    properties: Annotated[dict[str, Any], Field(min_length=1, max_length=100)]
    reason: Reason | None = None


class CheckedFeature(BaseModel):
    """A GeoJSON Feature; with its `id`, as a new version of that feature."""

    type: Annotated[str, Field(pattern="^Feature$")]
    id: Id | None = None
    geometry: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None


def read(model: type[Body]) -> tuple[Body, dict[str, Any]]:
    """The body that was sent, checked, and as it was.

    Raises:
        InvalidInputError: With `errors`, each with a JSON pointer.
    """
    body = edits.read_body()
    try:
        return model.model_validate(body), body
    except ValidationError as error:
        mistakes = [
            {
                "pointer": "".join(f"/{part}" for part in each["loc"]),
                "detail": each["msg"],
            }
            for each in error.errors(include_url=False, include_input=False)[:100]
        ]
        raise InvalidInputError(
            f"The body does not fit at {mistakes[0]['pointer'] or '/'}: {mistakes[0]['detail']}.",
            errors=mistakes,
        ) from None


@blueprint.post("/<name>/check")
@access.roles("officer", "administrator")
@api.values(name=EDITABLE)
@api.body(CheckedFeature)
def check(name: str) -> Response:
    """Say what is wrong with a feature, as a save would; nothing is written."""
    layer = edits.writable(name)
    feature = edits.read_feature(layer)
    fid = feature.get("id")
    if fid is not None and (isinstance(fid, bool) or not isinstance(fid, int)):
        raise InvalidInputError("id must be a whole number.", pointer="/id")
    with transaction() as session:
        found = check_feature(session, layer, edits.editor(), feature, fid=fid)
    return as_private(jsonify(problems=problem_documents(found)))


@blueprint.post("/<name>/<int:fid>/split")
@access.roles("officer", "administrator")
@api.values(name=EDITABLE)
@api.body(Cut)
def split(name: str, fid: int) -> Response:
    """Split a feature by a line; the largest part keeps its id and history, the others are new."""
    layer = edits.writable(name)
    number = edits.feature_id(str(fid))
    cut, body = read(Cut)
    line = bring_home(body["line"], 10_000)
    with transaction() as session:
        made = split_feature(
            session,
            layer,
            edits.editor(),
            number,
            line,
            expected=edits.expected_version(
                session, layer, number, {"properties": {"version": cut.version}}
            ),
            reason=edits.reason(body),
        )
        return _answer_features(session, layer, made)


@blueprint.post("/<name>/merge")
@access.roles("officer", "administrator")
@api.values(name=EDITABLE)
@api.body(Merger)
def merge(name: str) -> Response:
    """Merge neighbours into the first one named."""
    layer = edits.writable(name)
    merger, body = read(Merger)
    with transaction() as session:
        edit = merge_features(
            session, layer, edits.editor(), _targets(merger.features), reason=edits.reason(body)
        )
        return answer_edit(session, layer, edit)


@blueprint.post("/<name>/properties")
@access.roles("officer", "administrator")
@api.values(name=EDITABLE)
@api.body(SameProperties)
def set_same_properties(name: str) -> Response:
    """Give many features the same values, all or none."""
    layer = edits.writable(name)
    asked, body = read(SameProperties)
    with transaction() as session:
        made = set_properties(
            session,
            layer,
            edits.editor(),
            _targets(asked.features),
            asked.properties,
            reason=edits.reason(body),
            strict=edits.is_strict(),
        )
    items = [{"id": edit.fid, "version": edit.version} for edit in made]
    return as_private(jsonify(items=items, next=None))


def _targets(features: list[SeenFeature]) -> list[tuple[int, int]]:
    ids = [feature.id for feature in features]
    if len(set(ids)) < len(ids):
        raise InvalidInputError("Each feature may be named once.", pointer="/features")
    return [(feature.id, feature.version) for feature in features]


def _answer_features(session: Session, layer: Layer, made: list[Edit]) -> Response:
    _, view = readable(layer.id)
    features = [get_feature(session, layer, view, edit.fid)[0] for edit in made]
    body = f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'
    return as_private(Response(body, content_type=edits.GEOJSON))
