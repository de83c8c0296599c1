"""What the map's editor says, in the language of the page."""

from flask_babel import gettext as _


def words() -> dict[str, str]:
    """Sentences by the key the scripts know them by."""
    return _states() | _answers() | _conflict() | _tools() | _keys() | _places() | _rules()


def _states() -> dict[str, str]:
    return {
        "edit-edit": _("Sửa"),
        "edit-new": _("Chưa có tên"),
        "edit-new-of": _("Vẽ mới: {layer}"),
        "edit-unnamed": _("Không tên"),
        "edit-not-yours": _("Chỉ cán bộ {commune} sửa được."),
        "edit-details": _("Thông tin"),
        "edit-less": _("Thu lại"),
        "edit-by-shape": _("Theo vị trí vẽ"),
        "edit-kept": _("Bản nháp giữ trên máy này lúc {time}."),
        "edit-not-kept": _("Trình duyệt không giữ được bản nháp: đừng đóng trang trước khi lưu."),
        "edit-resumed": _("Đã mở lại bản nháp lúc {time}."),
        "edit-draft": _("Bản nháp lúc {time}: {layer} “{name}” chưa lưu."),
        "edit-draft-unnamed": _("Bản nháp lúc {time}: {layer} chưa lưu."),
        "edit-continue": _("Tiếp tục"),
        "edit-throw": _("Bỏ bản nháp"),
        "edit-discard": _("Bỏ thay đổi?"),
        "edit-discard-text": _("Những gì vẽ và ghi mà chưa lưu sẽ mất hẳn."),
        "edit-discard-yes": _("Bỏ hẳn"),
        "edit-delete": _("Xóa khỏi bản đồ?"),
        "edit-delete-text": _("Lịch sử vẫn giữ bản đã xóa và có thể khôi phục."),
        "edit-delete-yes": _("Xóa"),
        "edit-deleted": _("Đã xóa; khôi phục được trong lịch sử."),
        "edit-save": _("Lưu"),
        "edit-saving": _("Đang lưu…"),
        "edit-saved": _("Đã lưu lên bản đồ."),
        "edit-cut": _("Cắt theo đường vừa vẽ?"),
        "edit-cut-text": _("Phần lớn nhất giữ mã và lịch sử; các phần khác thành mới."),
        "edit-cut-yes": _("Cắt"),
        "edit-cut-done": _("Đã cắt thành {count} phần; hoàn lại được trong lịch sử."),
        "edit-merge": _("Gộp lại làm một?"),
        "edit-merge-text": _("{count} mảnh thành một; mảnh đang sửa giữ mã và thông tin."),
        "edit-merge-yes": _("Gộp"),
        "edit-merge-none": _("Chọn mảnh kề trên bản đồ trước, rồi gộp."),
        "edit-merge-done": _("Đã gộp {count} mảnh; hoàn lại được trong lịch sử."),
    }


