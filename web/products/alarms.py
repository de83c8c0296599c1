"""What a page must say first: recall, stamps nobody should trust, the end of shelf life.

Pure words over what was gathered. Red means: do not use it before somebody has looked. Amber means:
something that was promised does not hold. The order is that of harm.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask_babel import gettext as _

from web.language import day

if TYPE_CHECKING:
    from web.products.gathering import ConsumerPage

# Food, drink and medicinal plants are swallowed (groups of QĐ 26/2026/QĐ-TTg).
_SWALLOWED = frozenset({1, 2, 3})


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing to be said first: `level` is `red` or `amber`; `todo` are steps to take."""

    slug: str
    level: str
    title: str
    sentences: tuple[str, ...] = ()
    todo: tuple[str, ...] = ()


def list_alarms(page: "ConsumerPage") -> list[Alarm]:
    """List what must be said before anything else, the worst first."""
    found = [
        *_of_recall(page),
        *_of_stamp(page),
        *_of_shelf_life(page),
        *_of_safety(page),
        *_of_certificate(page),
    ]
    return sorted(found, key=lambda alarm: alarm.level != "red")


def _of_recall(page: "ConsumerPage") -> list[Alarm]:
    recall = page.recall
    if recall is None:
        return _of_other_lots(page)
    title = _("Lô này đã bị thu hồi") if page.lot else _("Sản phẩm này đã bị thu hồi")
    sentences = [
        _(
            "Thu hồi từ ngày %(day)s. Lý do: %(reason)s.",
            day=day(recall.recalled_on),
            reason=recall.reason.rstrip(".") or _("chưa công bố"),
        )
    ]
    if not recall.direct:
        sentences.append(_("Lô này được làm từ nguyên liệu hoặc nằm trong kiện hàng bị thu hồi."))
    if recall.lot_codes:
        sentences.append(_("Các lô: %(codes)s.", codes=", ".join(recall.lot_codes[:12])))
    return [Alarm("recall", "red", title, tuple(sentences), _do_not_use(page))]


def _of_other_lots(page: "ConsumerPage") -> list[Alarm]:
    codes = [lot.code for lot in page.lots if lot.id in page.recalled_lots]
    if not codes:
        return []
    return [
        Alarm(
            "lots-recalled",
            "amber",
            _("Có lô của sản phẩm này bị thu hồi"),
            (_("Lô bị thu hồi: %(codes)s.", codes=", ".join(codes)),),
            (_("So số lô in trên nhãn. Trùng lô: không dùng, trả lại nơi mua."),),
        )
    ]


