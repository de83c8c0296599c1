"""Errors as answers: RFC 9457 problem documents for programs, plain pages for people.

This is the only place that gives an error of the domain an HTTP status. A class finds its row
through its MRO, so a subclass needs none of its own.
"""

from dataclasses import dataclass
from typing import Any, cast

import orjson
import psycopg
import structlog
from flask import Blueprint, Flask, Response, g, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException, NotFound

from gis import errors
from traceability import errors as trace_errors
from web import access
from web.context import is_contended

log = structlog.get_logger()
blueprint = Blueprint("problems", __name__)


@dataclass(frozen=True)
class Kind:
    """One type of problem: its status, its title, its page's cause and remedy."""

    status: int
    slug: str
    title: str
    page_title: Any
    cause: Any
    remedy: Any
    # Its own page for people, where the plain one would leave them alone.
    template: str = "problem.html"


# Where people come by scanning: they are told what a trouble means for the thing in their hand.
_SCANNED = ("/01/", "/t/", "/san-pham/", "/chung-nhan/", "/chu-the/", "/bao-cao")

KINDS: dict[type[errors.PlatformError], Kind] = {
    errors.InvalidInputError: Kind(
        400,
        "invalid-input",
        "Invalid input",
        lazy_gettext("Dữ liệu chưa đúng"),
        lazy_gettext("Một giá trị đã gửi không hợp lệ."),
        lazy_gettext("Sửa giá trị được nêu rồi gửi lại."),
    ),
    errors.InvalidGeometryError: Kind(
        422,
        "invalid-geometry",
        "Invalid geometry",
        lazy_gettext("Ranh giới chưa đúng"),
        lazy_gettext("Hình vẽ tự cắt, để hở hoặc nằm ngoài nơi cho phép."),
        lazy_gettext("Vẽ lại đoạn được nêu rồi gửi lại."),
    ),
    errors.CrsMismatchError: Kind(
        422,
        "crs-mismatch",
        "Coordinate system mismatch",
        lazy_gettext("Sai hệ tọa độ"),
        lazy_gettext("Hệ tọa độ không rõ hoặc không khớp với dữ liệu."),
        lazy_gettext("Nêu rõ hệ tọa độ, ví dụ EPSG:5899 (VN-2000 Lâm Đồng)."),
    ),
    errors.RuleViolationError: Kind(
        422,
        "rule-violation",
        "The edit breaks a rule of the layer",
        lazy_gettext("Bản sửa trái quy tắc của lớp"),
        lazy_gettext("Ranh giới chồng lấn, sai hình hoặc nằm ngoài nơi cho phép; xem từng lỗi."),
        lazy_gettext("Sửa những chỗ được đánh dấu trên bản đồ rồi lưu lại."),
    ),
    trace_errors.InvalidEventError: Kind(
        400,
        "invalid-event",
        "Not a valid EPCIS 2.0 event",
        lazy_gettext("Sự kiện chưa đúng chuẩn"),
        lazy_gettext("Sự kiện hoặc tài liệu EPCIS 2.0 sai ở những chỗ được nêu."),
        lazy_gettext("Sửa từng chỗ theo đường dẫn đã nêu rồi gửi lại; chưa có gì được lưu."),
    ),
    trace_errors.RuleBrokenError: Kind(
        422,
        "rule-broken",
        "The event contradicts what is recorded",
        lazy_gettext("Sự kiện trái với điều đã ghi"),
        lazy_gettext(
            "Ví dụ: mã đã kích hoạt hoặc đã bán, hàng đang ở trong thùng khác, xuất nhiều hơn số"
            " đã có."
        ),
        lazy_gettext("Kiểm tra mã, lô và số lượng; nếu sự kiện cũ sai, hãy đính chính nó trước."),
    ),
    errors.VersionNeededError: Kind(
        428,
        "version-needed",
        "The version that was edited is needed",
        lazy_gettext("Thiếu phiên bản đã sửa"),
        lazy_gettext("Yêu cầu không nói bản sửa dựa trên phiên bản nào của đối tượng."),
        lazy_gettext(
            "Đọc đối tượng, rồi gửi ETag của nó trong If-Match hoặc gửi kèm thuộc tính version."
        ),
    ),
    errors.NotFoundError: Kind(
        404,
        "not-found",
        "Not found",
        lazy_gettext("Không tìm thấy"),
        lazy_gettext("Không có thứ mang mã hoặc địa chỉ này."),
        lazy_gettext("Kiểm tra lại mã, hoặc tìm từ trang chủ."),
    ),
    trace_errors.UnknownCodeError: Kind(
        404,
        "unknown-code",
        "No such code",
        lazy_gettext("Không có sản phẩm nào mang mã này"),
        lazy_gettext("Mã viết đúng dạng, nhưng nền tảng này không ghi sản phẩm hay lô nào của nó."),
        lazy_gettext("So lại từng chữ số in trên tem; vẫn không có thì báo cho chúng tôi."),
        "products/unknown.html",
    ),
    errors.ConflictError: Kind(
        409,
        "conflict",
        "Conflict",
        lazy_gettext("Trái với dữ liệu đã có"),
        lazy_gettext("Dữ liệu đã được người khác thay đổi hoặc đã tồn tại."),
        lazy_gettext("Xem bản hiện tại rồi quyết định."),
    ),
    errors.StaleVersionError: Kind(
        412,
        "stale",
        "Somebody changed it since",
        lazy_gettext("Đã có người sửa trước"),
        lazy_gettext("Đối tượng đã được thay đổi kể từ phiên bản mà bản sửa dựa vào."),
        lazy_gettext("So sánh hai bản, chọn từng giá trị rồi lưu lại từ phiên bản mới."),
    ),
    errors.UnconfirmedError: Kind(
        409,
        "reason-needed",
        "A reason is needed",
        lazy_gettext("Cần nêu lý do"),
        lazy_gettext("Bản sửa có cảnh báo; lưu lại cần một lý do."),
        lazy_gettext("Xem các cảnh báo, sửa lại hoặc nêu lý do rồi lưu."),
    ),
    errors.ForbiddenError: Kind(
        403,
        "forbidden",
        "Forbidden",
        lazy_gettext("Không có quyền"),
        lazy_gettext("Tài khoản này không có quyền làm việc đó."),
        lazy_gettext("Đăng nhập bằng tài khoản khác hoặc liên hệ quản trị."),
    ),
    errors.UnavailableError: Kind(
        503,
        "unavailable",
        "Unavailable",
        lazy_gettext("Hệ thống tạm dừng"),
        lazy_gettext("Cơ sở dữ liệu chưa sẵn sàng."),
        lazy_gettext("Thử lại sau ít phút. Không có dữ liệu nào bị mất."),
    ),
    errors.BrokenChainError: Kind(
        500,
        "broken-chain",
        "Stored evidence fails verification",
        lazy_gettext("Bằng chứng lưu trữ không khớp"),
        lazy_gettext("Nhật ký đã lưu không qua được kiểm chứng."),
        lazy_gettext("Báo ngay cho quản trị."),
    ),
    errors.PlatformError: Kind(
        500,
        "error",
        "Error",
        lazy_gettext("Lỗi"),
        lazy_gettext("Có lỗi xảy ra."),
        lazy_gettext("Thử lại; nếu vẫn lỗi, báo cho quản trị."),
    ),
}


