"""The words that pages show for the codes of the data: markets, statuses, warnings, mistakes."""

from typing import Any

from flask_babel import lazy_gettext as _

MARKETS: dict[str, Any] = {
    "domestic": _("Trong nước"),
    "export": _("Xuất khẩu, chưa rõ nước"),
    "CN": _("Trung Quốc"),
    "EU": _("Liên minh châu Âu"),
    "US": _("Hoa Kỳ"),
    "JP": _("Nhật Bản"),
    "KR": _("Hàn Quốc"),
    "AU": _("Úc"),
    "NZ": _("New Zealand"),
    "TW": _("Đài Loan"),
    "TH": _("Thái Lan"),
}
APPLICATION_STATUSES: dict[str, Any] = {
    "submitted": _("Chờ xã xét"),
    "returned": _("Cần bổ sung"),
    "approved": _("Đã cấp mã"),
    "rejected": _("Không được cấp"),
    "withdrawn": _("Đã rút"),
}
CODE_STATUSES: dict[str, Any] = {
    "active": _("Đang hiệu lực"),
    "warned": _("Bị cảnh báo"),
    "suspended": _("Tạm dừng sử dụng"),
    "revoked": _("Đã thu hồi"),
}
AREA_STATUSES: dict[str, Any] = {
    "active": _("Đang canh tác"),
    "suspended": _("Tạm dừng canh tác"),
    "closed": _("Đã đóng"),
}
STEPS: dict[str, Any] = {
    "submitted": _("Nộp hồ sơ"),
    "changed": _("Người nộp sửa hồ sơ"),
    "returned": _("Xã trả lại để bổ sung"),
    "resubmitted": _("Nộp lại sau khi sửa"),
    "approved": _("Đã duyệt và cấp mã"),
    "rejected": _("Không cấp mã"),
    "withdrawn": _("Rút hồ sơ"),
}
METHODS: dict[str, Any] = {
    "walked": _("Đi quanh ruộng bằng GPS"),
    "drawn": _("Vẽ ranh giới trên bản đồ"),
    "typed": _("Nhập điểm và diện tích"),
}
# On what basis a zone's indicator is judged, for those that the platform brings along.
BASES: dict[str, Any] = {
    "Chỉ tiêu vùng tự báo cáo, không phải ngưỡng pháp lý": _(
        "Chỉ tiêu vùng tự báo cáo, không phải ngưỡng pháp lý"
    ),
    "Quyết định 66/2015/QĐ-TTg điều 2": _("Quyết định 66/2015/QĐ-TTg điều 2"),
}
# What an officer should look at (gis.review.list_warnings).
WARNINGS: dict[str, Any] = {
    "point-over-4-ha": _("Chỉ có một điểm cho hơn 4 ha: nếu bán sang EU, cần vẽ ranh giới (EUDR)."),
    "areas-differ": _("Diện tích vẽ và diện tích khai lệch nhau hơn 10 %."),
    "below-minimum": _("Nhỏ hơn diện tích tối thiểu của quy định tại ngày nộp."),
    "no-commune": _("Vị trí không nằm trong xã nào đã biết: kiểm tra tọa độ."),
    "phone": _("Số điện thoại không giống số di động Việt Nam."),
    "personal-number": _("Số định danh không đủ 12 chữ số."),
    "no-consent": _("Người nộp chưa đánh dấu đồng ý cho xử lý thông tin cá nhân."),
}
# What is wrong with a field (the `rule` of gis.boundaries and gis.application_content).
MISTAKES: dict[str, Any] = {
    "missing": _("Cần điền mục này."),
    "too-long": _("Dài quá 200 ký tự."),
    "characters": _("Có ký tự không hiển thị được."),
    "unknown": _("Hãy chọn trong danh sách."),
    "range": _("Số này không hợp lý."),
    "type": _("Chỉ điền số, ví dụ 1,25."),
    "not-a-polygon": _("Chưa có ranh giới khép kín."),
    "not-a-position": _("Điền hai số như 11,8034 108,6021."),
    "too-few-corners": _("Cần ít nhất ba góc khác nhau."),
    "too-many-corners": _("Ranh giới có quá nhiều góc (tối đa 10.000)."),
    "crosses-itself": _("Ranh giới tự cắt chính nó: hãy bỏ hoặc dời góc bị vẽ chéo."),
    "area": _("Diện tích phải từ 1 m² đến 10.000 ha."),
    "outside-vietnam": _("Vị trí này nằm ngoài Việt Nam."),
    "no-series": _("Chưa biết chữ cái mã của tỉnh này: hãy nhập mã đã được cấp."),
    "code": _("Mã có tối đa 40 ký tự."),
}
