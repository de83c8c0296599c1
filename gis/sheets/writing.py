"""The document: an index where there are several sheets, then one page a sheet."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from sqlalchemy.orm import Session

from gis.layer import Layer, View
from gis.sheets.content import Unit, list_crops, read_features, read_units, readable_layers
from gis.sheets.frame_drawing import (
    Words,
    draw_facts,
    draw_foot,
    draw_frame,
    draw_stamp,
    draw_title,
)
from gis.sheets.index_drawing import draw_index, draw_list_page, index_pages
from gis.sheets.layout import scale_text
from gis.sheets.legend import area_rows, draw_legend, legend_rows, method_text
from gis.sheets.map_drawing import Found, MapDrawing
from gis.sheets.pen import Pen, Placing
from gis.sheets.planning import Plan, Sheet, plan_sheets
from gis.sheets.request import SheetRequest

# Parcels are a few metres wide: farther away they would be one grey stain.
_PARCELS_UNTIL = 25_000


@dataclass(frozen=True, slots=True)
class SheetReport:
    """What was written: pages, sheets with their scales, and how many features of each layer."""

    pages: int
    scales: tuple[int, ...]
    zone: int
    features: dict[str, int]

    def to_json(self) -> dict[str, object]:
        """Give what a run's report holds."""
        return {
            "pages": self.pages,
            "scales": sorted(set(self.scales)),
            "crs": f"EPSG:{self.zone}",
            "features": self.features,
        }


def write_document(
    session: Session,
    request: SheetRequest,
    roles: frozenset[str],
    file: BinaryIO,
    day: date,
    advance: Callable[[int, int], None] | None = None,
) -> SheetReport:
    """Write the sheets of a request as one PDF.

    Args:
        session: Reads only.
        request: What was asked for.
        roles: Of the one who asked: they see no more on paper than on the map.
        file: Where the PDF goes.
        day: The day whose communes are drawn, and which the sheet bears.
        advance: Called after each page with the pages done and the pages in all.

    Raises:
        NotFoundError: There is no such commune or province.
        InvalidInputError: Too many sheets or features; a layer is not for these roles.
        UnavailableError: No font with Vietnamese letters is installed.
    """
    layers = readable_layers(request.layers, roles)
    plan = plan_sheets(session, request, day)
    writer = _Writer(session, request, layers, plan, day)
    pen = Pen(file, plan.layout.width, plan.layout.height, writer.title)
    writer.write(pen, advance)
    pen.close()
    scales = tuple(sheet.scale for sheet in plan.sheets)
    return SheetReport(writer.pages, scales, plan.zone, dict(writer.features))


