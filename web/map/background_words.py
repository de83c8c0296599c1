"""What the pages and scripts of the map's backgrounds say, in the language of the page."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext

KINDS = {
    "xyz": lazy_gettext("Ô ảnh XYZ"),
    "wmts": lazy_gettext("WMTS"),
    "pmtiles": lazy_gettext("PMTiles"),
    "cog": lazy_gettext("Ảnh trực giao (COG GeoTIFF)"),
}
HINTS = {
    "xyz": "https://tiles.example.vn/{z}/{x}/{y}.png",
    "wmts": "https://wmts.example.vn/anh/GoogleMapsCompatible/{TileMatrix}/{TileRow}/{TileCol}.jpg",
    "pmtiles": "https://du-lieu.example.vn/nen.pmtiles",
    "cog": "https://du-lieu.example.vn/anh-bay.tif",
}


def words() -> dict[str, str]:
    """Sentences by the key the scripts know them by."""
    return {
        "backgroundFailed": _("Nền “{name}” không tải được: {reason}"),
        "backgroundUnknownSystem": _("ảnh dùng hệ toạ độ {system} mà trang này không biết"),
        "backgroundNoSystem": _("ảnh không ghi hệ toạ độ"),
        "backgroundShown": _("Nền đang hiện."),
        "backgroundNoneShown": _(
            "Chọn một nền trong bảng để xem thử; ở đây chỉ hiện các nền hiện sẵn."
        ),
        "backgroundNotOptimised": _(
            "ảnh chưa được chia ô và thu nhỏ (COG) nên sẽ tải chậm. "
            "Chuyển bằng: gdal_translate -of COG -co COMPRESS=JPEG vào.tif ra.tif"
        ),
        "backgroundNoWebGL": _("trình duyệt này không có WebGL"),
    }


def complaint(field: str | None, detail: str) -> str:
    """A sentence on the field that does not fit; the rule's own in English stands behind it."""
    if field is None:
        return ""
    told = {
        "name": _("Cần một tên, tối đa 80 chữ."),
        "kind": _("Hãy chọn loại nền."),
        "address": _(
            "Địa chỉ phải bắt đầu bằng https://, đúng mẫu của loại nền, không có mật khẩu; "
            "hoặc để trống và chọn tệp."
        ),
        "file": _("Tệp không dùng được: phải là GeoTIFF (.tif) hoặc PMTiles trong kho tệp."),
        "attribution": _("Ghi nguồn tối đa 300 chữ."),
        "opacity": _("Độ đậm từ 0 đến 100."),
        "max_zoom": _("Mức phóng từ 0 đến 24, mức nhỏ trước."),
        "position": _("Thứ tự từ -1000 đến 1000."),
    }
    return f"{told.get(field, '')} ({detail})"
