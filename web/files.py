"""Serving files that people added: as bytes, under a safe type, never run by a browser."""

from pathlib import Path

from flask import Response, request, send_file
from flask_babel import gettext as _

from etl import attachment_requests
from etl.models import Attachment
from gis.errors import NotFoundError
from web.context import settings

# A browser draws these by itself. All else is saved: no viewer of PDF opens in the sandbox below.
_SHOWN = frozenset({"image/jpeg", "image/png", "image/webp", "image/avif"})


def send_attachment(attachment: Attachment, *, download: bool = False) -> Response:
    """Serve a file that the worker found good; the caller has seen to it that one may read it.

    Args:
        attachment: One that is `ready`.
        download: Save it instead of showing it.

    Raises:
        NotFoundError: It is not ready, or its bytes are gone.
    """
    path = attachment_requests.attachment_file(settings().files_folder, attachment)
    kind = str(attachment.media_type)
    if not path.is_file():
        raise NotFoundError("The bytes of this file are not kept any more.")
    response = send_file(
        path,
        mimetype=kind,
        as_attachment=download or kind not in _SHOWN,
        # Written as RFC 6266 wants it: servers refuse a header with bare Vietnamese letters.
        download_name=attachment_requests.download_name(attachment),
        conditional=True,
        etag=True,
    )
    _harmless(response)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def send_picture(path: Path, kind: str, tag: str) -> Response:
    """Serve a small picture whole, with an ETag; the caller says how long it may be kept.

    Raises:
        NotFoundError: Its bytes are gone.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise NotFoundError("The bytes of this picture are not kept any more.") from error
    response = Response(data, mimetype=kind)
    response.set_etag(tag)
    _harmless(response)
    return response.make_conditional(request)  # type: ignore[return-value]


def _harmless(response: Response) -> None:
    """Whatever a file holds, a browser runs no script of it and reaches nothing of the site."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; img-src 'self'"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"


def say_reason(slug: str | None) -> str:
    """Why a file was refused, in a sentence for who sent it."""
    sentences = {
        "unknown-kind": _("Loại tệp này không nhận. Chọn ảnh JPEG, PNG hoặc WebP."),
        "heic": _(
            "Ảnh HEIC của iPhone chưa nhận được. Vào Cài đặt, Camera, Định dạng, chọn “Tương thích"
            " nhất” rồi chụp lại; hoặc gửi ảnh chụp màn hình."
        ),
        "damaged": _("Tệp bị hỏng hoặc gửi chưa hết. Mở thử trên máy rồi gửi lại."),
        "too-many-pixels": _("Ảnh quá lớn (hơn 64 triệu điểm ảnh). Thu nhỏ rồi gửi lại."),
        "too-small": _("Ảnh quá nhỏ (cạnh dưới 64 điểm ảnh). Chọn ảnh rõ hơn."),
        "encrypted": _("Tệp đặt mật khẩu. Bỏ mật khẩu rồi gửi lại."),
        "active-content": _("Tệp chứa mã lệnh hoặc tệp nhúng. Lưu lại thành PDF thường rồi gửi."),
        "too-large-inside": _("Tệp giải nén ra quá lớn. Chia nhỏ hoặc lưu thành PDF rồi gửi."),
        "not-checked": _("Máy chưa kiểm tra được tệp này. Gửi lại lần nữa."),
        "too-big": _("Tệp quá lớn. Chọn tệp nhỏ hơn."),
        "empty": _("Tệp rỗng (0 byte)."),
        "no-file": _("Chưa chọn tệp."),
    }
    return str(sentences.get(slug or "", _("Tệp không nhận được. Thử tệp khác.")))
