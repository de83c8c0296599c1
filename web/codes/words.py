"""What the pages of codes say for the codes of the data."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from gis.errors import PlatformError

STATES: dict[str, Any] = {
    "issued": _("Đã in, chưa kích hoạt"),
    "active": _("Đang dùng"),
    "sold": _("Đã bán"),
    "void": _("Đã hủy"),
    "recalled": _("Bị thu hồi"),
    "unissued": _("Chưa từng phát hành"),
}
RUN_STATES: dict[str, Any] = {
    "waiting": _("Đang chờ"),
    "running": _("Đang in"),
    "done": _("Xong"),
    "failed": _("Không làm được"),
}
SHEETS: dict[str, Any] = {
    "8": _("Giấy A4, 8 tem lớn 99 × 68 mm"),
    "24": _("Giấy A4, 24 tem 64 × 34 mm"),
    "65": _("Giấy A4, 65 tem nhỏ 38 × 21 mm"),
    "roll-50x30": _("Cuộn, mỗi tem 50 × 30 mm"),
    "round-40": _("Cuộn, tem tròn đường kính 40 mm"),
}
FILES: dict[str, Any] = {
    "pdf": _("Tem để in (PDF)"),
    "csv": _("Bảng mã (CSV)"),
    "svg": _("Từng mã QR (SVG)"),
    "png": _("Từng mã QR (PNG)"),
}


def say(error: PlatformError) -> str:
    """A mistake in the words of the page; what has none is said as it is."""
    said: dict[str, Any] = {
        "count": _("Số lượng tem từ 1 đến 100.000."),
        "start": _("Tờ giấy này không có vị trí đó để bắt đầu; cuộn luôn bắt đầu từ 1."),
        "files": _("Hãy chọn ít nhất một loại tệp; mã QR rời chỉ làm tối đa 20.000 tem một lần."),
        "reason": _("Hãy ghi lý do hủy."),
        "last": _("Số cuối phải lớn hơn hoặc bằng số đầu."),
        "range": _("Hãy ghi số tem đầu và số tem cuối, ví dụ 1 và 500."),
        "ways": _("Hãy chọn một cách: từ số đến số, cả cuộn, hoặc danh sách số tem."),
        "serials": _("Không đọc được số tem nào."),
        "code": _("Không đọc được mã này. Hãy quét lại hoặc gõ đủ 12 ký tự dưới mã QR."),
        "none": _("Không có tem nào như vậy trong cuộn này."),
        "lot": _("Tem này được in cho lô khác."),
    }
    key = error.context.get("parameter")
    listed = error.context.get("errors") or []
    if key is None and listed:
        key = listed[0].get("rule")
    return str(said[key]) if key in said else gettext("Không làm được: ") + error.detail
