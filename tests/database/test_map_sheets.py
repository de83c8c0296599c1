"""Map sheets measured on paper: lengths, places, letters, and who sees what."""

from datetime import date
from io import BytesIO
from itertools import pairwise

import pypdfium2
import pypdfium2.raw as pdfium
import pyproj
import pytest
import shapely
from geoalchemy2.shape import to_shape

from etl.sheets import run_sheets
from gis.errors import InvalidInputError, NotFoundError
from gis.models import Parcel
from gis.sheets.layout import make_layout
from gis.sheets.planning import plan_sheets
from gis.sheets.request import read_request
from gis.sheets.writing import write_document
from tests.map_factories import LAT, LON, add_area, add_facility, add_unit, add_zone, square

MM = 72 / 25.4
DAY = date(2026, 11, 22)
OFFICER = frozenset({"officer"})
PUBLIC = frozenset()
TO_PLANE = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:5899", always_xy=True)


@pytest.fixture
def commune(session):
    """A commune of about 11 km around the place of the factories, in its province."""
    province = add_unit(
        session,
        "68",
        "Lâm Đồng",
        square(108.2, 11.8, 0.6),
        level="province",
        full_name="Tỉnh Lâm Đồng",
    )
    return add_unit(
        session, "24848", "Lạc Dương", square(108.4, 12.0, 0.1), parent_id=province.id,
        full_name="Xã Lạc Dương",
    )  # fmt: skip


def draw(session, body, roles=OFFICER):
    file = BytesIO()
    report = write_document(session, read_request(body), roles, file, DAY)
    return pypdfium2.PdfDocument(file.getvalue()), report


def paths(page):
    """Left, bottom, right, top of each painted path, in millimetres."""
    return [
        tuple(edge / MM for edge in item.get_bounds())
        for item in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH])
    ]


def text_of(page):
    return page.get_textpage().get_text_range()


def test_a_kilometre_is_a_hundred_millimetres_and_places_are_right(session, commune):
    area = add_area(session, "Cà phê Đồi Mây", "cooperative", code="VN-LDOR-0001")
    pdf, report = draw(session, {"center": [LON, LAT], "scale": 10_000, "orientation": "landscape"})
    page = pdf[0]
    assert page.get_size() == pytest.approx((297 * MM, 210 * MM), abs=0.01)
    frame = make_layout("A4", "landscape").map
    upright = sorted(
        (left + right) / 2
        for left, low, right, top in paths(page)
        if right - left < 0.3 and top - low == pytest.approx(frame.height, abs=0.3)
    )
    lines = [x for x in upright if frame.x + 1 < x < frame.right - 1]
    # A line each 500 m, which is 50 mm; so 1 km is 100 mm.
    assert len(lines) >= 4
    for one, other in pairwise(lines):
        assert other - one == pytest.approx(50, abs=0.05)
    assert lines[2] - lines[0] == pytest.approx(100, abs=0.1)
    # Every line stands where its easting lies: the middle of the sheet is the middle asked for.
    x, y = TO_PLANE.transform(LON, LAT)
    east = x + (lines[1] - frame.middle[0]) * 10
    assert east == pytest.approx(round(east / 500) * 500, abs=0.5)
    assert f"{round(east / 500) * 500:,}".replace(",", " ") in text_of(page)
    # The area's box on paper is its box in the plane.
    shape = shapely.transform(to_shape(area.boundary), TO_PLANE.transform, interleaved=False)
    west, south, east, north = shape.bounds
    wanted = (
        frame.middle[0] + (west - x) / 10,
        frame.middle[1] + (south - y) / 10,
        frame.middle[0] + (east - x) / 10,
        frame.middle[1] + (north - y) / 10,
    )
    # The outline is a line of 0.18 mm: half of it lies outside.
    assert any(box == pytest.approx(wanted, abs=0.2) for box in paths(page))
    assert report.to_json()["features"] == {"growing-areas": 1}