class _Writer:
    """Keeps what all pages of a document share."""

    def __init__(
        self,
        session: Session,
        request: SheetRequest,
        layers: list[tuple[Layer, View]],
        plan: Plan,
        day: date,
    ) -> None:
        self._session, self._layers = session, layers
        self._plan, self._layout, self._day = plan, plan.layout, day
        self._crops = list_crops(session)
        self.title = request.title or _usual_title(request)
        self.features: dict[str, int] = {}
        self._before = index_pages(plan) if plan.index else 0
        self.pages = self._before + len(plan.sheets)

    def write(self, pen: Pen, advance: Callable[[int, int], None] | None) -> None:
        done = 0
        index = self._plan.index
        if index is not None:
            units = self._units(index)
            for page in range(1, self._before + 1):
                words = self._words(index, page, units)
                if page == 1:
                    draw_index(pen, self._plan, units, words, self._before)
                else:
                    draw_list_page(pen, self._plan, words, page, self._before)
                pen.end_page()
                done += 1
                if advance is not None:
                    advance(done, self.pages)
        for at, sheet in enumerate(self._plan.sheets, self._before + 1):
            self._sheet(pen, sheet, at)
            pen.end_page()
            done += 1
            if advance is not None:
                advance(done, self.pages)

    def _sheet(self, pen: Pen, sheet: Sheet, page: int) -> None:
        layout = self._layout
        placing = Placing(sheet.ground, layout.map, sheet.scale)
        units = self._units(sheet)
        drawing = MapDrawing(pen, placing, self._crops, layout.size)
        facts = drawing.found.facts
        facts.is_demo = any(unit.is_demo for unit in units)
        # From the ground up: fields, then what lies over them, points last.
        order = ("parcels", "growing-areas", "high-tech-zones", "facilities")
        layers = sorted(self._layers, key=lambda one: order.index(one[0].id))
        with pen.clipped(layout.map):
            drawing.ground(units, sheet.commune)
            for layer, view in layers:
                if layer.id == "parcels" and sheet.scale > _PARCELS_UNTIL:
                    drawing.found.left_out.append(layer.id)
                    continue
                drawing.layer(
                    layer,
                    read_features(
                        self._session,
                        layer,
                        view,
                        sheet.ground,
                        self._plan.zone,
                        sheet.scale,
                        facts,
                    ),
                )
            drawing.borders(units)
            drawing.grid()
            drawing.sites()
            drawing.name_units(units, sheet.commune)
            drawing.names()
        for name, count in facts.layers.items():
            self.features[name] = self.features.get(name, 0) + count
        words = self._words(sheet, page, units)
        draw_title(pen, layout, words, is_demo=facts.is_demo)
        draw_frame(pen, placing, self._plan.zone, layout.size)
        draw_facts(pen, layout, placing, self._plan.zone, words.source)
        rows = legend_rows(facts, self._crops, drawing.found.levels)
        draw_legend(
            pen,
            layout,
            rows,
            self._notes(drawing.found),
            lambda most: area_rows(facts, self._crops, most),
        )
        draw_stamp(pen, layout)
        draw_foot(pen, layout, words)

    def _units(self, sheet: Sheet) -> list[Unit]:
        return read_units(self._session, sheet.ground, self._plan.zone, self._day)

    def _words(self, sheet: Sheet, page: int, units: list[Unit]) -> Words:
        when = f"{self._day:%d/%m/%Y}"
        return Words(
            title=self.title,
            place=_place_text(sheet, units),
            source=f"Nguồn: Lang Biang, dữ liệu đến ngày {when}.",
            foot=f"Nguồn: Lang Biang, dữ liệu đến ngày {when}."
            " In đúng khổ giấy, tỷ lệ in 100 %, không co trang.",
            page=f"Trang {page}/{self.pages}",
        )

    def _notes(self, found: Found) -> list[str]:
        notes = []
        facts = found.facts
        if facts.layers["growing-areas"]:
            notes.append(f"Ranh giới vùng trồng đo bằng: {method_text(facts)}.")
        if any(view is View.PUBLIC and layer.public is not None for layer, view in self._layers):
            notes.append("Bản công khai: nơi của từng hộ được làm tròn khoảng 1 km, không ghi tên.")
        if found.left_out:
            notes.append(f"Thửa đất chỉ vẽ từ tỷ lệ {scale_text(_PARCELS_UNTIL)} trở lên.")
        if not facts.layers:
            notes.append("Trong khung không có đối tượng nào của các lớp được in.")
        if facts.is_demo:
            notes.append("Dữ liệu minh hoạ: ranh giới là sơ đồ; tên người và cơ sở là hư cấu.")
        return notes


def _usual_title(request: SheetRequest) -> str:
    if "growing-areas" in request.layers:
        return "BẢN ĐỒ VÙNG TRỒNG"
    if "high-tech-zones" in request.layers:
        return "BẢN ĐỒ VÙNG NÔNG NGHIỆP CÔNG NGHỆ CAO"
    return "BẢN ĐỒ NÔNG NGHIỆP"


def _place_text(sheet: Sheet, units: list[Unit]) -> str:
    """What the sheet shows in words: a commune, part of it, or the communes in the frame."""
    if sheet.commune is not None:
        name = sheet.name or sheet.commune
        province = f", {_lower_first(sheet.province)}" if sheet.province else ""
        return f"{name}{province}" + (f" – mảnh {sheet.part}" if sheet.part else "")
    communes = [unit for unit in units if unit.level == "commune"]
    if not communes:
        return sheet.province or ""
    if len(communes) > 3:
        provinces = sorted({unit.province for unit in communes if unit.province})
        return ", ".join(provinces)
    names = ", ".join(
        unit.full_name if at == 0 else _lower_first(unit.full_name)
        for at, unit in enumerate(communes)
    )
    around = communes[0].province
    return f"{names}, {_lower_first(around)}" if around else names


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
