"""The map: the page and everything it needs to know; its scripts are in `frontend/map`."""

from typing import Any

from flask import Blueprint, render_template, url_for
from flask_babel import gettext as _

from gis.calendar import today
from gis.layers import layers_for
from gis.overview import CropFigure, has_demo, home_box, list_crop_figures
from web import access, language
from web.context import current_account, transaction
from web.layers import caller_roles
from web.map import background_words
from web.map import editor as map_editor
from web.map import editor_words as map_editor_words
from web.map import panel_words as map_panel_words
from web.map import panels as map_panels
from web.map.backgrounds import background_settings
from web.map.sheet_parts import sheet_settings, sheet_words

blueprint = Blueprint("map", __name__)


@blueprint.get("/ban-do")
@access.roles("public")
def page() -> str:
    """The map; without a script it says where to read the same as lists."""
    day = today()
    roles = caller_roles()
    with transaction() as session:
        crops = list_crop_figures(session)
        box = home_box(session, day)
        demo = has_demo(session)
        sheets = sheet_settings(session)
        backgrounds = background_settings(session)
        layers = layers_for(roles)
        editable = [layer for layer in layers if layer.may_edit(roles)]
        account = current_account()
        editor = map_editor.settings(session, editable, account) if editable and account else None
        panels = map_panels.table_settings(session, layers)
    readable = [layer.id for layer in layers]
    settings: dict[str, Any] = {
        "language": language.choose(),
        "extent": [box.west, box.south, box.east, box.north],
        "tiles": "/ogc/tiles/WebMercatorQuad/{z}/{y}/{x}",
        "items": "/ogc/collections/{layer}/items",
        "search": url_for("search.search"),
        "layers": readable,
        "crops": [_crop(crop) for crop in crops],
        "words": _words() | map_panel_words.words() | sheet_words() | background_words.words(),
        "kinds": _kinds(),
        "sheets": sheets,
        "backgrounds": backgrounds,
        "may_edit": [layer.id for layer in editable],
        "panels": panels,
    }
    if editor:
        settings["editor"] = editor
        settings["words"] |= map_editor_words.words()
    return render_template(
        "map.html", settings=settings, crops=crops, readable=readable, has_demo=demo
    )


def _crop(crop: CropFigure) -> dict[str, Any]:
    name = crop.name if language.choose() == "vi" else crop.name_en
    return {"code": crop.code, "name": name, "colour": crop.colour}


def _words() -> dict[str, str]:
    """What the scripts say, in the language of the page."""
    return {
        "zoomIn": _("Phóng to"),
        "zoomOut": _("Thu nhỏ"),
        "attribution": _("Ranh giới và lớp dữ liệu: Lang Biang"),
        "nothing": _("Không tìm thấy nơi nào."),
        "failed": _("Không tải được. Kiểm tra mạng rồi thử lại."),
        "former": _("trước ngày 1/7/2025"),
        "until": _("đến hết {day}"),
        "now": _("nay thuộc"),
        "demo": _("dữ liệu minh hoạ"),
        "rounded": _("Vị trí được làm tròn khoảng 1 km để bảo vệ hộ sản xuất."),
        "nearer": _("Phóng to nơi này"),
        "open": _("Xem trang chi tiết"),
        "close": _("Đóng"),
        "summary": _("{count} vùng trồng, {area} ha"),
        "parcels": _("{count} thửa, {area} ha"),
        "sites": _("{count} cơ sở"),
        "area": _("Diện tích"),
        "declared": _("Diện tích công bố"),
        "crop": _("Cây trồng"),
        "codes": _("Mã số vùng trồng"),
        "holder": _("Chủ thể"),
        "households": _("Số hộ"),
        "commune": _("Xã, phường"),
        "standard": _("Tiêu chuẩn"),
        "status": _("Tình trạng"),
        "code": _("Mã"),
        "population": _("Dân số"),
        "since": _("Có từ ngày"),
        "product": _("Sản phẩm"),
        "recognised": _("Công nhận"),
        "kind": _("Loại"),
        "receipt": _("Mã biên nhận"),
        "due": _("Hạn"),
        "length": _("Chiều dài"),
        "growing-areas": _("Vùng trồng"),
        "high-tech-zones": _("Vùng công nghệ cao"),
        "facilities": _("Cơ sở"),
        "administrative-units": _("Đơn vị hành chính"),
        "parcels-title": _("Thửa đất"),
        "applications": _("Hồ sơ đăng ký"),
        "tracks": _("Vết đi bộ"),
        "products": _("Sản phẩm OCOP"),
    }


def _kinds() -> dict[str, str]:
    """Coded values in words."""
    return {
        "province": _("tỉnh"),
        "district": _("huyện"),
        "commune": _("xã, phường"),
        "packing-house": _("cơ sở đóng gói"),
        "greenhouse": _("nhà kính"),
        "nursery": _("vườn ươm"),
        "processing": _("cơ sở chế biến"),
        "store": _("kho, cửa hàng"),
        "weather-station": _("trạm thời tiết"),
        "laboratory": _("phòng thí nghiệm"),
        "other": _("cơ sở khác"),
        "active": _("đang hoạt động"),
        "suspended": _("tạm dừng"),
        "closed": _("đã đóng"),
        "submitted": _("chờ duyệt"),
        "returned": _("trả lại"),
        "approved": _("đã duyệt"),
        "rejected": _("từ chối"),
        "withdrawn": _("đã rút"),
    }