def test_letters_are_vietnamese_embedded_and_written_once(session, commune):
    add_area(session, "Vùng Ổi Bưởi Ở Đạ K'Nàng, hợp tác xã Nguyễn Thị Ỷ Lan", "cooperative",
             code="VN-LDOR-0007")  # fmt: skip
    add_facility(session, "Cơ sở đóng gói Ấm Ủy Nhường", "enterprise")
    add_zone(session, "Vùng công nghệ cao Lạc Xuân")
    pdf, _ = draw(session, {"center": [LON + 0.003, LAT + 0.003], "scale": 10_000, "paper": "A3",
                            "title": "BẢN ĐỒ THỬ NGHIỆM ĐỘ CHỮ"})  # fmt: skip
    page = pdf[0]
    words = " ".join(text_of(page).split())
    for expected in (
        "BẢN ĐỒ THỬ NGHIỆM ĐỘ CHỮ",
        "Xã Lạc Dương, tỉnh Lâm Đồng",
        "VN-LDOR-0007",
        "Nguyễn Thị Ỷ Lan",
        "Cơ sở đóng gói Ấm Ủy Nhường",
        "TỶ LỆ 1:10.000",
        "VN-2000, kinh tuyến trục 107°45′",
        "Nguồn: Lang Biang, dữ liệu đến ngày 22/11/2026",
        "Cà phê (1)",
        "Vùng nông nghiệp công nghệ cao (1)",
        "XÁC NHẬN CỦA UBND",
        "Trang 1/1",
    ):
        assert expected in words, expected
    assert "DỮ LIỆU MINH HOẠ" not in words
    # Names have a halo, which is text too and must not be read twice.
    assert words.count("Cơ sở đóng gói Ấm Ủy Nhường") == 1
    fonts = set()
    for item in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT]):
        font = pdfium.FPDFTextObj_GetFont(item)
        fonts.add(bool(pdfium.FPDFFont_GetIsEmbedded(font)))
    assert fonts == {True}


def test_the_public_gets_no_household(session, commune):
    area = add_area(session, "Vườn bà Bảy", "household", is_demo=True)
    body = {"center": [LON, LAT], "scale": 10_000, "orientation": "landscape"}
    exact, _ = draw(session, body)
    public, _ = draw(session, body, PUBLIC)
    assert "Vườn bà Bảy" in text_of(exact[0])
    shown = " ".join(text_of(public[0]).split())
    assert "bà Bảy" not in shown
    assert "làm tròn khoảng 1 km" in shown
    assert "DỮ LIỆU MINH HOẠ" in shown
    frame = make_layout("A4", "landscape").map
    x, y = TO_PLANE.transform(LON, LAT)
    rounded = [round(LON - 0.005, 2) + 0.005, round(LAT - 0.005, 2) + 0.005]
    spots = []
    for place in (rounded, (LON + 0.001, LAT + 0.001)):
        east, north = TO_PLANE.transform(*place)
        spot = (frame.middle[0] + (east - x) / 10, frame.middle[1] + (north - y) / 10)
        near = [
            box
            for box in paths(public[0])
            if abs((box[0] + box[2]) / 2 - spot[0]) < 0.3
            and abs((box[1] + box[3]) / 2 - spot[1]) < 0.3
            and box[2] - box[0] < 8
        ]
        spots.append(bool(near))
    # Where the public map shows it, and nothing where it is.
    assert spots == [True, False]
    assert area.id


def test_a_commune_too_large_for_one_sheet_gets_an_index_and_is_covered(session, commune):
    wish = read_request({"commune": "24848", "scale": 25_000})
    plan = plan_sheets(session, wish, DAY)
    assert plan.zone == 5899
    stored = shapely.from_wkt(commune.boundary.partition(";")[2])
    shape = shapely.transform(stored, TO_PLANE.transform, interleaved=False)
    grounds = [
        shapely.box(one.ground.x, one.ground.y, one.ground.right, one.ground.top)
        for one in plan.sheets
    ]
    assert shapely.difference(shape, shapely.union_all(grounds)).area < 1
    assert all(shape.intersects(ground) for ground in grounds)
    pdf, report = draw(session, {"commune": "24848", "scale": 25_000})
    assert len(pdf) == report.pages == len(grounds) + 1
    assert "DANH MỤC TỜ" in text_of(pdf[0])
    assert f"mảnh 1/{len(grounds)}" in text_of(pdf[1])
    assert f"Trang 2/{len(grounds) + 1}" in text_of(pdf[1])
    # Without a scale it fits on one.
    alone, _ = draw(session, {"commune": "24848"})
    assert len(alone) == 1
    with pytest.raises(InvalidInputError, match="fits on one at"):
        plan_sheets(session, read_request({"commune": "24848", "scale": 500}), DAY)
    with pytest.raises(NotFoundError):
        plan_sheets(session, read_request({"commune": "99999"}), DAY)


def test_the_atlas_has_a_page_for_each_commune(session, commune):
    # A loaded commune names no province: it is found in the one that holds it.
    add_unit(session, "24931", "Đơn Dương", square(108.5, 12.0, 0.1), full_name="Xã Đơn Dương")
    pdf, report = draw(session, {"province": "68", "paper": "A3"})
    assert len(pdf) == 3
    assert report.zone == 5899
    assert "Xã Đơn Dương, tỉnh Lâm Đồng" in text_of(pdf[1])
    assert "Xã Lạc Dương, tỉnh Lâm Đồng" in text_of(pdf[2])


