"""Data for researchers: data sets, snapshots of layers, and the work that makes them."""

from pathlib import Path

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from etl import queries
from gis.errors import ForbiddenError, NotFoundError
from gis.layers import LAYERS, find_layer, layers_for
from web import access
from web.context import current_account, settings, transaction
from web.layers import caller_roles

blueprint = Blueprint("data", __name__)

# Who may see what was done with the data, and ask for a snapshot.
STAFF = frozenset({"researcher", "officer", "leader", "administrator"})
ASKERS = ("researcher", "officer", "administrator")
STATES = {
    "waiting": lazy_gettext("Đang chờ"),
    "running": lazy_gettext("Đang chạy"),
    "done": lazy_gettext("Xong"),
    "failed": lazy_gettext("Lỗi"),
}
TASKS = {
    "load": lazy_gettext("Nạp lớp bản đồ"),
    "observations": lazy_gettext("Nạp số liệu đo"),
    "scene": lazy_gettext("Đăng ký ảnh"),
    "zonal": lazy_gettext("Thống kê theo vùng"),
    "snapshot": lazy_gettext("Chụp lớp dữ liệu"),
    "preview": lazy_gettext("Xem trước tệp"),
    "export": lazy_gettext("Xuất lớp ra tệp"),
    "map-sheets": lazy_gettext("In bản đồ"),
}


def roles() -> frozenset[str]:
    """The roles of the caller, `public` among them."""
    return caller_roles() | {"public"}


@blueprint.get("/du-lieu")
@access.roles("public")
def page() -> str:
    """Show data sets, snapshots to download and cite, and for staff the latest work."""
    mine = roles()
    readable = [layer for layer in layers_for(mine) if layer.reads_all(mine)]
    is_staff = not mine.isdisjoint(STAFF)
    with transaction() as session:
        datasets = [
            (summary, queries.latest_observations(session, summary.dataset))
            for summary in queries.list_datasets(session)
            if is_staff or summary.is_open
        ]
        return render_template(
            "data.html",
            datasets=datasets,
            snapshots=queries.list_snapshots(session, [layer.id for layer in readable]),
            runs=queries.list_runs(session, limit=20) if is_staff else [],
            layers=readable,
            titles=LAYERS,
            states=STATES,
            tasks=TASKS,
            may_ask=not mine.isdisjoint(ASKERS),
        )


@blueprint.post("/du-lieu/ban-chup")
@access.roles(*ASKERS)
def ask_for_snapshot() -> AnyResponse:
    """Put a snapshot of a layer in the queue."""
    layer = find_layer(request.form.get("layer", ""))
    if not layer.reads_all(roles()):
        raise ForbiddenError(f"The layer {layer.id} is not for this account.")
    account = current_account()
    with transaction() as session:
        queries.request_snapshot(session, layer.id, account.username if account else "public")
    flash(_("Đã ghi yêu cầu. Bản chụp sẽ có trong danh sách sau ít phút."))
    return redirect(url_for(".page"), 303)


@blueprint.get("/du-lieu/ban-chup/<int:snapshot_id>.parquet")
@access.roles("public")
def download(snapshot_id: int) -> Response:
    """Give a snapshot's file; it never changes, so it may be kept for ever."""
    return _send(snapshot_id, ".parquet", "application/vnd.apache.parquet")


@blueprint.get("/du-lieu/ban-chup/<int:snapshot_id>.json")
@access.roles("public")
def describe(snapshot_id: int) -> Response:
    """Give the description beside a snapshot: columns, checksum, citation."""
    return _send(snapshot_id, ".json", "application/json")


def _send(snapshot_id: int, suffix: str, mimetype: str) -> Response:
    with transaction() as session:
        snapshot = queries.find_snapshot(session, snapshot_id)
    layer = find_layer(snapshot.layer)
    if not layer.reads_all(roles()):
        if current_account() is None:
            raise Unauthorized("Sign in to download this snapshot.")
        raise ForbiddenError(f"The layer {layer.id} is not for this account.")
    folder = settings().files_folder.resolve()
    file = (folder / Path(snapshot.path).with_suffix(suffix)).resolve()
    if not file.is_relative_to(folder) or not file.is_file():
        raise NotFoundError(f"The file of snapshot {snapshot_id} is gone.")
    is_public = "public" in layer.readers
    response = send_file(
        file,
        mimetype=mimetype,
        as_attachment=suffix == ".parquet",
        download_name=file.name,
        etag=f"{snapshot.sha256[:24]}{suffix}",
        conditional=True,
        max_age=31_536_000 if is_public else 0,
    )
    if not is_public:
        response.headers["Cache-Control"] = "private, no-cache"
    return response
