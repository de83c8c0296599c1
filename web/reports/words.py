"""The words of cases: kinds, where they come from, states, steps, reasons for closing."""

from typing import Any

from flask_babel import lazy_gettext as _

# What a buyer chooses from: the words are the buyer's.
BUYER_KINDS: dict[str, Any] = {
    "fake": _("Nghi hàng giả, tem giả"),
    "unsafe": _("Ăn, uống, dùng vào thấy khác thường"),
    "expired": _("Quá hạn mà vẫn bán"),
    "wrong-information": _("Thông tin ghi không đúng"),
    "label": _("Tem rách, mờ, không quét được"),
    "quality": _("Hỏng, kém chất lượng"),
    "unknown-code": _("Mã quét không ra sản phẩm"),
    "other": _("Chuyện khác"),
}
KINDS: dict[str, Any] = {
    **BUYER_KINDS,
    "unissued": _("Quét tem chưa từng phát hành"),
    "void": _("Quét tem đã huỷ"),
    "recalled": _("Quét tem của lô thu hồi"),
    "not-active": _("Quét tem chưa kích hoạt"),
    "distant": _("Một tem ở những nơi quá xa nhau"),
    "many-places": _("Một tem ở quá nhiều nơi"),
    "before-shipping": _("Quét trước khi xuất hàng"),
    "dead-link": _("Liên kết bán hàng đã chết"),
}
ORIGINS: dict[str, Any] = {
    "buyer": _("Người mua báo"),
    "scan": _("Lượt quét"),
    "link": _("Liên kết"),
}
STATES: dict[str, Any] = {
    "new": _("Chưa ai xem"),
    "working": _("Đang xử lý"),
    "closed": _("Đã khép"),
}
STEPS: dict[str, Any] = {
    "opened": _("Tiếp nhận"),
    "taken": _("Nhận xử lý"),
    "assigned": _("Giao việc"),
    "commented": _("Ghi chú"),
    "closed": _("Khép vụ việc"),
}
CLOSE_REASONS: dict[str, Any] = {
    "solved": _("Đã xử lý xong"),
    "unfounded": _("Không có căn cứ"),
    "passed-on": _("Đã chuyển cơ quan khác"),
    "duplicate": _("Trùng vụ việc khác"),
}
MISTAKES: dict[tuple[str, str], Any] = {
    ("/kind", "kind"): _("Chọn một loại vấn đề."),
    ("/text", "missing"): _("Kể ngắn gọn chuyện gì đã xảy ra."),
    ("/text", "long"): _("Viết gọn trong 2.000 ký tự."),
    ("/contact", "long"): _("Số điện thoại hoặc thư điện tử không dài như vậy."),
    ("/contact", "consent"): _("Muốn để lại cách liên hệ thì đánh dấu đồng ý, hoặc xoá ô này."),
    ("/code", "missing"): _("Ghi mã in trên tem, hoặc tên sản phẩm nếu không có mã."),
    ("/commune", "unknown"): _("Chọn xã, phường trong danh sách."),
    ("/photo", "busy"): _("Đang có quá nhiều ảnh chờ. Gửi lại không kèm ảnh, hoặc chờ một phút."),
    ("/photo", "photo"): _("Ảnh này không dùng được: chọn ảnh JPEG, PNG hoặc WebP nhỏ hơn 12 MB."),
}
# What the platform noted when it opened a case; other members are for programs.
FACTS: dict[str, Any] = {
    "state": _("Trạng thái tem"),
    "scans": _("Số lượt quét"),
    "first_scanned_on": _("Quét lần đầu"),
    "url": _("Địa chỉ bán"),
    "http_status": _("Sàn trả lời mã"),
}
SERIAL_STATES: dict[str, Any] = {
    "unissued": _("chưa từng phát hành"),
    "issued": _("chưa kích hoạt"),
    "active": _("đang dùng"),
    "sold": _("đã bán"),
    "void": _("đã huỷ"),
    "recalled": _("thu hồi"),
}
