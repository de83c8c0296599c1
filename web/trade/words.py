"""The words of producers' pages: events, mistakes, badges."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import format_decimal, lazy_gettext
from flask_babel import gettext as _

from traceability.following.journey import KIND_OF_STEP
from traceability.following.safety import Safety
from traceability.models import Event
from web.language import amount, day

# What an event was, for people: by business step, where the kind says no more.
EVENT_WORDS: dict[str, Any] = {
    "harvest": lazy_gettext("Thu hoạch"),
    "more": lazy_gettext("Thu hoạch thêm"),
    "process": lazy_gettext("Chế biến"),
    "activate": lazy_gettext("Kích hoạt tem"),
    "pack": lazy_gettext("Đóng gói"),
    "unpack": lazy_gettext("Mở thùng"),
    "ship": lazy_gettext("Xuất hàng"),
    "receive": lazy_gettext("Nhận hàng"),
    "sell": lazy_gettext("Bán lẻ"),
    "inspect": lazy_gettext("Kiểm tra"),
    "recall": lazy_gettext("Thu hồi"),
    "correct": lazy_gettext("Đính chính"),
    "end": lazy_gettext("Ngừng dùng"),
    "other": lazy_gettext("Sự kiện khác"),
}
_BY_STEP = {
    **KIND_OF_STEP,
    "unpacking": "unpack",
    "decommissioning": "end",
    "destroying": "end",
    "creating_class_instance": "more",
}
VERDICTS: dict[str, Any] = {
    "conformant": lazy_gettext("Đạt"),
    "non_conformant": lazy_gettext("Không đạt"),
}
ACTIVITIES: dict[str, Any] = {
    "spraying": lazy_gettext("Phun thuốc"),
    "fertilising": lazy_gettext("Bón phân"),
    "watering": lazy_gettext("Tưới nước"),
    "pruning": lazy_gettext("Cắt tỉa"),
    "sowing": lazy_gettext("Gieo trồng"),
    "other": lazy_gettext("Việc khác"),
}
_MISTAKES: dict[str, Any] = {
    "missing": lazy_gettext("Cần điền mục này."),
    "too-long": lazy_gettext("Dài quá, hãy viết ngắn lại."),
    "characters": lazy_gettext("Có ký tự không hiển thị được."),
    "number": lazy_gettext("Chỉ điền số, ví dụ 1.234,5."),
    "range": lazy_gettext("Số này phải lớn hơn 0 và hợp lý."),
    "unknown": lazy_gettext("Hãy chọn trong danh sách."),
    "day": lazy_gettext("Ngày này không đúng."),
    "moment": lazy_gettext("Ngày giờ này không đúng."),
    "future": lazy_gettext("Thời điểm này chưa tới; chỉ ghi việc đã làm."),
    "twice": lazy_gettext("Có một mục bị ghi hai lần."),
    "taken": lazy_gettext("Số lô này đã có; hãy dùng số khác."),
    "circle": lazy_gettext("Một lô không thể làm ra từ chính nó."),
    "closed": lazy_gettext("Lô hoặc vùng này đã đóng."),
    "code": lazy_gettext("Mã này không đúng: xem lại từng chữ và số."),
    "box": lazy_gettext("Mã thùng không đúng: SSCC có 18 chữ số, mã riêng bắt đầu bằng TX."),
    "gtin": lazy_gettext("Mã GTIN có 8, 12, 13 hoặc 14 chữ số; chữ số cuối không khớp."),
    "gln": lazy_gettext("GLN có 13 chữ số; chữ số cuối không khớp."),
    "order": lazy_gettext("Các ngày chưa đúng thứ tự: thu hoạch, chế biến, hạn dùng."),
    "revoked": lazy_gettext("Sự kiện y hệt đã bị huỷ; hãy ghi lệch đi một phút."),
    "unchanged": lazy_gettext("Chưa thay đổi gì so với lần ghi trước."),
    "not-own": lazy_gettext("Mục này không thuộc đơn vị của bạn."),
    "box-in-box": lazy_gettext("Chưa ghi được thùng trong thùng; hãy xếp tem hoặc lô."),
    "box-sold": lazy_gettext("Người tiêu dùng mua từng món: hãy mở thùng trước, rồi ghi bán tem."),
    "too-many": lazy_gettext("Nhiều mã quá; hãy ghi làm nhiều lần."),
    "gtin-taken": lazy_gettext("Mã GTIN này đã thuộc một sản phẩm khác."),
    "lot": lazy_gettext("Mã lô chỉ gồm chữ không dấu, số và dấu gạch, tối đa 20 ký tự."),
}
# Why the rules of events (`traceability.epcis`) refuse one, by a piece of their sentence.
REFUSALS: dict[str, Any] = {
    "was sold already": lazy_gettext("Tem %(name)s đã bán rồi; mỗi tem chỉ bán một lần."),
    "was recalled": lazy_gettext("Tem %(name)s đang bị thu hồi, không được bán."),
    "was never commissioned": lazy_gettext("Tem %(name)s chưa kích hoạt; hãy kích hoạt tem trước."),
    "was taken out of use": lazy_gettext("Tem %(name)s đã ngừng dùng."),
    "was commissioned already": lazy_gettext("Tem %(name)s đã kích hoạt rồi."),
    "unpack it first": lazy_gettext(
        "Tem %(name)s đang nằm trong thùng khác; hãy mở thùng đó trước."
    ),
    "stands here twice": lazy_gettext("Tem %(name)s được ghi hai lần."),
    "would be sent out": lazy_gettext("Lô %(name)s: xuất nhiều hơn số đã có."),
    "would be used": lazy_gettext("Lô %(name)s: dùng và bán nhiều hơn số đã có."),
    "more than went in": lazy_gettext("Làm ra nhiều hơn nguyên liệu đưa vào."),
    "belongs to lot": lazy_gettext("Tem %(name)s được in cho lô khác."),
    "did not send it to you": lazy_gettext(
        "%(name)s là của đơn vị khác và chưa được ghi xuất cho bạn: chưa ghi việc này được."
    ),
    "only the producer": lazy_gettext("Chỉ chủ sản phẩm hoặc cán bộ mới ghi được việc này."),
}
_ABOUT_CODES: dict[str, Any] = {
    "unknown-code": lazy_gettext("Không tìm thấy mã %(code)s trong hệ thống."),
    "not-an-item": lazy_gettext("Mã %(code)s không phải tem hay thùng; lô thì ghi lượng ở trên."),
    "not-issued": lazy_gettext("Tem %(code)s chưa từng phát hành; xem lại từng chữ và số."),
    "box-not-held": lazy_gettext(
        "Thùng %(code)s do đơn vị khác đóng, và chưa được ghi xuất đi rồi nhận về đây."
    ),
    "not-held": lazy_gettext("Tem %(code)s là của đơn vị khác và chưa được ghi nhận về đây."),
}


def tell_mistake(rule: str, facts: Mapping[str, object]) -> str:
    """Say what is wrong, with its figures."""
    if rule == "left":
        return str(
            _(
                "Lô %(code)s chỉ còn %(left)s %(unit)s.",
                code=facts["code"],
                left=tell_number(str(facts["left"])),
                unit=facts["unit"],
            )
        )
    if rule == "balance":
        return str(
            _(
                "Làm ra %(out)s từ %(total)s: không thể nhiều hơn nguyên liệu (cùng tính bằng kg).",
                out=tell_number(str(facts["out"])),
                total=tell_number(str(facts["total"])),
            )
        )
    if rule == "before-lot":
        return str(
            _(
                "Lô %(code)s bắt đầu từ ngày %(day)s: việc này không thể sớm hơn.",
                code=facts["code"],
                day=day(date.fromisoformat(str(facts["day"]))),
            )
        )
    if rule in _ABOUT_CODES:
        return str(_ABOUT_CODES[rule]) % {"code": facts.get("code", "")}
    if rule == "unit":
        return str(_("Đơn vị này không đổi được sang đơn vị của lô."))
    if rule == "refused":
        return _tell_refusal(str(facts.get("detail", "")), facts.get("epc"))
    return str(_MISTAKES.get(rule, rule))


def _tell_refusal(detail: str, epc: object) -> str:
    """Say why the journal refuses an event, in Vietnamese where the reason is known."""
    name = str(epc or detail.partition(": ")[0]).rpartition("/")[2]
    for piece, words in REFUSALS.items():
        if piece in detail:
            return str(words) % {"name": name}
    return str(_("Không ghi được vì trái với điều đã ghi trước đó: %(detail)s", detail=detail))


def tell_number(value: Decimal | str | None) -> str:
    """A number as the language writes it (1.234,5); a dash for none."""
    return amount(value)


def write_number(value: Decimal | None) -> str:
    """A number as it stands in a field: without marks between thousands, so it is read back."""
    return "" if value is None else str(format_decimal(value, format="0.###"))


def kind_of(event: Event) -> str:
    """What an event was, as a key of `EVENT_WORDS`."""
    if event.corrects is not None:
        return "correct"
    if event.disposition == "recalled":
        return "recall"
    if event.type == "TransformationEvent":
        return "process"
    if event.biz_step == "commissioning" and event.action == "ADD":
        return "harvest" if '"quantityList"' in event.body else "activate"
    return _BY_STEP.get(event.biz_step or "", "other")


def tell_safety(safety: Safety) -> str:
    """Why a lot bears the badge, or why not, in one sentence."""
    if safety.badge:
        return str(_("Đã kiểm tra đạt ngày %(day)s.", day=day(safety.inspected_on)))
    if safety.reason == "early-harvest":
        early = safety.early[0]
        return str(
            _(
                "Lô %(lot)s thu hoạch ngày %(harvested)s, trước khi hết thời gian cách ly của"
                " %(product)s (dùng ngày %(done)s, cách ly %(days)s ngày, sớm nhất %(earliest)s).",
                lot=early.lot_code,
                harvested=day(early.harvested_on),
                product=early.interval.product_name,
                done=day(early.interval.done_on),
                days=early.interval.phi_days,
                earliest=day(early.interval.ends_on),
            )
        )
    if safety.reason == "non-conformant":
        return str(_("Kết quả kiểm tra gần nhất không đạt."))
    return str(_("Chưa có kết quả kiểm tra đạt."))
