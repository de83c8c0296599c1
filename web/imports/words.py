"""What the pages of imports say: states, kinds of problems, the readers' sentences in Vietnamese.

The loader speaks English, as the command line does. Here its sentences are recognised by their
form; one that is not known is shown as it is.
"""

import re
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from gis.crs import TM3_MERIDIANS
from web.language import choose

STATES: dict[str, Any] = {
    "waiting": _("Đang chờ đọc"),
    "reading": _("Đang đọc"),
    "ready": _("Chờ xem và chấp nhận"),
    "loading": _("Đang nạp"),
    "done": _("Đã nạp"),
    "failed": _("Không nạp được"),
}
REASONS: dict[str, Any] = {
    "no geometry": _("Không có hình"),
    "empty geometry": _("Hình rỗng"),
    "unreadable geometry": _("Hình không đọc được"),
    "wrong geometry": _("Sai loại hình"),
    "invalid geometry": _("Hình tự cắt hoặc để hở"),
    "bad coordinates": _("Tọa độ hỏng"),
    "outside Vietnam": _("Nằm ngoài Việt Nam"),
    "outside the world": _("Nằm ngoài địa cầu"),
    "outside your commune": _("Ngoài địa bàn xã"),
    "missing value": _("Thiếu giá trị"),
    "bad value": _("Giá trị không hợp lệ"),
    "bad row": _("Dòng hỏng"),
    "missing key": _("Thiếu khóa"),
    "duplicate key": _("Trùng khóa"),
}
FIELDS: dict[str, Any] = {
    "code": _("Mã"),
    "name": _("Tên"),
    "full_name": _("Tên đầy đủ"),
    "level": _("Cấp"),
    "valid_from": _("Có từ ngày"),
    "valid_to": _("Đến hết ngày"),
    "declared_area_ha": _("Diện tích công bố (ha)"),
    "declared_area_km2": _("Diện tích công bố (km²)"),
    "population": _("Dân số"),
    "crop": _("Cây trồng"),
    "commune": _("Xã, phường"),
    "kind": _("Loại"),
    "variety": _("Giống"),
    "planted_year": _("Năm trồng"),
    "household_count": _("Số hộ"),
    "standard": _("Tiêu chuẩn"),
    "product": _("Sản phẩm"),
    "recognised_on": _("Ngày công nhận"),
    "recognised_year": _("Năm công nhận"),
    "note": _("Ghi chú"),
    "recorded_at": _("Ghi lúc"),
    "lon": _("Kinh độ"),
    "lat": _("Vĩ độ"),
    "x": _("Tọa độ x (Đông)"),
    "y": _("Tọa độ y (Bắc)"),
    "wkt": _("Hình dạng WKT"),
}
ENCODINGS: dict[str, Any] = {
    "auto": _("Tự nhận ra"),
    "tcvn3": "TCVN3 (ABC)",
    "vni": "VNI",
    "windows-1258": "Windows-1258",
    "utf-8": "Unicode (UTF-8)",
    "latin-1": "Latin-1",
}
# The systems that files here come in; any other may be typed as EPSG:n.
_SYSTEMS: dict[str, Any] = {
    "EPSG:4326": _("WGS 84, độ (GPS, KML)"),
    "EPSG:5899": _("VN-2000, kinh tuyến 107°45′ (Lâm Đồng)"),
    "EPSG:9218": _("VN-2000, kinh tuyến 108°30′ (Đắk Nông, Bình Thuận)"),
    "EPSG:3405": _("VN-2000, UTM múi 48"),
    "EPSG:3406": _("VN-2000, UTM múi 49"),
    "EPSG:32648": _("WGS 84, UTM múi 48"),
    "EPSG:32649": _("WGS 84, UTM múi 49"),
    "EPSG:3857": _("Bản đồ web (Mercator)"),
}
HOWS: dict[str, Any] = {
    "said": _("do bạn chọn"),
    "stated": _("tệp tự ghi"),
    "guessed": _("phỏng đoán"),
    "assumed": _("theo tọa độ"),
    "judged": _("nhận ra từ chữ trong tệp"),
}
# Why an upload is refused before anything is read (etl.uploads).
MISTAKES: dict[str, Any] = {
    "no-file": _("Hãy chọn một tệp."),
    "too-many": _("Quá nhiều tệp: mỗi lần một bộ dữ liệu."),
    "several-files": _("Mỗi lần chỉ nhập một tệp, hoặc các phần của một Shapefile."),
    "no-shp": _("Thiếu tệp .shp: gửi cùng lúc mọi phần của Shapefile."),
    "unknown-kind": _("Loại tệp này không đọc được."),
    "other-name": _("Các phần của một Shapefile phải cùng tên."),
    "odd-part": _("Tệp này không thuộc cùng bộ dữ liệu."),
    "same-name": _("Hai tệp trùng tên."),
    "empty": _("Tệp rỗng."),
    "reason-needed": _("Bản xem trước có cảnh báo: hãy ghi lý do vẫn nạp."),
    "nothing-accepted": _("Không có dòng nào nạp được."),
}

