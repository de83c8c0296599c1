"""What is around the map: neat line, coordinates, title, scale bar, north, signature, foot."""

from dataclasses import dataclass

from gis.sheets.grid import (
    convergence,
    corner_degrees,
    degree_text,
    grid_lines,
    grid_step,
    meridian_text,
    minute_text,
    ticks,
)
from gis.sheets.layout import BAND, Layout, Rect, scale_text
from gis.sheets.pen import MM, Pen, Placing, fitted, text_width, wrapped
from gis.sheets.symbols import INK, SOFT

DEMO = "DỮ LIỆU MINH HOẠ"


@dataclass(frozen=True, slots=True)
class Words:
    """What a sheet says of itself."""

    title: str
    place: str
    source: str
    foot: str
    page: str


def draw_title(pen: Pen, layout: Layout, words: Words, *, is_demo: bool) -> None:
    """Write the title and the place, and mark what is invented."""
    box = layout.title
    title_size, place_size = layout.size * 2.0, layout.size * 1.35
    mark_room = 0.0
    if is_demo:
        size = layout.size * 1.05
        width = text_width(DEMO, size, bold=True) + 4
        mark = Rect(box.right - width, box.top - size / MM * 1.9, width, size / MM * 1.9)
        pen.look(fill="#fdf1dd", stroke="#b45309", width=0.35)
        pen.rect(mark, "B")
        pen.text(
            mark.middle[0],
            mark.y + size / MM * 0.6,
            DEMO,
            size,
            bold=True,
            colour="#8a3f06",
            align="center",
        )
        mark_room = width + 4
    room = box.width - 2 * mark_room
    title_size = fitted(words.title, title_size, room, bold=True, least=8)
    lines = wrapped(words.title, title_size, room, bold=True, most=2)
    if len(lines) > 1:
        title_size *= 0.72
        lines = wrapped(words.title, title_size, room, bold=True, most=2)
    y = box.top - title_size / MM * 0.85
    middle = box.middle[0]
    for line in lines:
        pen.text(middle, y, line, title_size, bold=True, align="center")
        y -= title_size / MM * 1.15
    place_size = fitted(words.place, place_size, room, least=6)
    pen.text(
        middle, box.y + place_size / MM * 0.6, words.place, place_size, colour=SOFT, align="center"
    )


def draw_frame(pen: Pen, placing: Placing, zone: int, size: float) -> None:
    """Draw the neat line, the outer line, and between them the coordinates.

    Grid coordinates are full metres; corners have longitude and latitude (WGS84), with ticks at
    round values along the neat line.
    """
    paper = placing.paper
    pen.look(fill="#ffffff", stroke=INK, width=0.2)
    pen.rect(paper)
    pen.look(stroke=INK, width=0.6)
    pen.rect(paper.grown(BAND))
    small = size * 0.76
    corner_room = text_width("108°27′12,3″", small) + 2.5
    _draw_corners(pen, placing, zone, small)
    step = grid_step(placing.scale)
    ground = placing.ground
    pen.look(stroke=INK, width=0.15)
    for east in grid_lines(ground.x, ground.right, step):
        x, _ = placing.place(east, ground.y)
        pen.look(stroke=INK, width=0.15)
        pen.lines([(x, paper.y), (x, paper.y - 1.2)], [(x, paper.top), (x, paper.top + 1.2)])
        if paper.x + corner_room < x - 6 and x + 6 < paper.right - corner_room:
            shown = metres_text(east)
            pen.text(x, paper.y - BAND + 1.1, shown, small, align="center")
            pen.text(x, paper.top + 1.6, shown, small, align="center")
    for north in grid_lines(ground.y, ground.top, step):
        _, y = placing.place(ground.x, north)
        pen.look(stroke=INK, width=0.15)
        pen.lines([(paper.x, y), (paper.x - 1.2, y)], [(paper.right, y), (paper.right + 1.2, y)])
        if paper.y + corner_room < y - 7 and y + 7 < paper.top - corner_room:
            for x in (paper.x - 1.7, paper.right + BAND - 1.2):
                with pen.turned(x, y, 90):
                    pen.text(0, 0, metres_text(north), small, align="center")


