"""The page before several sheets: where each lies, and the list of them."""

from gis.sheets.content import Unit
from gis.sheets.frame_drawing import (
    Words,
    draw_facts,
    draw_foot,
    draw_frame,
    draw_stamp,
    draw_title,
)
from gis.sheets.layout import Layout, Rect, scale_text
from gis.sheets.map_drawing import MapDrawing
from gis.sheets.pen import MM, Pen, Placing, shortened, text_width
from gis.sheets.planning import Plan, Sheet
from gis.sheets.symbols import INK, SOFT

_MARK = "#a4161a"


def index_pages(plan: Plan) -> int:
    """How many pages the index takes: a map with a list, and lists alone where that is too long."""
    rest = len(plan.sheets) - _capacity(plan.layout, plan.layout.legend)
    return 1 + max(0, -(-rest // _capacity(plan.layout, _whole(plan.layout))))


def draw_index(pen: Pen, plan: Plan, units: list[Unit], words: Words, before: int) -> None:
    """Draw the index map with the beginning of the list.

    Args:
        pen: On a new page.
        plan: With its index.
        units: That meet the index's ground.
        words: Of this page.
        before: How many index pages there are: the first sheet is page before + 1.
    """
    index, layout = plan.index, plan.layout
    assert index is not None
    placing = Placing(index.ground, layout.map, index.scale)
    drawing = MapDrawing(pen, placing, {}, layout.size)
    with pen.clipped(layout.map):
        drawing.ground(units, index.commune)
        drawing.borders(units)
        drawing.grid()
        signs = _draw_outlines(pen, placing, plan, units, before)
        if index.commune is not None:
            drawing.name_units(units, index.commune)
            drawing.names(signs)
    draw_title(pen, layout, words, is_demo=any(unit.is_demo for unit in units))
    draw_frame(pen, placing, plan.zone, layout.size)
    draw_facts(pen, layout, placing, plan.zone, words.source)
    _draw_list(
        pen, layout, layout.legend, _numbered(plan, before)[: _capacity(layout, layout.legend)]
    )
    draw_stamp(pen, layout)
    draw_foot(pen, layout, words)


def draw_list_page(pen: Pen, plan: Plan, words: Words, page: int, before: int) -> None:
    """Draw what of the list did not fit beside the map: `page` 2 and following."""
    layout = plan.layout
    each = _capacity(layout, _whole(layout))
    first = _capacity(layout, layout.legend) + (page - 2) * each
    draw_title(pen, layout, words, is_demo=False)
    _draw_list(pen, layout, _whole(layout), _numbered(plan, before)[first : first + each])
    draw_foot(pen, layout, words)


def _numbered(plan: Plan, before: int) -> list[tuple[int, Sheet]]:
    return list(enumerate(plan.sheets, before + 1))


def _whole(layout: Layout) -> Rect:
    """All of a page between title and foot."""
    left, low = layout.title.x, layout.foot.y + layout.foot.height + 1
    return Rect(left, low, layout.title.width, layout.title.y - low)


def _draw_outlines(
    pen: Pen,
    placing: Placing,
    plan: Plan,
    units: list[Unit],
    before: int,
) -> list[Rect]:
    """Number each sheet where it lies; parts of one commune also get their outline."""
    signs = []
    size = plan.layout.size
    middles = {unit.code: unit for unit in units if unit.level == "commune"}
    for page, sheet in enumerate(plan.sheets, before + 1):
        x, y = placing.place(*sheet.ground.middle)
        if sheet.part:
            left, low = placing.place(sheet.ground.x, sheet.ground.y)
            right, top = placing.place(sheet.ground.right, sheet.ground.top)
            pen.look(stroke=_MARK, width=0.3)
            pen.rect(Rect(left, low, right - left, top - low))
        elif sheet.commune in middles:
            point = middles[sheet.commune].shape.representative_point()
            x, y = placing.place(point.x, point.y)
        text = str(page)
        letters = size * (1.05 if len(plan.sheets) < 40 else 0.8)
        width, height = text_width(text, letters, bold=True) + 1.6, letters / MM * 1.25
        box = Rect(x - width / 2, y - height / 2, width, height)
        pen.look(fill="#ffffff", stroke=_MARK, width=0.2, opacity=0.9)
        pen.rect(box, "B")
        pen.text(x, y - letters / MM * 0.35, text, letters, bold=True, colour=_MARK, align="center")
        signs.append(box.grown(0.3))
    return signs


def _columns(layout: Layout, box: Rect) -> tuple[int, int, float]:
    """Columns, rows and the height of a row of a list in a box."""
    height = layout.size * 0.86 / MM * 1.3
    columns = max(1, int(box.width // 56))
    rows = int((box.height - 4 - layout.size / MM * 1.9) // height)
    return columns, max(1, rows), height


def _capacity(layout: Layout, box: Rect) -> int:
    columns, rows, _ = _columns(layout, box)
    return columns * rows


def _draw_list(pen: Pen, layout: Layout, box: Rect, listed: list[tuple[int, Sheet]]) -> None:
    size = layout.size
    pen.look(stroke=SOFT, width=0.15)
    pen.rect(box)
    inner = box.grown(-2)
    head = size * 1.15
    pen.text(inner.middle[0], inner.top - head / MM, "DANH MỤC TỜ", head, bold=True, align="center")
    columns, rows, height = _columns(layout, box)
    rows = min(rows, max(12, -(-len(listed) // columns)))
    width = inner.width / columns
    letters = size * 0.86
    top = inner.top - head / MM * 1.65
    for place, (page, sheet) in enumerate(listed):
        column, row = divmod(place, rows)
        x, y = inner.x + column * width, top - (row + 0.8) * height
        pen.text(x + 5, y, str(page), letters, bold=True, colour=_MARK, align="right")
        scale = scale_text(sheet.scale)
        room = width - 7 - text_width(scale, letters) - 3
        name = (sheet.name or "") + (f" {sheet.part}" if sheet.part else "")
        pen.text(x + 7, y, shortened(name, letters, room), letters, colour=INK)
        pen.text(x + width - 2, y, scale, letters, colour=SOFT, align="right")