def kind_of(error_class: type[errors.PlatformError]) -> Kind:
    """The row of an error class, or of its nearest ancestor that has one."""
    return next(KINDS[ancestor] for ancestor in error_class.__mro__ if ancestor in KINDS)


def install(app: Flask) -> None:
    """Answer every error of the application as a problem."""
    app.register_blueprint(blueprint)
    app.register_error_handler(errors.PlatformError, answer_error)
    app.register_error_handler(HTTPException, answer_http_exception)
    app.register_error_handler(OperationalError, _answer_database_down)
    app.register_error_handler(PoolTimeoutError, _answer_all_connections_taken)
    app.register_error_handler(DBAPIError, _answer_database_error)
    # From COPY, which does not pass through SQLAlchemy.
    app.register_error_handler(psycopg.DataError, _answer_unfit_value)
    app.register_error_handler(Exception, _answer_unexpected)


def answer(
    status: int,
    title: str,
    *,
    type_: str = "about:blank",
    detail: str | None = None,
    page_title: str | None = None,
    context: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    template: str = "problem.html",
) -> Response:
    """One problem, as JSON or as a page by what the caller accepts.

    Reserved members win over the context (RFC 9457 section 3.2).
    """
    body: dict[str, Any] = {
        **(context or {}),
        "type": type_,
        "title": title,
        "status": status,
        "instance": request.path,
    }
    if detail:
        body["detail"] = detail
    if access.wants_page():
        if status >= 500 and request.path.startswith(_SCANNED):
            template = "products/trouble.html"
        elif status == 400 and request.blueprint == "resolver":
            # A label that was misread, or typed wrongly, by somebody with the thing in hand.
            template = "products/misread.html"
        response = Response(
            render_template(
                template, problem=body, page_title=page_title or title, request_id=_id()
            ),
            status,
            mimetype="text/html",
        )
    else:
        response = Response(
            orjson.dumps(body, default=str), status, content_type="application/problem+json"
        )
    response.headers.update(headers or {})
    response.headers["Cache-Control"] = "no-store"
    return response