def _draw_corners(pen: Pen, placing: Placing, zone: int, size: float) -> None:
    paper, ground = placing.paper, placing.ground
    corners = corner_degrees(ground, zone)
    for (lon, lat), right, top in zip(
        corners, (False, True, True, False), (False, False, True, True), strict=True
    ):
        align = "right" if right else "left"
        x = paper.right if right else paper.x
        y = paper.top + 1.6 if top else paper.y - BAND + 1.1
        pen.text(x, y, degree_text(lon), size, align=align, colour=SOFT)
        along = paper.right + BAND - 1.2 if right else paper.x - 1.7
        with pen.turned(along, paper.top if top else paper.y, 90):
            pen.text(0, 0, degree_text(lat), size, align="right" if top else "left", colour=SOFT)
    pen.look(stroke=SOFT, width=0.3)
    for tick in ticks(ground, zone, placing.scale):
        if tick.edge in ("bottom", "top"):
            x, _ = placing.place(tick.at, ground.y)
            y = paper.y if tick.edge == "bottom" else paper.top
            way = -1.0 if tick.edge == "bottom" else 1.0
            # Inside the neat line: outside are the ticks of the grid.
            pen.lines([(x, y), (x, y - way * 1.3)])
        else:
            _, y = placing.place(ground.x, tick.at)
            x = paper.x if tick.edge == "left" else paper.right
            way = 1.0 if tick.edge == "left" else -1.0
            pen.lines([(x, y), (x + way * 1.3, y)])


def draw_facts(pen: Pen, layout: Layout, placing: Placing, zone: int, note: str) -> None:
    """Draw scale, scale bar, coordinate system and north."""
    box, size = layout.facts, layout.size
    north_room = 17.0
    _draw_north(
        pen, Rect(box.right - north_room, box.y, north_room, box.height), placing, zone, size
    )
    bar_room = (box.width - north_room) * 0.47
    middle = box.x + bar_room / 2
    big = size * 1.45
    pen.text(
        middle,
        box.top - big / MM * 0.85,
        f"TỶ LỆ {scale_text(placing.scale)}",
        big,
        bold=True,
        align="center",
    )
    told = f"1 cm trên bản đồ ứng với {_ground_text(placing.scale / 100)} ngoài thực địa"
    pen.text(
        middle,
        box.top - big / MM * 0.85 - size / MM * 1.15,
        told,
        fitted(told, size * 0.85, bar_room),
        colour=SOFT,
        align="center",
    )
    _draw_bar(pen, middle, box.y + 0.6, bar_room * 0.8, placing, size)
    left = box.x + bar_room + 4
    room = box.right - north_room - 3 - left
    lines = [
        (f"Hệ toạ độ quốc gia VN-2000, kinh tuyến trục {meridian_text(zone)}, múi chiếu 3°", True),
        (f"(EPSG:{zone}, k = 0,9999). Lưới {_ground_text(grid_step(placing.scale))};", False),
        ("toạ độ ghi theo mét. Góc khung: kinh độ, vĩ độ WGS84.", False),
        (note, False),
    ]
    y = box.top - size / MM * 0.8
    for text, bold in lines:
        for line in wrapped(text, size * 0.85, room, bold=bold, most=2):
            pen.text(left, y, line, size * 0.85, bold=bold, colour=INK if bold else SOFT)
            y -= size * 0.85 / MM * 1.25


