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


def list_capacity(layout: Layout) -> int:
    """How many sheets the list beside one index map holds."""
    columns, rows, _ = _columns(layout)
    return columns * rows


def draw_index(
    pen: Pen,
    layout: Layout,
    plan: Plan,
    units: list[Unit],
    words: Words,
    at: int,
    before: int,
) -> None:
    """Draw one index page: the whole map each time, and the part of the list that is its.

    Args:
        pen: On a new page.
        layout: Of every sheet.
        plan: With its index.
        units: That meet the index's ground.
        words: Of this page.
        at: Which index page, from 0 on.
        before: How many index pages there are: the first sheet is page before + 1.
    """
    index = plan.index
    assert index is not None
    placing = Placing(index.ground, layout.map, index.scale)
    drawing = MapDrawing(pen, placing, {}, layout.size)
    is_demo = any(unit.is_demo for unit in units)
    inside = {sheet.commune for sheet in plan.sheets}
    with pen.clipped(layout.map):
        drawing.ground(units, index.commune)
        drawing.borders(units)
        drawing.grid()
        signs = _draw_outlines(pen, placing, plan, units, before, layout.size, inside)
        drawing.name_units(units, index.commune)
        drawing.names(signs)
    draw_title(pen, layout, words, is_demo=is_demo)
    draw_frame(pen, placing, plan.zone, layout.size)
    draw_facts(pen, layout, placing, plan.zone, words.source)
    capacity = list_capacity(layout)
    listed = list(enumerate(plan.sheets, before + 1))[at * capacity : (at + 1) * capacity]
    _draw_list(pen, layout, listed)
    draw_stamp(pen, layout)
    draw_foot(pen, layout, words)


def _draw_outlines(
    pen: Pen,
    placing: Placing,
    plan: Plan,
    units: list[Unit],
    before: int,
    size: float,
    inside: set[str | None],
) -> list[Rect]:
    """Number each sheet where it lies; parts of one commune also get their outline."""
    signs = []
    middles = {unit.code: unit for unit in units if unit.level == "commune"}
    for page, sheet in enumerate(plan.sheets, before + 1):
        x, y = placing.place(*sheet.ground.middle)
        if sheet.part:
            left, low = placing.place(sheet.ground.x, sheet.ground.y)
            right, top = placing.place(sheet.ground.right, sheet.ground.top)
            pen.look(stroke=_MARK, width=0.3)
            pen.rect(Rect(left, low, right - left, top - low))
        elif sheet.commune in middles and sheet.commune in inside:
            point = middles[sheet.commune].shape.representative_point()
            x, y = placing.place(point.x, point.y)
        text = str(page)
        letters = size * 1.05
        width, height = text_width(text, letters, bold=True) + 1.6, letters / MM * 1.25
        box = Rect(x - width / 2, y - height / 2, width, height)
        pen.look(fill="#ffffff", stroke=_MARK, width=0.2, opacity=0.9)
        pen.rect(box, "B")
        pen.text(x, y - letters / MM * 0.35, text, letters, bold=True, colour=_MARK, align="center")
        signs.append(box.grown(0.3))
    return signs


def _columns(layout: Layout) -> tuple[int, int, float]:
    """Columns, rows and the height of a row of the list."""
    height = layout.size * 0.86 / MM * 1.3
    columns = max(1, int(layout.legend.width // 56))
    rows = int((layout.legend.height - 4 - layout.size / MM * 1.9) // height)
    return columns, max(1, rows), height


def _draw_list(pen: Pen, layout: Layout, listed: list[tuple[int, Sheet]]) -> None:
    box, size = layout.legend, layout.size
    pen.look(stroke=SOFT, width=0.15)
    pen.rect(box)
    inner = box.grown(-2)
    head = size * 1.15
    pen.text(inner.middle[0], inner.top - head / MM, "DANH MỤC TỜ", head, bold=True, align="center")
    columns, rows, height = _columns(layout)
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