def _id() -> str | None:
    return cast("str | None", g.get("request_id"))


def answer_error(error: errors.PlatformError) -> Response:
    """An error of the domain as its problem."""
    kind = kind_of(type(error))
    if kind.status >= 500:
        log.error("problem", slug=kind.slug, detail=error.detail, context=error.context)
    return answer(
        kind.status,
        kind.title,
        type_=f"/problems/{kind.slug}",
        detail=error.detail,
        page_title=str(kind.page_title),
        context=error.context,
        template=kind.template,
    )


def answer_http_exception(error: HTTPException) -> Response:
    """An error of HTTP itself, or of a library that speaks in them, as a problem."""
    status = error.code or 500
    if error.response is not None or status < 400:
        # A redirect that Werkzeug itself raised, or an answer somebody made already.
        return error.get_response()  # type: ignore[return-value]
    kept = ("Allow", "Retry-After", "WWW-Authenticate")
    headers = {name: value for name, value in error.get_headers() if name in kept}
    if status == 401:
        headers.setdefault("WWW-Authenticate", 'Bearer realm="Lang Biang", Basic realm="token"')
    page_titles = {
        400: _("Yêu cầu này chưa đúng"),
        401: _("Cần đăng nhập"),
        404: _("Không tìm thấy trang này"),
        405: _("Cách gọi không được hỗ trợ"),
        413: _("Tệp quá lớn"),
        429: _("Gửi quá nhiều lần, vui lòng chờ một lát"),
    }
    if isinstance(error, CSRFError):
        page_titles[400] = _("Trang mở quá lâu: quay lại, tải lại trang rồi gửi lần nữa")
    # Werkzeug's own sentence for an unknown address speaks of spelling; the title says enough.
    detail = None if isinstance(error, NotFound) else error.description
    return answer(
        status, error.name, detail=detail, page_title=page_titles.get(status), headers=headers
    )


def _answer_database_down(error: OperationalError) -> Response:
    """A statement cancelled by its timeout, or a database that is away: never a traceback."""
    if is_contended(error):
        log.warning("contended", error=str(error.orig))
        return _answer_unavailable("Many are changing this at once; send it again.", wait_s=2)
    log.error("database", error=str(error.orig))
    timed_out = isinstance(error.orig, psycopg.errors.QueryCanceled)
    sentence = "The question took too long; ask for less." if timed_out else "The database is away."
    return _answer_unavailable(sentence, wait_s=10)


def _answer_all_connections_taken(error: PoolTimeoutError) -> Response:
    log.error("connections", error=str(error))
    return _answer_unavailable("Too many are asking at once; ask again.", wait_s=5)


def _answer_unavailable(sentence: str, *, wait_s: int) -> Response:
    response = answer_error(errors.UnavailableError(sentence))
    response.headers["Retry-After"] = str(wait_s)
    return response


def _answer_database_error(error: DBAPIError) -> Response:
    """What the database refused although the views let it pass, by its constraint."""
    diagnostic = getattr(error.orig, "diag", None)
    constraint = getattr(diagnostic, "constraint_name", None)
    if constraint and isinstance(error.orig, psycopg.errors.IntegrityError):
        log.warning("constraint", name=constraint)
        return answer_error(
            errors.ConflictError(
                f"The database refuses this ({constraint}).", constraint=constraint
            )
        )
    if isinstance(error.orig, psycopg.DataError):
        return _answer_unfit_value(error.orig)
    return _answer_unexpected(error)


def _answer_unfit_value(error: psycopg.DataError) -> Response:
    """A NUL in a text, a number beyond its column: nobody's mistake but the sender's."""
    log.warning("data", error=str(error))
    return answer_error(
        errors.InvalidInputError("A value that was sent cannot be stored or looked for.")
    )


def _answer_unexpected(error: Exception) -> Response:
    log.error("unexpected", path=request.path, exc_info=error)
    return answer(
        500,
        "Internal Server Error",
        page_title=_("Hệ thống gặp lỗi"),
        context={"request_id": _id()},
    )


@blueprint.get("/problems/<slug>")
@access.roles("public")
def problem_page(slug: str) -> str:
    """The page of one type of problem: cause and remedy."""
    kind = next((kind for kind in KINDS.values() if kind.slug == slug), None)
    if kind is None:
        raise errors.NotFoundError(f"There is no type of problem {slug}.")
    return render_template("problem_type.html", kind=kind)
