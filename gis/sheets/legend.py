"""The legend of what is drawn, in as many columns as fit, and the source below it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from gis.sheets.content import Facts
from gis.sheets.layout import Layout, Rect
from gis.sheets.pen import MM, Pen, shortened, wrapped
from gis.sheets.symbols import (
    AREA_OPACITY,
    BORDER,
    PARCEL_OPACITY,
    SOFT,
    UNKNOWN,
    ZONE,
    darker,
    draw_site,
    draw_spot,
)

KINDS = {
    "packing-house": "Cơ sở đóng gói",
    "greenhouse": "Nhà kính, nhà màng",
    "nursery": "Vườn ươm",
    "processing": "Cơ sở chế biến",
    "store": "Kho, cửa hàng",
    "weather-station": "Trạm thời tiết",
    "laboratory": "Phòng thí nghiệm",
    "other": "Cơ sở khác",
}
METHODS = {
    "walked": "đi bộ quanh ranh giới (GPS)",
    "drawn": "vẽ trên bản đồ",
    "typed": "toạ độ nhập tay",
    "unknown": "không ghi cách đo",
}
_KEY_MM = 6.0
_COLUMN_MM = 52.0


@dataclass(frozen=True, slots=True)
class Row:
    """A row: a key drawn with its middle at (x, y) and a text; a heading has no key."""

    text: str
    key: Callable[[Pen, float, float], None] | None


def legend_rows(
    facts: Facts, crops: Mapping[str, tuple[str, str]], levels: Collection[str]
) -> list[Row]:
    """The rows for what was drawn, the most frequent crops first; `levels` of borders."""
    rows: list[Row] = []
    if facts.crops:
        has_parcels = bool(facts.layers["parcels"])
        rows.append(Row("Cây trồng" if has_parcels else "Vùng trồng, theo cây trồng", None))
        for code, count in facts.crops.most_common():
            name, colour = crops.get(code or "", ("Chưa ghi cây trồng", UNKNOWN))
            rows.append(Row(f"{name} ({_number(count)})", _field_key(colour)))
    if facts.generalised:
        rows.append(Row("Vị trí làm tròn khoảng 1 km (hộ)", _spot_key))
    if facts.layers["parcels"]:
        rows.append(Row(f"Thửa đất ({_number(facts.layers['parcels'])})", _parcel_key))
    if facts.layers["high-tech-zones"]:
        count = facts.layers["high-tech-zones"]
        rows.append(Row(f"Vùng nông nghiệp công nghệ cao ({_number(count)})", _zone_key))
    if facts.kinds:
        rows.append(Row("Cơ sở", None))
        for kind, count in facts.kinds.most_common():
            rows.append(Row(f"{KINDS.get(kind, kind)} ({_number(count)})", _site_key(kind)))
    if levels:
        rows.append(Row("Ranh giới", None))
    if "province" in levels:
        rows.append(Row("Ranh giới tỉnh", _border_key(0.55, (4.0, 1.0, 0.5, 1.0))))
    if "commune" in levels:
        rows.append(Row("Ranh giới xã, phường", _border_key(0.28, (2.6, 0.8, 0.3, 0.8, 0.3, 0.8))))
    return rows


def area_rows(facts: Facts, crops: Mapping[str, tuple[str, str]], most: int) -> list[Row]:
    """The growing areas with their size, the largest first, under a heading: at most so many."""
    if most < 4 or not facts.areas:
        return []
    listed = sorted(facts.areas, key=lambda area: (-area[0], area[3]))[: most - 1]
    head = "Diện tích vùng trồng"
    if len(listed) < len(facts.areas):
        head = f"{_number(len(listed))} vùng trồng lớn nhất trong {_number(len(facts.areas))} vùng"
    rows = [Row(head, None)]
    for area_ha, crop, code, name in listed:
        colour = crops.get(crop or "", ("", UNKNOWN))[1]
        size = f"{area_ha:.2f}".replace(".", ",")
        told = " · ".join(part for part in (f"{size} ha", code, name) if part)
        rows.append(Row(told, _field_key(colour)))
    return rows


def draw_legend(
    pen: Pen,
    layout: Layout,
    rows: list[Row],
    notes: list[str],
    more: Callable[[int], list[Row]] = lambda _: [],
) -> None:
    """Draw the rows from the top and the notes at the bottom; what does not fit is counted.

    Args:
        pen: On the page.
        layout: Of the sheet.
        rows: What was drawn.
        notes: Sentences below.
        more: Gives further rows for the room that is left, told how many there may be.
    """
    box, size = layout.legend, layout.size
    pen.look(stroke=SOFT, width=0.15)
    pen.rect(box)
    inner = box.grown(-2)
    note_size = size * 0.8
    note_lines = [line for note in notes for line in wrapped(note, note_size, inner.width)]
    note_height = len(note_lines) * note_size / MM * 1.25
    y = inner.y + note_height - note_size / MM
    for line in note_lines:
        pen.text(inner.x, y, line, note_size, colour=SOFT)
        y -= note_size / MM * 1.25
    head = size * 1.15
    pen.text(inner.middle[0], inner.top - head / MM, "CHÚ GIẢI", head, bold=True, align="center")
    free = Rect(
        inner.x,
        inner.y + note_height + 1,
        inner.width,
        inner.height - note_height - 1 - head / MM * 1.6,
    )
    columns = max(1, int(free.width // _COLUMN_MM))
    each = int(free.height // (size / MM * 1.45))
    if len(rows) < each * columns:
        rows = rows + more(each * columns - len(rows) - columns)
    _draw_rows(pen, free, rows, size)


def _draw_rows(pen: Pen, box: Rect, rows: list[Row], size: float) -> None:
    usual = size / MM * 1.72
    columns = max(1, int(box.width // _COLUMN_MM))
    room = box.height / max(1, -(-len(rows) // columns))
    height = min(usual, room)
    if height < size / MM * 1.28 and box.width / (columns + 1) >= 25:
        columns += 1
        height = min(usual, box.height / max(1, -(-len(rows) // columns)))
    height = max(height, size / MM * 1.15)
    letters = min(size * 0.92, height * MM / 1.2)
    each = max(1, int(box.height / height + 1e-6))
    rows = _without_orphans(rows, each)
    if len(rows) > each * columns:
        left_out = len(rows) - each * columns + 1
        rows = [*rows[: each * columns - 1], Row(f"… và {left_out} mục nữa", None)]
    width = box.width / columns
    for at, row in enumerate(rows):
        column, line = divmod(at, each)
        x, y = box.x + column * width, box.top - (line + 0.5) * height
        base = y - letters / MM * 0.34
        if row.key is None:
            text = shortened(row.text, letters, width - 1, bold=True)
            pen.text(x, base, text, letters, bold=True)
        else:
            row.key(pen, x + _KEY_MM / 2, y)
            text = shortened(row.text, letters, width - _KEY_MM - 2.5)
            pen.text(x + _KEY_MM + 1.5, base, text, letters)


def _without_orphans(rows: list[Row], each: int) -> list[Row]:
    """Move a heading that would end a column to the top of the next one."""
    kept: list[Row] = []
    for row in rows:
        if row.key is None and row.text and len(kept) % each == each - 1:
            kept.append(Row("", None))
        kept.append(row)
    return kept


def _field_key(colour: str) -> Callable[[Pen, float, float], None]:
    def draw(pen: Pen, x: float, y: float) -> None:
        pen.look(fill=colour, stroke=darker(colour), width=0.18, opacity=AREA_OPACITY)
        pen.rect(Rect(x - _KEY_MM / 2 + 0.3, y - 1.15, _KEY_MM - 0.6, 2.3), "B")

    return draw


def _site_key(kind: str) -> Callable[[Pen, float, float], None]:
    return lambda pen, x, y: draw_site(pen, x, y, kind, 3.0)


def _border_key(width: float, dash: tuple[float, ...]) -> Callable[[Pen, float, float], None]:
    def draw(pen: Pen, x: float, y: float) -> None:
        pen.look(stroke=BORDER, width=width, dash=dash)
        pen.lines([(x - _KEY_MM / 2, y), (x + _KEY_MM / 2 + 0.6, y)])

    return draw


def _spot_key(pen: Pen, x: float, y: float) -> None:
    draw_spot(pen, x, y, "#3f8f3a", rounded=True)


def _parcel_key(pen: Pen, x: float, y: float) -> None:
    pen.look(fill=UNKNOWN, stroke=darker(UNKNOWN), width=0.1, opacity=PARCEL_OPACITY)
    pen.rect(Rect(x - _KEY_MM / 2 + 0.3, y - 1.15, _KEY_MM - 0.6, 2.3), "B")


def _zone_key(pen: Pen, x: float, y: float) -> None:
    box = Rect(x - _KEY_MM / 2 + 0.3, y - 1.15, _KEY_MM - 0.6, 2.3)
    pen.look(fill=ZONE, opacity=0.1)
    pen.rect(box, "f")
    with pen.clipped(box):
        pen.look(stroke=ZONE, width=0.18, stroke_opacity=0.6)
        pen.lines(
            *[[(box.x + at * 1.3 - 2.3, box.y), (box.x + at * 1.3, box.top)] for at in range(7)]
        )
    pen.look(stroke=ZONE, width=0.4)
    pen.rect(box)


def method_text(facts: Facts) -> str:
    """How the boundaries drawn were measured, the commonest first."""
    told = [
        f"{METHODS.get(method, method)} ({_number(count)})"
        for method, count in facts.methods.most_common()
    ]
    return ", ".join(told)


def _number(value: int) -> str:
    return f"{value:,}".replace(",", ".")
