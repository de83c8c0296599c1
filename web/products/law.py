"""The items that the law wants a buyer to see, each said openly when nobody declared it.

Decree 37/2026/NĐ-CP art. 23.7 names seven, Circular 02/2024/TT-BKHCN ten; together they are these
twelve. `art` and `circular` say which of the two demands an item; `if_any` marks those that are
demanded only of products that have them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from web.language import day
from web.products.gathering import ConsumerPage
from web.products.words import PRODUCER_KINDS


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its slug in the page (`data-item`), its label, who demands it."""

    slug: str
    label: Any
    art: bool
    circular: bool
    if_any: bool
    read: Callable[[ConsumerPage], str | None]


@dataclass(frozen=True, slots=True)
class Shown:
    """An item with what was declared of it; `value` is None when nothing was."""

    item: Item
    value: str | None


def list_items(page: ConsumerPage) -> list[Shown]:
    """List every item of the law with what the product and its lot say of it."""
    return [Shown(item, item.read(page) or None) for item in ITEMS]


def _image(page: ConsumerPage) -> str | None:
    return str(_("Ảnh ở đầu trang")) if page.photo is not None else None


def _producer_name(page: ConsumerPage) -> str | None:
    if page.producer is None:
        return None
    if page.producer.name:
        return page.producer.name
    kind = PRODUCER_KINDS[page.producer.kind]
    return str(_("%(kind)s; tên không công khai khi chưa có sự đồng ý", kind=kind))


def _producer_address(page: ConsumerPage) -> str | None:
    if page.producer is None:
        return None
    commune = page.card.commune
    parts = [page.producer.address]
    if commune is not None:
        name = commune.full_name or commune.name
        if not page.producer.address or commune.name not in page.producer.address:
            parts.append(name)
    if page.province is not None:
        name = page.province.full_name or page.province.name
        if not page.producer.address or page.province.name not in page.producer.address:
            parts.append(name)
    return ", ".join(part for part in parts if part) or None


def _origin(page: ConsumerPage) -> str | None:
    communes = dict.fromkeys(
        origin.commune.full_name or origin.commune.name
        for origin in page.origins
        if origin.commune is not None
    )
    names = list(communes)
    if not names and page.card.commune is not None:
        names = [page.card.commune.full_name or page.card.commune.name]
    if not names:
        return None
    more = len(names) - 6
    told = ", ".join(names[:6]) + (_(" và %(num)s nơi khác", num=more) if more > 0 else "")
    return str(_("Việt Nam: %(places)s", places=told))


def _lot_or_serial(page: ConsumerPage) -> str | None:
    parts = []
    if page.lot is not None:
        parts.append(_("Lô %(code)s", code=page.lot.code))
    if page.serial_asked and page.standing is not None and page.standing.state != "unissued":
        parts.append(_("tem số %(serial)s", serial=page.serial_asked))
    return ", ".join(parts) or None


def _expiry(page: ConsumerPage) -> str | None:
    if page.lot is not None and page.lot.expires_on is not None:
        return day(page.lot.expires_on)
    if page.product.shelf_life:
        return str(_("%(time)s từ ngày sản xuất", time=page.product.shelf_life))
    return None


def _stages(page: ConsumerPage) -> str | None:
    if not page.journey:
        return None
    return str(_("%(num)s công đoạn, kể ở phần Hành trình", num=len(page.journey)))


def _made(page: ConsumerPage) -> str | None:
    lot = page.lot
    if lot is None:
        return None
    parts = []
    if lot.harvested_on:
        parts.append(_("thu hoạch %(day)s", day=day(lot.harvested_on)))
    if lot.produced_on:
        parts.append(_("sản xuất %(day)s", day=day(lot.produced_on)))
    return "; ".join(parts) or None


def _trace_code(page: ConsumerPage) -> str:
    product = page.product
    code = f"GTIN {product.gtin} · {product.trace_code}" if product.gtin else product.trace_code
    return f"{code} · {page.lot.code}" if page.lot else code


ITEMS = (
    Item("name", lazy_gettext("Tên sản phẩm"), True, True, False, lambda page: page.product.name),
    Item("image", lazy_gettext("Hình ảnh"), True, True, False, _image),
    Item("producer", lazy_gettext("Nhà sản xuất"), True, True, False, _producer_name),
    Item("address", lazy_gettext("Địa chỉ"), True, True, False, _producer_address),
    Item("origin", lazy_gettext("Xuất xứ"), True, False, False, _origin),
    Item("brand", lazy_gettext("Nhãn hiệu"), True, True, True, lambda page: page.product.brand),
    Item("lot", lazy_gettext("Số lô, số tem"), True, True, True, _lot_or_serial),
    Item("expiry", lazy_gettext("Hạn sử dụng"), True, True, True, _expiry),
    Item("made", lazy_gettext("Thời gian sản xuất"), False, True, False, _made),
    Item("stages", lazy_gettext("Các công đoạn"), False, True, False, _stages),
    Item("trace-code", lazy_gettext("Mã truy xuất"), False, True, False, _trace_code),
    Item(
        "standards",
        lazy_gettext("Tiêu chuẩn áp dụng"),
        False,
        True,
        False,
        lambda page: page.product.standards,
    ),
)
