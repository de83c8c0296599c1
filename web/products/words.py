"""The words of the pages of products: groups, producers, steps of a journey."""

from typing import Any

from flask_babel import lazy_gettext as _

GROUPS: dict[int, Any] = {
    1: _("Thực phẩm"),
    2: _("Đồ uống"),
    3: _("Dược liệu"),
    4: _("Thủ công mỹ nghệ"),
    5: _("Sinh vật cảnh"),
    6: _("Du lịch"),
}
PRODUCER_KINDS: dict[str, Any] = {
    "household": _("Hộ sản xuất"),
    "cooperative": _("Hợp tác xã"),
    "enterprise": _("Doanh nghiệp"),
    "agency": _("Cơ quan"),
    "university": _("Trường đại học"),
}
STEPS: dict[str, Any] = {
    "harvest": _("Thu hoạch"),
    "process": _("Chế biến"),
    "pack": _("Đóng gói"),
    "ship": _("Xuất hàng"),
    "receive": _("Nhận hàng"),
    "sell": _("Bán ra"),
    "inspect": _("Kiểm tra"),
    "recall": _("Thu hồi"),
}
VERDICTS: dict[str, Any] = {
    "conformant": _("đạt"),
    "non_conformant": _("không đạt"),
}
