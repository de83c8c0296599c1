"""What the map's printing form offers, and what its script says, in the language of the page."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from gis.calendar import today
from gis.choices import list_units
from gis.layers import layers_for
from gis.sheets.request import SHEET_LAYERS
from web.context import current_account
from web.layers import caller_roles

SCALES = (
    *(500, 1000, 2000, 5000, 10_000, 15_000, 20_000, 25_000, 30_000, 40_000),
    *(50_000, 75_000, 100_000, 150_000, 200_000, 250_000),
)


def sheet_settings(session: Session) -> dict[str, Any]:
    """What the caller may choose: layers, scales, today's communes, and with an account provinces.

    Args:
        session: Reads only.
    """
    has_account = current_account() is not None
    units = list_units(session, today(), ("province", "commune"))
    readable = {layer.id for layer in layers_for(caller_roles())}
    return {
        "scales": SCALES,
        "layers": [name for name in SHEET_LAYERS if name in readable],
        "communes": [(row.code, row.name) for row in units if row.level == "commune"],
        "provinces": [
            (row.code, row.name) for row in units if has_account and row.level == "province"
        ],
        "mayTitle": has_account,
    }


def sheet_words() -> dict[str, str]:
    """Sentences by the key the script knows them by."""
    return {
        "sheetOne": _("1 tờ {paper} {orientation}, tỷ lệ {scale}"),
        "sheetMany": _("{count} tờ {paper} {orientation} và trang chỉ dẫn, tỷ lệ {scale}"),
        "sheetPortrait": _("dọc"),
        "sheetLandscape": _("ngang"),
        "sheetWaiting": _("Đang chờ đến lượt…"),
        "sheetRunning": _("Đang vẽ…"),
        "sheetPages": _("Đang vẽ: {done}/{of} trang"),
        "sheetDone": _("Tải tệp PDF ({pages} trang, {size})"),
        "sheetFailed": _("Không vẽ được: {error}"),
        "sheetSlow": _("Máy chủ đang bận. Có thể để trang này mở; tệp sẽ hiện ở đây khi xong."),
        "sheetWrong-bbox": _("Khung nhìn quá rộng hoặc nằm ngoài Việt Nam: hãy phóng to."),
        "sheetWrong-center": _("Giữa khung nhìn nằm ngoài Việt Nam."),
        "sheetWrong-scale": _("Tỷ lệ này cần quá nhiều tờ: chọn tỷ lệ nhỏ hơn hoặc khổ giấy lớn."),
        "sheetWrong-layers": _("Có lớp mà tài khoản này không được in."),
        "sheetWrong-title": _("Tên bản đồ quá dài."),
        "sheetTooMany": _("Vừa có nhiều yêu cầu: đợi một phút rồi thử lại."),
    }
