"""The words of OCOP dossiers: states, steps, kinds, grounds, and why a form was not taken."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from gis.errors import PlatformError
from traceability.ocop.hints import Hint

STATUSES: dict[str, Any] = {
    "draft": _("Đang soạn"),
    "submitted": _("Xã đang kiểm tra"),
    "returned": _("Cần bổ sung"),
    "checked": _("Chờ tỉnh chấm"),
    "graded": _("Đã chấm"),
    "recognised": _("Đã công nhận"),
    "rejected": _("Không công nhận"),
}
STEPS: dict[str, Any] = {
    "started": _("Bắt đầu soạn"),
    "submitted": _("Nộp cho xã"),
    "returned": _("Xã trả lại"),
    "checked": _("Xã kiểm tra xong, đề nghị tỉnh"),
    "sheet-removed": _("Bỏ một phiếu chấm"),
    "graded": _("Hội đồng chấm xong"),
    "recognised": _("Công nhận"),
    "rejected": _("Không công nhận"),
}
KINDS: dict[str, Any] = {
    "first": _("Lần đầu"),
    "upgrade": _("Nâng hạng"),
    "again": _("Đánh giá lại"),
}
APPLICANT_KINDS: dict[str, Any] = {
    "cooperative": _("Hợp tác xã"),
    "cooperative-group": _("Tổ hợp tác"),
    "enterprise": _("Doanh nghiệp nhỏ và vừa"),
    "farm": _("Trang trại"),
    "household": _("Hộ có đăng ký kinh doanh"),
    "association": _("Hội, hiệp hội (du lịch)"),
}
TOPICS: dict[str, Any] = {
    "origin": _("Nguồn gốc sản phẩm rõ ràng"),
    "local-material": _("Nguyên liệu địa phương đúng như khai"),
    "local-labour": _("Lao động địa phương đúng như khai"),
    "idea-identity": _("Ý tưởng và bản sắc của sản phẩm"),
}
EVIDENCE: dict[str, Any] = {
    "registration": _("Đăng ký kinh doanh"),
    "production-conditions": _("Đủ điều kiện sản xuất"),
    "material-origin": _("Nguồn nguyên liệu, hợp đồng liên kết"),
    "environment": _("Hồ sơ môi trường"),
    "labour": _("Danh sách lao động"),
    "accounts": _("Kết quả kinh doanh hai năm"),
    "intellectual-property": _("Nhãn hiệu, sở hữu trí tuệ"),
    "distribution": _("Hợp đồng phân phối"),
    "promotion": _("Quảng bá"),
    "story": _("Câu chuyện sản phẩm"),
    "quality-declaration": _("Công bố chất lượng"),
    "test-report": _("Phiếu kiểm nghiệm"),
    "trace-code": _("Mã vạch, tem truy xuất"),
    "quality-system": _("Chứng nhận quản lý chất lượng"),
    "award": _("Giải thưởng"),
    "other": _("Giấy tờ khác"),
}
SEXES: dict[str, Any] = {"female": _("Nữ"), "male": _("Nam"), "other": _("Khác")}
PRIORITIES: dict[str, Any] = {
    "woman": _("Là nữ"),
    "ethnic-minority": _("Là đồng bào dân tộc thiểu số"),
    "disabled": _("Là người khuyết tật"),
}
GROUNDS: dict[str, Any] = {
    "false-dossier": _("Hồ sơ không trung thực, giả mạo"),
    "criteria-lost": _("Không còn đạt tiêu chí"),
    "law-broken": _("Vi phạm về chất lượng, an toàn, môi trường, nhãn hiệu"),
    "mark-misused": _("Dùng sai nhãn hiệu OCOP"),
    "stopped": _("Ngừng sản xuất"),
    "authority": _("Theo kết luận của cơ quan có thẩm quyền"),
}
WINDOW_STATES: dict[str, Any] = {
    "early": _("còn hiệu lực"),
    "due": _("nộp lại ngay"),
    "late": _("đã qua hạn nộp"),
    "transition": _("hết hạn, đang chuyển tiếp"),
    "lapsed": _("hết hiệu lực"),
}


def say_hint(hint: Hint) -> str:
    """What the platform knows beside a criterion, in a sentence."""
    value = hint.value
    sentences = {
        "trace-code": gettext("Nền tảng này đã cấp mã truy xuất %(value)s.", value=value),
        "labels": gettext("Đã cấp số cho %(value)s tem.", value=value),
        "listings": gettext("Đang bán trên %(value)s sàn đã khai ở đây.", value=value),
        "no-listing": gettext("Chưa khai gian hàng điện tử nào ở đây."),
        "story": gettext("Câu chuyện đã có trong trang truy xuất."),
        "no-story": gettext("Trang truy xuất chưa có câu chuyện."),
        "fields": gettext("Các lô đến từ %(value)s vùng trồng đã đăng ký.", value=value),
    }
    return str(sentences[hint.kind])


def say_overtaken(codes: Sequence[str], *, is_council: bool) -> str:
    """Why a sheet that somebody changed meanwhile was not kept, and what to do now."""
    said = gettext(
        "Chưa lưu: phiếu này đã có bản khác, khác ở tiêu chí %(codes)s (xem “Bản đang lưu”)."
        " Bấm Lưu lần nữa để thay bằng điểm dưới đây.",
        codes=", ".join(codes) or "–",
    )
    return f"{said} {gettext('Nếu là thành viên khác, sửa tên.')}" if is_council else str(said)


def say(error: PlatformError) -> str:
    """Why a form was not taken, in a sentence for who sent it."""
    rules = [error.context.get("rule")]
    rules += [each.get("rule") for each in error.context.get("errors", ())]
    sentences = {
        "no-set": gettext("Sản phẩm chưa có bộ tiêu chí hoặc chưa có xã. Nhờ cán bộ ghi trước."),
        "association": gettext("Hội, hiệp hội chỉ nộp cho du lịch cộng đồng."),
        "representative": gettext("Chưa ghi người đại diện."),
        "own-scores": gettext("Chưa tự chấm điểm."),
        "topic": gettext("Đánh dấu đủ bốn nội dung; nếu chưa đạt thì trả lại hồ sơ."),
        "samples": gettext("Chưa nhận đủ năm mẫu sản phẩm."),
        "no-sheets": gettext("Chưa có thành viên nào chấm."),
        "stars": gettext("Dưới 3 sao thì không công nhận."),
        "future": gettext("Ngày quyết định chưa tới."),
        "before": gettext("Ngày quyết định sớm hơn bộ tiêu chí đã chấm: xem lại năm."),
        "too-many": gettext("Hồ sơ đã có quá nhiều tệp."),
        "same-file": gettext("Tệp này đã có trong hồ sơ, cùng loại và cùng tiêu chí."),
        "kind": gettext("Hãy chọn loại giấy tờ."),
        "missing": gettext("Hãy ghi đủ những ô cần thiết."),
        "early": gettext("Chưa tới lúc nộp đánh giá lại (180 ngày trước khi hết hạn)."),
        "moved": gettext("Hồ sơ đã chuyển bước trong lúc đang xem. Đây là tình trạng hiện tại."),
        "under-way": gettext("Sản phẩm này đã có một hồ sơ đang làm."),
        "not-certified": gettext("Sản phẩm chưa có chứng nhận nào: chọn “Lần đầu”."),
        "number": gettext("Số giấy chứng nhận này đã có."),
        "to-come": gettext("Ngày thu hồi chưa tới."),
        "withdrawn": gettext("Giấy chứng nhận này đã bị thu hồi."),
        "too-early": gettext("Ngày thu hồi không thể trước ngày cấp."),
    }
    scores = [each["criterion"] for each in error.context.get("errors", ()) if "criterion" in each]
    if scores:
        return str(
            gettext(
                "Điểm chưa đúng ở tiêu chí %(codes)s: chỉ chọn được điểm có trong bộ tiêu chí;"
                " 5.2 chỉ chấm khi có câu chuyện (5.1).",
                codes=", ".join(scores),
            )
        )
    if "status_of_dossier" in error.context:
        rules = ["moved"]
    found = [str(sentences[rule]) for rule in dict.fromkeys(rules) if rule in sentences]
    return " ".join(found) or error.detail