def _answers() -> dict[str, str]:
    return {
        "edit-no-shape": _("Chưa có ranh giới: vẽ và khép lại trước khi lưu."),
        "edit-no-point": _("Chưa có vị trí: chạm vào bản đồ để đặt điểm."),
        "edit-missing": _("Còn ô phải điền hoặc điền chưa đúng."),
        "edit-nothing": _("Chưa có gì thay đổi."),
        "edit-save-first": _("Lưu hoặc bỏ thay đổi trước đã."),
        "edit-blocked": _("Chưa lưu được: sửa những chỗ tô đỏ rồi lưu lại."),
        "edit-reason-needed": _("Có điều cần xem lại. Nếu đúng vậy, ghi lý do rồi lưu lần nữa."),
        "edit-signed-out": _("Phiên đăng nhập đã hết. Bản nháp vẫn còn: đăng nhập rồi lưu lại."),
        "edit-sign-in": _("Đăng nhập ở thẻ khác"),
        "edit-forbidden": _("Tài khoản này không được sửa ở đây. Bản nháp vẫn còn trên máy."),
        "edit-offline": _("Mất mạng. Bản nháp vẫn còn trên máy: có mạng thì lưu lại."),
        "edit-busy": _("Máy chủ đang bận. Bản nháp vẫn còn: chờ một lát rồi lưu lại."),
        "edit-failed": _("Máy chủ gặp lỗi. Bản nháp vẫn còn trên máy."),
        "edit-too-big": _("Hình quá lớn để gửi: bớt đỉnh rồi lưu lại."),
        "edit-refused": _("Chưa lưu được: {detail}"),
        "edit-gone": _("Người khác đã xóa đối tượng này. Bản của bạn vẫn còn ở đây."),
        "edit-save-as-new": _("Lưu thành đối tượng mới"),
        "edit-cut-stale": _("Có người vừa sửa. Thôi biên tập rồi mở lại để cắt, gộp bản mới."),
        "edit-delete-stale": _("Có người vừa sửa. Xem bản mới rồi hãy xóa."),
        "edit-hole-outside": _("Lỗ phải nằm trong ranh giới."),
        "edit-last-corners": _("Một ranh giới cần ít nhất ba đỉnh."),
        "edit-three-corners": _("Cần ít nhất ba đỉnh để khép lại."),
        "edit-two-corners": _("Đường cắt cần ít nhất hai đỉnh."),
        "edit-error": _("Phải sửa"),
        "edit-warning": _("Cần xem lại"),
        "edit-show-place": _("Xem chỗ này"),
        "edit-open-other": _("Mở đối tượng kia"),
    }


def _conflict() -> dict[str, str]:
    return {
        "edit-conflict": _("Hai người cùng sửa"),
        "edit-conflict-by": _("{who} đã lưu trước, lúc {when}."),
        "edit-conflict-reason": _("Lý do: “{reason}”."),
        "edit-conflict-how": _("Chọn bản được giữ ở từng dòng; chưa có gì bị ghi đè."),
        "edit-conflict-kept": _("Chưa lưu. Bản của bạn vẫn còn ở đây."),
        "edit-no-difference": _("Hai bản giống nhau."),
        "edit-someone": _("Người khác"),
        "edit-shape": _("Hình trên bản đồ"),
        "edit-size": _("{area} ha, {count} đỉnh"),
        "edit-mine": _("Của tôi"),
        "edit-theirs": _("Của {who}"),
        "edit-choose-each": _("Còn dòng hai bên cùng sửa mà chưa chọn."),
        "edit-save-choice": _("Lưu theo lựa chọn"),
        "edit-later": _("Để sau"),
    }


def _tools() -> dict[str, str]:
    return {
        "edit-hint-draw": _("Chạm để đặt từng đỉnh; chạm đỉnh đầu hoặc “Khép lại” để xong."),
        "edit-hint-point": _("Chạm vào bản đồ để đặt điểm."),
        "edit-hint-shape": _("Kéo đỉnh để dời, kéo cạnh để thêm, giữ lâu hay Alt + bấm để bớt."),
        "edit-hint-remove": _("Chạm vào đỉnh để bớt."),
        "edit-hint-move": _("Kéo cả hình tới chỗ mới."),
        "edit-hint-part": _("Vẽ thêm một phần rời của cùng vùng này."),
        "edit-hint-hole": _("Vẽ lỗ ở bên trong ranh giới: ao, đường, nhà."),
        "edit-hint-cut": _("Vẽ đường cắt từ bên ngoài, qua vùng, ra bên ngoài; rồi “Khép lại”."),
        "edit-hint-merge": _("Chạm vào các mảnh kề để chọn."),
        "edit-hint-merge-go": _("Đã chọn {count} mảnh, kể cả mảnh này. “Khép lại” để gộp."),
        "edit-hint-far": _("Phóng to thêm để đỉnh hút vào ranh lân cận."),
        "edit-local": _("{value} {unit} ({size} m²)"),
        "unit-sao-cong": _("sào, công"),
        "unit-sao": _("sào"),
        "unit-mau": _("mẫu"),
        "edit-perimeter": _("chu vi {length} m"),
        "edit-corners": _("{count} đỉnh"),
    }


