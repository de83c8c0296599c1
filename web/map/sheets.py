"""Map sheets for people and programs: `/api/v1/map-sheets`, drawn by the worker.

A sheet shows what its asker sees on the map. Its address cannot be guessed, and one that shows
exact places is given only to callers who see those places exactly.
"""

from typing import Any

from flask import Blueprint, Response, jsonify, request, send_file, url_for
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from etl.models import Run
from etl.sheet_requests import file_of, find_sheets, request_sheets, roles_of, token_of, wish_of
from gis.calendar import today
from gis.errors import ForbiddenError, NotFoundError
from gis.layer import View
from gis.layers import find_layer
from gis.sheets.content import find_commune, list_communes, readable_layers
from gis.sheets.planning import outlines, plan_sheets
from gis.sheets.request import MAX_TITLE, SHEET_LAYERS, SheetRequest, read_request
from web import access, api
from web.context import current_account, settings, transaction
from web.layers import caller_roles
from web.limits import limiter

blueprint = Blueprint("map_sheets", __name__, url_prefix="/api/v1/map-sheets")

_DRAW = "20 per minute"
_PLAN = "120 per minute"


class MapSheets(BaseModel):
    """What to print: exactly one of `commune`, `province`, `bbox` and `center`."""

    model_config = ConfigDict(extra="forbid")

    paper: str = Field("A4", description="A4 or A3")
    orientation: str = Field("auto", description="auto, portrait or landscape")
    scale: int | None = Field(
        None, description="The denominator, 500..250000; absent: the largest round one that fits"
    )
    commune: str | None = Field(None, description="Code of a commune; several sheets if needed")
    province: str | None = Field(
        None, description="Code of a province: an index and a sheet for each commune; needs a role"
    )
    bbox: list[float] | None = Field(None, description="west, south, east, north in degrees")
    center: list[float] | None = Field(None, description="longitude, latitude; needs a scale")
    layers: list[str] | None = Field(None, description=", ".join(SHEET_LAYERS))
    title: str | None = Field(
        None, max_length=MAX_TITLE, description="Instead of the usual title; needs an account"
    )


@blueprint.post("")
@access.roles("public")
@limiter.limit(_DRAW)
@api.body(MapSheets)
def ask() -> AnyResponse:
    """Ask for map sheets as PDF, to scale, with the VN-2000 grid of the province.

    Answers 202; `Location` is where their state is.
    """
    wish = _wish()
    account = current_account()
    with transaction() as session:
        _check(session, wish)
        run = request_sheets(
            session, wish, caller_roles(), account.username if account else "public"
        )
        answer = jsonify(_state(run))
    answer.status_code = 202
    answer.headers["Location"] = url_for(".read", token=token_of(run))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/plan")
@access.roles("public")
@limiter.limit(_PLAN)
@api.body(MapSheets)
def plan() -> AnyResponse:
    """Say which sheets a wish would become: their frames as GeoJSON, paper and scale."""
    wish = _wish()
    with transaction() as session:
        readable_layers(wish.layers, caller_roles())
        planned = plan_sheets(session, wish, today())
    layout = planned.layout
    answer = jsonify(
        type="FeatureCollection",
        features=outlines(planned),
        sheets=len(planned.sheets),
        scales=sorted({sheet.scale for sheet in planned.sheets}),
        # Not `crs`: in GeoJSON that would speak of the coordinates here, which are degrees.
        zone=f"EPSG:{planned.zone}",
        orientation="landscape" if layout.width > layout.height else "portrait",
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/<string:token>")
@access.roles("public")
def read(token: str) -> AnyResponse:
    """The state of map sheets: waiting, running with its progress, done with the file, failed."""
    with transaction() as session:
        run = find_sheets(session, token)
        answer = jsonify(_state(run))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/<string:token>.pdf")
@access.roles("public")
def download(token: str) -> Response:
    """The PDF, for those who may see what it shows."""
    with transaction() as session:
        run = find_sheets(session, token)
    _check_reader(run)
    path = file_of(settings().files_folder, run)
    if run.state != "done" or not path.is_file():
        raise NotFoundError("These map sheets are not there (any more). Ask for them again.")
    response = send_file(
        path,
        mimetype="application/pdf",
        download_name=f"ban-do-{run.subject}.pdf",
        conditional=True,
        max_age=0,
    )
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _wish() -> SheetRequest:
    wish = read_request(request.get_json(force=True, silent=True))
    if current_account() is None and (wish.title is not None or wish.province is not None):
        # A stranger's words under the platform's name would look like the office's own.
        raise Unauthorized("A title of one's own and the atlas of a province need an account.")
    return wish


def _check(session: Session, wish: SheetRequest) -> None:
    """Refuse now what the worker would refuse in a minute."""
    readable_layers(wish.layers, caller_roles())
    if wish.commune is not None:
        find_commune(session, wish.commune, today())
    if wish.province is not None:
        list_communes(session, wish.province, today())


def _check_reader(run: Run) -> None:
    """Let only those have sheets who see as much themselves."""
    mine, drawn_for = caller_roles(), roles_of(run)
    for name in read_request(wish_of(run)).layers:
        layer = find_layer(name)
        hidden = not layer.may_read(mine) or (
            layer.view(drawn_for) is View.EXACT and layer.view(mine) is not View.EXACT
        )
        if hidden and current_account() is None:
            raise Unauthorized("Sign in to fetch these map sheets.")
        if hidden:
            raise ForbiddenError("These map sheets show more than this account may see.")


def _state(run: Run) -> dict[str, Any]:
    token = token_of(run)
    state: dict[str, Any] = {
        "id": run.id,
        "state": run.state,
        "error": run.error,
        "self": url_for(".read", token=token),
        "job": url_for("data_api.get_job", job_id=run.id),
    }
    if run.state == "running":
        state["progress"] = run.report.get("progress")
    if run.state == "done":
        state["href"] = url_for(".download", token=token)
        state |= {name: run.report.get(name) for name in ("pages", "scales", "crs", "bytes")}
    return state