# The form of a sentence, and what it says in Vietnamese, its groups by number.
_SENTENCES: tuple[tuple[str, Any], ...] = (
    (
        r"Row (\d+) overlaps row (\d+) by ([\d.,]+) m² \(([\d.]+) % of it\)\.",
        _("Dòng {1} chồng lên dòng {2}: {3} m², bằng {4} %."),
    ),
    (
        r"Row (\d+) overlaps ([\w-]+) (.+) by ([\d.,]+) m² \(([\d.]+) % of it\)\.",
        _("Dòng {1} chồng lên “{3}” đã có: {4} m², bằng {5} %."),
    ),
    (r"(\d+) more overlaps are not listed\.", _("Còn {1} chỗ chồng lấn khác không liệt kê.")),
    (r"(\d+) accepted rows lie in no known commune\.", _("{1} dòng không nằm trong xã nào.")),
    (
        r"No commune is loaded yet, so places were not checked against any\.",
        _("Chưa có ranh giới xã nào, nên chưa kiểm tra địa bàn."),
    ),
    (
        r"Only (.+) was taken; also in the file: (.+)\. Name one with --source-layer\.",
        _("Chỉ lấy lớp {1}; trong tệp còn: {2}."),
    ),
    (
        r"The file states (.+); read as (.+), as --crs says\.",
        _("Tệp ghi hệ {1}; đã đọc theo {2} như bạn chọn."),
    ),
    (
        r"The file's own definition \((.+)\) is VN-2000 by its projection: read as (\S+)\..*",
        _("Định nghĩa trong tệp ({1}) là VN-2000 theo phép chiếu: đọc theo {2}."),
    ),
    (
        r"A table cannot state a coordinate system;.*",
        _("Bảng không ghi hệ tọa độ; số liệu là độ trong Việt Nam nên đọc theo EPSG:4326."),
    ),
    (
        r"The columns (.+) were taken as (\S+) by their names\.",
        _("Các cột {1} được hiểu là {2} theo tên cột."),
    ),
    (
        r"No row of the file lies in Vietnam when read as (\S+)\..*",
        _("Đọc theo {1} thì không dòng nào nằm trong Việt Nam: hãy chọn hệ tọa độ khác."),
    ),
    (
        r"(\d+) accepted rows have too many corners to be edited on the map: (.+)",
        _("{1} hình có quá nhiều đỉnh để sửa trên bản đồ ({2})."),
    ),
    (
        r"(\d+) accepted rows enclose less than a square metre: (.+)",
        _("{1} hình nhỏ hơn một mét vuông ({2})."),
    ),
    (
        r"(\d+) accepted rows are larger than any field, farm or zone: (.+)",
        _("{1} hình lớn hơn mọi ruộng, trang trại hay vùng ({2})."),
    ),
    (
        r"(\d+) accepted rows lie outside the commune that they name.*: (.+)",
        _("{1} hình nằm ngoài xã mà dòng ấy ghi, một phần hoặc toàn bộ ({2})."),
    ),
    (
        r"(\d+) accepted rows are strips or run out into spikes: (.+)",
        _("{1} hình là dải hẹp hoặc có gai nhọn ({2})."),
    ),
    (
        r"(\d+) accepted rows are more than 20 % larger or smaller than declared: (.+)",
        _("{1} hình lệch hơn một phần năm so với diện tích khai ({2})."),
    ),
    (r"The layer (.+) has no rows\.", _("Lớp {1} không có dòng nào.")),
    (
        r"The \.cpg of (.+) says UTF-8, but its text is not\.",
        _("Tệp .cpg của {1} ghi UTF-8 nhưng chữ không phải vậy."),
    ),
    (
        r"(\d+) × value of (\w+) is not known and was kept in attributes only\.",
        _("{1} giá trị của “{2}” không có trong danh mục; giữ lại ở phần thuộc tính."),
    ),
    (
        r"(\d+) × value of (\w+) was rounded to a whole number\.",
        _("{1} giá trị của “{2}” được làm tròn thành số nguyên."),
    ),
    (r"(\d+) × row with an empty geometry was kept\.", _("{1} dòng không có điểm nào được giữ.")),
    (
        r"(.+) holds the northing and (.+) the easting, .*",
        _("Cột {1} là tọa độ Bắc, {2} là tọa độ Đông; đã đọc như vậy."),
    ),
    (
        r"(\w+) contradicts (\w+) in (\d+) rows, for example (.+) beside (.+)\.",
        _("Cột {1} không khớp cột {2} ở {3} dòng, ví dụ {4} cạnh {5}."),
    ),
    (
        r"Without --valid-from the units are taken as those of (\S+).*",
        _("Chưa nêu ngày hiệu lực: đơn vị được hiểu là của ngày {1}."),
    ),
    (
        r"No field was taken as the name: the code stands for it\.",
        _("Không có trường tên: dùng mã thay tên."),
    ),
    # Refusals
    (
        r"(.+) has no field that is surely the (\w+)\. Its fields: (.+)\. Say which.*",
        _("{1} không có trường nào chắc chắn là “{2}”. Hãy chọn trường ấy ở dưới rồi đọc lại."),
    ),
    (r"(.+) has no fields, so its rows have no (\w+)\.", _("{1} không có trường nào.")),
    (
        r"(.+) has no places: say which columns hold them.*",
        _("{1} không có vị trí: hãy chọn cột kinh độ, vĩ độ (hoặc x, y) ở dưới rồi đọc lại."),
    ),
    (
        r"(.+) does not say its coordinate system; it holds (.+) and the like\..*",
        _("{1} không ghi hệ tọa độ (ví dụ {2}). Hãy chọn hệ tọa độ ở dưới rồi đọc lại."),
    ),
    (
        r"(.+) lacks its (\.\w+) file: put all parts of the Shapefile together\.",
        _("{1} thiếu phần {2}: hãy gửi đủ các phần của Shapefile."),
    ),
    (r"(.+) looks like a ZIP bomb.*", _("{1} bung ra lớn bất thường nên bị từ chối.")),
    (r"(.+) is protected by a password.*", _("{1} có mật khẩu: hãy lưu lại không mật khẩu.")),
    (
        r"(.+) declares XML entities, which are refused.*",
        _("{1} khai thực thể XML nên bị từ chối."),
    ),
    (
        r"(.+?) (?:is truncated|is damaged|is not a whole|is not whole|cannot be unpacked).*",
        _("{1} bị cắt cụt hoặc hỏng: hãy sao chép lại từ nơi gốc."),
    ),
    (
        r"(.+?) (?:is not (?:a |an )?(?:GeoPackage|Shapefile|GeoJSON|GPX|workbook|FlatGeobuf)).*",
        _("{1} không đúng với loại tệp ghi ở đuôi tên: hỏng, mã hóa, hoặc là loại khác."),
    ),
    (r"(.+) holds no file that can be loaded\.", _("{1} không chứa tệp dữ liệu nào đọc được.")),
    (r"(.+?) cannot be read: .*", _("Không đọc được {1}: tệp hỏng hoặc không đúng loại.")),
    (r"(.+) has no rows\.", _("{1} không có dòng nào.")),
    (
        r"Another load into (.+) is under way.*",
        _("Đang có một lần nạp khác vào lớp này: đợi xong rồi chấp nhận lại."),
    ),
    (
        r"The worker ended (\d+) times over this file.*",
        _("Máy xử lý đã dừng {1} lần khi đọc tệp này nên không thử nữa. Hãy báo quản trị."),
    ),
    (r"(.+) is no longer kept: send it again\.", _("{1} không còn được giữ: hãy gửi lại.")),
    (r"Unexpected error; nothing changed\..*", _("Lỗi không lường trước; chưa có gì thay đổi.")),
    # Details of refused rows
    (r"the row has none", _("dòng này không có hình")),
    (r"it lies in no known commune", _("không nằm trong xã nào")),
    (r"it lies in (.+)", _("nằm ở {1}")),
    (r"it says (.+)", _("ghi là {1}")),
    (r"the row it would change belongs to (.+)", _("dòng sẽ bị sửa thuộc {1}")),
    (r"Self-intersection at (\S+) (\S+)", _("tự cắt tại {1} {2}")),
    (r"([A-Z][\w -]+) at ([\d.]+) ([\d.]+)", _("{1} tại {2} {3}")),
    (r"(\w+) is empty", _("“{1}” để trống")),
    (r"(.+) is already the key of row (\d+)", _("{1} đã là khóa của dòng {2}")),
    (r"(\w+); ([\w-]+) takes (.+)", _("là {1}; lớp này chỉ nhận {3}")),
    (r"lon (.+), lat (.+); longitude and latitude look swapped", _("có vẻ đảo kinh độ và vĩ độ")),
    (r"lon (.+) to (.+), lat (.+) to (.+)", _("kinh độ {1}–{2}, vĩ độ {3}–{4}")),
)
_COMPILED = [(re.compile(form, re.DOTALL), words) for form, words in _SENTENCES]


def systems() -> dict[str, str]:
    """The coordinate systems to choose from, the likeliest first."""
    named = {code: str(words) for code, words in _SYSTEMS.items()}
    for code, meridian in sorted(TM3_MERIDIANS.items(), key=lambda item: item[1]):
        degrees, minutes = divmod(round(meridian * 60), 60)
        words = gettext("VN-2000, kinh tuyến %(meridian)s", meridian=f"{degrees}°{minutes:02}′")
        named.setdefault(f"EPSG:{code}", words)
    return named


def say(sentence: str | None) -> str:
    """Give a sentence of the loader in the language of the page; English stays as it is."""
    if not sentence or choose() != "vi":
        return sentence or ""
    for form, words in _COMPILED:
        if found := form.fullmatch(sentence):
            groups = enumerate(found.groups(""), start=1)
            told = str(words)
            for number, group in groups:
                told = told.replace(f"{{{number}}}", _part(group))
            return told
    return sentence


def _part(group: str) -> str:
    """A part of a sentence: a field by its name; of rows with a sentence each their numbers."""
    if rows := re.findall(r"\brow (\d+):", group):
        return str(gettext("dòng %(rows)s", rows=", ".join(rows)))
    return str(FIELDS.get(group, group))