def _of_stamp(page: "ConsumerPage") -> list[Alarm]:
    standing = page.standing
    if standing is None:
        return []
    copied = _("Tem bị sao chép cũng mở được trang này, nên chỉ một mình trang này không đủ.")
    if standing.state == "unissued":
        return [
            Alarm(
                "unissued",
                "red",
                _("Tem số này không do chúng tôi phát hành"),
                (
                    _(
                        "Số %(serial)s không có trong sổ tem. Có thể tem bị làm giả, hoặc số bị gõ"
                        " nhầm.",
                        serial=page.serial_asked or "",
                    ),
                ),
                (
                    _("So lại số in trên tem với số ở trên."),
                    _("Nếu vẫn không đúng: đừng mua, đừng dùng, giữ lại bao bì."),
                    _("Báo cho chúng tôi, kèm ảnh tem nếu có."),
                ),
            )
        ]
    alarms = []
    if standing.state == "void":
        alarms.append(
            Alarm(
                "void",
                "red",
                _("Tem này đã bị huỷ"),
                (
                    _(
                        "Tem hỏng, mất hoặc bị gỡ thì nhà sản xuất huỷ: không sản phẩm nào còn được"
                        " mang tem này."
                    ),
                ),
                _do_not_use(page),
            )
        )
    elif standing.state == "recalled" and page.recall is None:
        alarms.append(
            Alarm(
                "stamp-recalled",
                "red",
                _("Sản phẩm mang tem này đã bị thu hồi"),
                (),
                _do_not_use(page),
            )
        )
    elif standing.state == "issued" or "not-active" in standing.warnings:
        alarms.append(
            Alarm(
                "not-active",
                "red",
                _("Tem này chưa được kích hoạt"),
                (
                    _(
                        "Nhà sản xuất chưa ghi là đã dán tem này lên sản phẩm."
                        " Tem có thể bị lấy ra khỏi cuộn trước khi dùng."
                    ),
                ),
                (_("Hỏi nơi bán vì sao tem chưa kích hoạt."), _("Báo cho chúng tôi, kèm ảnh tem.")),
            )
        )
    suspicions = {
        "distant": _("Trong cùng một ngày, tem này được quét ở những nơi quá xa nhau."),
        "many-places": _("Tem này được quét ở quá nhiều nơi khác nhau."),
        "before-shipping": _("Tem này đã bị quét trước khi hàng rời nhà sản xuất."),
    }
    seen = tuple(suspicions[slug] for slug in standing.warnings if slug in suspicions)
    if seen:
        alarms.append(
            Alarm(
                "copied",
                "red",
                _("Tem này có dấu hiệu bị sao chép"),
                (*seen, copied),
                (
                    _("Chưa dùng vội: hỏi nơi bán hàng lấy từ đâu."),
                    _("Báo cho chúng tôi nơi mua, kèm ảnh tem nếu có."),
                ),
            )
        )
    return alarms


def _of_shelf_life(page: "ConsumerPage") -> list[Alarm]:
    lot = page.lot
    if lot is None or not page.is_past_shelf_life:
        return []
    return [
        Alarm(
            "expired",
            "red",
            _("Lô này đã quá hạn sử dụng"),
            (
                _(
                    "Hạn dùng của lô %(code)s là ngày %(day)s.",
                    code=lot.code,
                    day=day(lot.expires_on),
                ),
            ),
            (_("Không mua, không dùng."), _("Nơi bán còn bày bán: báo cho chúng tôi.")),
        )
    ]


def _of_safety(page: "ConsumerPage") -> list[Alarm]:
    reason = page.safety.reason if page.safety is not None else None
    titles = {
        "early-harvest": _("Lô này được thu hoạch khi chưa hết thời gian cách ly thuốc"),
        "non-conformant": _("Lô này có kết quả kiểm tra không đạt"),
    }
    if reason not in titles:
        return []
    return [Alarm(reason, "amber", titles[reason], (_("Chi tiết ở phần dấu an toàn bên dưới."),))]


def _of_certificate(page: "ConsumerPage") -> list[Alarm]:
    certificate = page.card.certificate
    if certificate is None or page.certificate_holds:
        return []
    if certificate.status == "withdrawn":
        return [
            Alarm(
                "withdrawn",
                "red",
                _("Chứng nhận OCOP của sản phẩm này đã bị thu hồi"),
                (_("Nhãn còn in sao OCOP là không đúng."),),
                (_("Nơi bán còn quảng cáo sao OCOP: báo cho chúng tôi."),),
            )
        ]
    if certificate.issued_on > page.today:
        return []
    return [
        Alarm(
            "certificate-expired",
            "amber",
            _("Chứng nhận OCOP của sản phẩm này đã hết hiệu lực"),
            (_("Hết hạn ngày %(day)s.", day=day(certificate.expires_on)),),
        )
    ]


def _do_not_use(page: "ConsumerPage") -> tuple[str, ...]:
    steps = [
        _("Không dùng, không bán tiếp."),
        _("Giữ nguyên bao bì, trả lại nơi mua."),
    ]
    if page.product.ocop_group in _SWALLOWED:
        steps.append(_("Đã ăn, uống và thấy khác thường: đến cơ sở y tế, mang theo bao bì."))
    return tuple(steps)
