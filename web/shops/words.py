"""What the pages of the shop window say: standings of listings, reasons, mistakes."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from gis.errors import PlatformError
from traceability.models import Listing

STANDINGS: Mapping[str, Any] = {
    "found": lazy_gettext("Đang mở được"),
    "unchecked": lazy_gettext("Địa chỉ chưa kiểm tra"),
    "failing": lazy_gettext("Lần kiểm tra gần nhất chưa mở được"),
    "dead": lazy_gettext("Sàn báo không còn – đang ẩn với người mua"),
    "retired": lazy_gettext("Đã gỡ"),
}
STANDING_TAGS = {
    "found": "",
    "unchecked": "tag-quiet",
    "failing": "tag-warned",
    "dead": "tag-alarm",
    "retired": "tag-quiet",
}
AVAILABILITIES: Mapping[str, Any] = {
    "in_stock": lazy_gettext("Còn hàng"),
    "out_of_stock": lazy_gettext("Hết hàng"),
    "preorder": lazy_gettext("Đặt trước"),
}
_ERRORS: Mapping[str, Any] = {
    "no-host": lazy_gettext("không tìm thấy tên miền"),
    "private-address": lazy_gettext("tên miền dẫn vào mạng nội bộ"),
    "no-connection": lazy_gettext("không kết nối được"),
    "no-certificate": lazy_gettext("chứng thư https không hợp lệ"),
    "timeout": lazy_gettext("quá lâu không trả lời"),
    "redirect-elsewhere": lazy_gettext("bị chuyển sang trang khác"),
    "too-many-redirects": lazy_gettext("bị chuyển đi quá nhiều lần"),
    "not-allowed": lazy_gettext("sàn không cho máy kiểm tra"),
    "bad-answer": lazy_gettext("trả lời không đọc được"),
}
FIELDS: Mapping[str, Any] = {
    "summary": lazy_gettext("Giới thiệu ngắn"),
    "story": lazy_gettext("Câu chuyện sản phẩm"),
    "net_content": lazy_gettext("Khối lượng, dung tích"),
    "shelf_life": lazy_gettext("Hạn sử dụng"),
    "standards": lazy_gettext("Tiêu chuẩn áp dụng"),
}
ROW_REASONS: Mapping[str, Any] = {
    "no-code": lazy_gettext("Thiếu mã hoặc tên sản phẩm (ô gộp: ghi lại ở từng dòng)"),
    "no-product": lazy_gettext("Không có sản phẩm này"),
    "several-products": lazy_gettext("Nhiều sản phẩm trùng tên: ghi mã thay cho tên"),
    "not-yours": lazy_gettext("Sản phẩm của đơn vị hoặc xã khác"),
    "no-address": lazy_gettext("Thiếu địa chỉ trên sàn"),
    "address": lazy_gettext("Địa chỉ không nhận được"),
    "price": lazy_gettext("Giá không đọc được"),
    "repeated": lazy_gettext("Trùng với một dòng ở trên"),
    "changed-since": lazy_gettext("Đã thay đổi sau khi xem trước"),
}
OUTCOMES: Mapping[str, Any] = {
    "new": lazy_gettext("Thêm mới"),
    "back": lazy_gettext("Mở lại"),
    "price": lazy_gettext("Đổi giá"),
    "same": lazy_gettext("Giữ nguyên"),
    "wrong": lazy_gettext("Lỗi"),
}


def say_check(listing: Listing) -> str:
    """What the last check of a listing said, in words; empty when all is well or unknown."""
    if listing.check_error:
        return str(_ERRORS.get(listing.check_error, listing.check_error))
    if listing.http_status is not None and not 200 <= listing.http_status < 300:
        return str(_("sàn trả lời mã %(status)s", status=listing.http_status))
    return ""


def say_mistake(error: PlatformError) -> str:
    """A refusal of a form in words for people."""
    rule = error.context.get("rule")
    if rule == "unknown-host":
        hosts = ", ".join(error.context.get("hosts", ()))
        return str(_("Địa chỉ không thuộc sàn nào đã biết: %(hosts)s.", hosts=hosts))
    if rule == "price":
        return str(_("Giá ghi bằng đồng, ví dụ 120000 hoặc 120.000."))
    if "url" in error.context:
        return str(_("Sản phẩm đã có địa chỉ này."))
    return str(
        _("Địa chỉ chưa đúng: chép nguyên địa chỉ trang sản phẩm trên sàn, bắt đầu bằng https://.")
    )