def _keys() -> dict[str, str]:
    return {
        "key-Space": _("Phím cách"),
        "key-alt-click": _("Alt + bấm"),
        "edit-key-point": _("đặt điểm"),
        "edit-key-cut": _("vẽ đường cắt đôi"),
        "edit-key-area": _("vẽ vùng, hoặc thêm một phần"),
        "edit-key-shape": _("sửa từng đỉnh"),
        "edit-key-move": _("dời cả hình"),
        "edit-key-hole": _("khoét lỗ"),
        "edit-key-remove": _("bớt đỉnh"),
        "edit-key-remove-one": _("bớt đỉnh ấy (trên màn cảm ứng: giữ lâu)"),
        "edit-key-merge": _("gộp với mảnh kề"),
        "edit-key-trace": _("men theo ranh lân cận khi vẽ"),
        "edit-key-snap": _("hút vào ranh lân cận"),
        "edit-key-place": _("đặt đỉnh ở tâm bản đồ"),
        "edit-key-finish": _("khép lại, gộp"),
        "edit-key-cancel": _("thôi nét vẽ, thôi công cụ, thôi biên tập (bản nháp còn giữ)"),
        "edit-key-delete": _("bớt đỉnh cuối, hoặc đỉnh đang chọn"),
        "edit-key-undo": _("hoàn tác"),
        "edit-key-redo": _("làm lại"),
        "edit-key-save": _("lưu"),
        "edit-key-keys": _("danh sách này"),
    }


def _places() -> dict[str, str]:
    return {
        "edit-latitude": _("Vĩ độ"),
        "edit-longitude": _("Kinh độ"),
        "edit-northing": _("X – tung độ, hướng bắc (m)"),
        "edit-easting": _("Y – hoành độ, hướng đông (m)"),
        "edit-vn2000": _("{system}: X {north} · Y {east}"),
        "edit-pointer": _("Con trỏ"),
        "edit-middle": _("Tâm bản đồ"),
        "edit-selected": _("Đỉnh đang chọn"),
        "edit-typed-degrees": _("Ghi độ: 11,9536 hoặc 11°57′13″."),
        "edit-typed-metres": _("Ghi mét: 1321234,56."),
        "edit-typed-abroad": _(
            "Nơi này ở ngoài Việt Nam: hệ toạ độ chưa đúng, hay X, Y bị đổi chỗ."
        ),
        "edit-offline-convert": _("Không đổi được toạ độ khi mất mạng."),
        "edit-vertex-added": _("Đã thêm đỉnh."),
        "edit-vertex-moved": _("Đã chuyển đỉnh."),
    }


def _rules() -> dict[str, str]:
    """What a rule of `gis.editing.rules` found, with its facts."""
    return {
        "rule-not-valid": _("Ranh giới tự cắt hoặc bị lỗi ở {lat}, {lon}."),
        "rule-not-valid-short": _("Ranh giới tự cắt hoặc bị lỗi."),
        "rule-outside-vietnam": _("Vị trí {lat}, {lon} nằm ngoài Việt Nam."),
        "rule-outside-vietnam-swapped": _("Kinh độ và vĩ độ bị đổi chỗ ({lat}, {lon})."),
        "rule-too-many-vertices": _("Có {vertices} đỉnh; nhiều nhất {most} đỉnh."),
        "rule-too-small": _("Diện tích chỉ {area_m2} m²."),
        "rule-too-large": _("Diện tích {area_ha} ha, quá mức {most_ha} ha."),
        "rule-outside-commune": _("{outside_m2} m² ({percent} %) nằm ngoài {commune}."),
        "rule-outside-commune-short": _("Điểm nằm ngoài {commune}."),
        "rule-overlap": _("Chồng lên “{name}” {overlap_m2} m² ({percent} %)."),
        "rule-overlap-short": _("Chồng lên đối tượng số {with} {overlap_m2} m² ({percent} %)."),
        "rule-sliver": _("Có một mũi nhọn mảnh như gai."),
        "rule-sliver-strip": _("Hình là một dải hẹp, rộng {width_m} m."),
        "rule-area-differs": _("Vẽ được {area_ha} ha, khai {declared_ha} ha (lệch {percent} %)."),
    }
