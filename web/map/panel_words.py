"""What the map's table, history and bulk editor say, in the language of the page."""

from flask_babel import gettext as _


def words() -> dict[str, str]:
    """Sentences by the key the scripts know them by."""
    return _table() | _bulk() | _history() | _refusals()


def _table() -> dict[str, str]:
    return {
        "table": _("Bảng và lọc"),
        "filtered": _("Đang lọc"),
        "loading": _("Đang tải…"),
        "noRows": _("Không có dòng nào."),
        "rowsOf": _("{first}–{last} trong {total}"),
        "rowsSome": _("{first}–{last}"),
        "tooMany": _("nhiều hơn số bản đồ vẽ riêng được"),
        "selectRow": _("Chọn dòng"),
        "selectPage": _("Chọn cả trang"),
        "selectedCount": _("Đã chọn {count}"),
        "selectAll": _("Chọn cả {count}"),
        "unselect": _("Bỏ chọn"),
        "zoomToThem": _("Phóng tới"),
        "editThem": _("Sửa thuộc tính…"),
        "anyCrop": _("Mọi cây trồng"),
        "anyOf": _("Tất cả"),
        "level": _("Cấp"),
        "yes": _("có"),
        "exporting": _("Đang tạo tệp…"),
        "download": _("Tải về {name}"),
    }


def _bulk() -> dict[str, str]:
    return {
        "bulkTitle": _("Sửa thuộc tính của nhiều đối tượng"),
        "attribute": _("Thuộc tính"),
        "newValue": _("Giá trị mới"),
        "leaveEmpty": _("(để trống)"),
        "nothingThere": _("(trống)"),
        "reason": _("Lý do"),
        "cancel": _("Thôi"),
        "bulkCount": _("{count} đối tượng,"),
        "bulkSame": _("{count} đã có giá trị này"),
        "changing": _("Đang sửa…"),
        "bulkDo": _("Sửa {count} đối tượng"),
        "bulkConflicts": _(
            "Chưa sửa gì: {count} đối tượng đã có người khác sửa từ lúc bảng được tải."
        ),
        "bulkProblems": _("Chưa sửa gì, vì:"),
        "bulkNow": _("nay là {value} (phiên bản {version})"),
        "deletedSince": _("đã bị xoá"),
        "takeTheirs": _("Xem bản mới và sửa tiếp"),
        "leaveThemOut": _("Bỏ các đối tượng này ra"),
    }


def _history() -> dict[str, str]:
    return {
        "history": _("Lịch sử"),
        "growing-area-codes": _("Mã số vùng trồng"),
        "historyOf": _("Lịch sử: {name}"),
        "historyOfLayer": _("Thay đổi gần đây"),
        "allLayers": _("Mọi lớp"),
        "noHistory": _("Chưa có thay đổi nào."),
        "insert": _("Thêm"),
        "update": _("Sửa"),
        "delete": _("Xoá"),
        "inserted": _("thêm {count}"),
        "updated": _("sửa {count}"),
        "deleted": _("xoá {count}"),
        "noReason": _("không ghi lý do"),
        "before": _("Trước"),
        "after": _("Sau"),
        "older": _("Cũ hơn"),
        "newer": _("Mới hơn"),
        "more": _("Xem thêm"),
        "whichOnes": _("Những đối tượng nào"),
        "shapeSame": _("Ranh giới không đổi."),
        "shapeMoved": _("Vị trí đổi {distance} m."),
        "shapeAdded": _("Phần thêm vào"),
        "shapeRemoved": _("Phần bỏ đi"),
        "bringBack": _("Đưa về bản này"),
        "bringBackTitle": _("Đưa đối tượng về bản lúc {at}"),
        "undoChange": _("Hoàn tác cả lần thay đổi này"),
        "undoTitle": _("Hoàn tác thay đổi lúc {at} của {actor}"),
        "undoWhole": _("Mọi đối tượng của lần thay đổi này trở về như trước."),
        "notUndone": _("Chưa hoàn tác gì: những đối tượng này đã có người sửa tiếp."),
        "undone": _("Đã hoàn tác."),
        "broughtBack": _("Đã đưa về bản đã chọn."),
        "backToChanges": _("Mọi thay đổi"),
        "revisionOf": _("{at} trong {count}"),
    }


def _refusals() -> dict[str, str]:
    return {
        "signInFirst": _("Phiên làm việc đã hết: hãy đăng nhập lại."),
        "notAllowed": _("Tài khoản này không được làm việc đó."),
        "notThere": _("Không còn ở đó nữa."),
        "changedSince": _("Đã có người sửa từ lúc đó."),
    }