def test_parcels_are_drawn_near_only_and_this_is_said(session, commune):
    session.add(Parcel(code="P1", boundary=square(LON, LAT, 0.0005)))
    session.flush()
    body = {"center": [LON, LAT], "layers": ["parcels"]}
    near, report = draw(session, body | {"scale": 5000})
    assert report.features == {"parcels": 1}
    assert "Thửa đất (1)" in text_of(near[0])
    far, report = draw(session, body | {"scale": 50_000})
    assert report.features == {}
    assert "Thửa đất chỉ vẽ từ tỷ lệ 1:25.000" in text_of(far[0])


def test_asked_over_the_api_drawn_by_the_worker(
    app, client, session, sessions, settings, sign_in, commune
):
    add_area(session, "Vườn bà Bảy", "household")
    session.commit()
    officer = sign_in("officer", "24848")
    body = {"center": [LON, LAT], "scale": 10_000, "title": "Sơ đồ vùng trồng"}
    planned = officer.post("/api/v1/map-sheets/plan", json=body)
    assert planned.json["sheets"] == 1
    ring = planned.json["features"][0]["geometry"]["coordinates"][0]
    assert shapely.Polygon(ring).contains(shapely.Point(LON, LAT))
    answer = officer.post("/api/v1/map-sheets", json=body)
    assert answer.status_code == 202, answer.text
    address = answer.headers["Location"]
    assert officer.get(address).json["state"] == "waiting"
    assert officer.get(f"{address}.pdf").status_code == 404
    run_sheets(sessions, settings.files_folder, answer.json["id"])
    done = officer.get(address).json
    assert (done["state"], done["pages"], done["scales"]) == ("done", 1, [10_000])
    file = officer.get(done["href"])
    assert file.mimetype == "application/pdf"
    assert "Vườn bà Bảy" in text_of(pypdfium2.PdfDocument(file.data)[0])
    file.close()
    # The address alone does not show a stranger what only officers see.
    assert client.get(done["href"]).status_code == 401
    assert sign_in("farmer").get(done["href"]).status_code == 403
    assert officer.get(done["job"]).json["state"] == "done"


def test_what_the_api_refuses(client, session, commune):
    ask = "/api/v1/map-sheets"
    session.commit()
    assert client.post(ask, json={"commune": "24848"}).status_code == 202
    assert client.post(ask, json={"commune": "24848", "title": "Giả"}).status_code == 401
    assert client.post(ask, json={"province": "68"}).status_code == 401
    assert client.post(ask, json={"commune": "nowhere"}).status_code == 404
    for body in (
        {"commune": "24848", "scale": 1},
        {"center": [10**400, 12], "scale": 500},
        [1],
        {"commune": "24848", "layers": ["parcels"]},
    ):
        for address in (ask, f"{ask}/plan"):
            refused = client.post(address, json=body)
            assert refused.status_code in (400, 422), refused.text
            assert refused.content_type == "application/problem+json"
    assert client.post(ask, data=b"{", content_type="application/json").status_code in (400, 422)
    assert client.get(f"{ask}/{'0' * 32}").status_code == 404


def test_only_so_many_wait(client, session, sign_in, commune):
    """The worker that draws them brings in officers' files, too."""
    session.commit()
    officer = sign_in("officer", "24848")
    body = {"center": [LON, LAT], "scale": 10_000}
    answers = [officer.post("/api/v1/map-sheets", json=body).status_code for _ in range(11)]
    assert answers == [202] * 10 + [409]
    assert client.post("/api/v1/map-sheets", json=body).status_code == 202


def test_a_failure_is_told_in_a_sentence(session, sessions, settings, sign_in, commune):
    officer = sign_in("officer", "24848")
    answer = officer.post("/api/v1/map-sheets", json={"commune": "24848", "scale": 500})
    run_sheets(sessions, settings.files_folder, answer.json["id"])
    state = officer.get(answer.json["self"]).json
    assert state["state"] == "failed"
    assert "sheets" in state["error"]


@pytest.mark.long
def test_five_thousand_areas_take_seconds_and_stay_bounded(session, commune):
    import time
    import tracemalloc

    for n in range(5000):
        east, north = divmod(n, 70)
        add = square(108.405 + east * 0.0012, 12.005 + north * 0.0012, 0.001)
        session.add(_plain_area(n, add))
    session.flush()
    body = {"commune": "24848", "paper": "A3"}
    since = time.monotonic()
    _, report = draw(session, body)
    assert report.features["growing-areas"] == 5000
    assert time.monotonic() - since < 120
    tracemalloc.start()
    draw(session, body)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 60e6


def _plain_area(n, boundary):
    from gis.models import GrowingArea

    return GrowingArea(name=f"Vùng trồng số {n}", boundary=boundary)