def _draw_bar(
    pen: Pen, middle: float, y: float, room: float, placing: Placing, size: float
) -> None:
    """A bar of four parts, black and white, labelled at each joint."""
    longest = room / placing.length(1.0) / 4
    part = _round_down(longest)
    width = placing.length(part)
    left = middle - 2 * width
    height = 1.4
    for at in range(4):
        pen.look(fill=INK if at % 2 == 0 else "#ffffff", stroke=INK, width=0.18)
        pen.rect(Rect(left + at * width, y, width, height), "B")
    in_km = part * 4 >= 2000
    for at in range(5):
        value = part * at / (1000 if in_km else 1)
        shown = f"{value:g}".replace(".", ",")
        if at == 4:
            shown += " km" if in_km else " m"
        pen.text(left + at * width, y + height + 0.8, shown, size * 0.8, align="center")


def _draw_north(pen: Pen, box: Rect, placing: Placing, zone: int, size: float) -> None:
    """Grid north, upwards; the angle to true north in words and as a thin line."""
    angle = convergence(placing.ground, zone)
    x, low, high = box.x + 5.5, box.y + 3.6, box.top - 3.2
    pen.look(fill=INK, stroke=INK, width=0.2)
    pen.lines([(x, high), (x - 2.2, low), (x, low + 2.4)], paint="b")
    pen.look(fill="#ffffff", stroke=INK, width=0.2)
    pen.lines([(x, high), (x + 2.2, low), (x, low + 2.4)], paint="b")
    pen.text(x, high + 0.7, "B", size * 1.15, bold=True, align="center")
    pen.text(x, box.y + 0.5, "Bắc lưới", size * 0.7, align="center", colour=SOFT)
    side = "tây" if angle >= 0 else "đông"
    lines = ("Bắc thực", f"lệch {minute_text(angle)}", f"về {side}")
    if minute_text(angle) == minute_text(0):
        lines = ("Bắc thực", "trùng", "bắc lưới")
    y = box.middle[1] + 2.2
    for line in lines:
        pen.text(x + 3.4, y, line, size * 0.66, colour=SOFT)
        y -= size * 0.66 / MM * 1.25


def draw_stamp(pen: Pen, layout: Layout) -> None:
    """Leave a place for the signature and the seal."""
    box, size = layout.stamp, layout.size
    pen.look(stroke=SOFT, width=0.15)
    pen.rect(box)
    middle = box.middle[0]
    y = box.top - size / MM * 1.3
    dated = "………………, ngày …… tháng …… năm ………"
    pen.text(
        middle, y, dated, fitted(dated, size * 0.85, box.width - 3), colour=SOFT, align="center"
    )
    half = box.width / 4
    for x, head in ((box.x + half, "NGƯỜI LẬP"), (box.right - half, "XÁC NHẬN CỦA UBND")):
        shown = fitted(head, size * 0.9, box.width / 2 - 2, bold=True)
        pen.text(x, y - size / MM * 1.6, head, shown, bold=True, align="center")
        below = "(ký, ghi rõ họ tên)" if x < middle else "(ký, đóng dấu)"
        pen.text(x, y - size / MM * 2.75, below, size * 0.75, colour=SOFT, align="center")


def draw_foot(pen: Pen, layout: Layout, words: Words) -> None:
    """Write what lasts on every page: where it is from, and which page it is."""
    size = layout.size * 0.78
    box = layout.foot
    page_room = text_width(words.page, size) + 4
    pen.text(
        box.x,
        box.y,
        words.foot,
        fitted(words.foot, size, box.width - page_room, least=4.2),
        colour=SOFT,
    )
    pen.text(box.right, box.y, words.page, size, colour=SOFT, align="right")


def metres_text(metres: float) -> str:
    """Write whole metres in groups of three: `1 304 600`."""
    return f"{round(metres):,}".replace(",", " ")


def _ground_text(metres: float) -> str:
    if metres >= 1000:
        return f"{metres / 1000:g} km".replace(".", ",")
    return f"{metres:g} m".replace(".", ",")


def _round_down(value: float) -> float:
    """The largest 1, 2, 2.5 or 5 × 10^n that is not above a length."""
    power = 1.0
    while power * 10 <= value:
        power *= 10
    return max(step * power for step in (1, 2, 2.5, 5) if step * power <= max(value, power))
