"""Many listings at once from a workbook: shown row by row, applied, never over a newer change."""

import io

import pytest
import xlsxwriter
from sqlalchemy import func, select

from etl import listing_mapping
from etl.models import Run
from tests.product_factories import GTIN, make_scene
from traceability import products
from traceability.models import Listing
from traceability.selling import marketplaces
from web.models import Account

ADDRESS = "https://voso.vn/ca-phe-moi-p777"


@pytest.fixture
def scene(session):
    made = make_scene(session)
    session.commit()
    return made


@pytest.fixture
def producer(session, scene, sign_in):
    """A client of the cooperative's own producer."""
    client = sign_in("producer")
    account = session.scalars(select(Account).order_by(Account.id.desc())).first()
    account.party_id = scene.cooperative.id
    session.commit()
    return client


def workbook(rows, head=("Mã GTIN", "Tên sản phẩm", "Đường dẫn", "Giá bán")):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_urls": False}) as book:
        book.add_worksheet("Hướng dẫn").write_string(0, 0, "Đọc kỹ trước khi điền")
        # A blank line first: rows count as the sheet does.
        sheet = book.add_worksheet("Địa chỉ")
        sheet.write_string(1, 0, "Danh sách địa chỉ bán hàng của hợp tác xã")
        for place, line in enumerate([head, *rows], 3):
            for column, cell in enumerate(line):
                sheet.write(place, column, cell)
    return out.getvalue()


def stray():
    """A workbook of 5 kB whose cells would fill the memory with what is between them."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.add_worksheet().write(1_048_575, 16_383, "x")
    return out.getvalue()


@pytest.fixture
def send(session, sessions, producer, settings):
    """Send a workbook and let the worker read it."""

    def run(data, client=producer):
        answer = client.post(
            "/gian-hang/nap", data={"file": (io.BytesIO(data), "bảng.xlsx")},
            content_type="multipart/form-data",
        )  # fmt: skip
        assert answer.status_code == 303
        number = session.scalars(select(func.max(Run.id))).one()
        listing_mapping.run_reading(sessions, settings.files_folder, number)
        session.expire_all()
        return session.get(Run, number)

    return run


def test_a_workbook_is_shown_row_by_row_and_the_good_ones_are_applied(
    session, sessions, scene, producer, send, settings
):
    products.register_product(session, name="Của người khác", gtin="09520009000029")
    for _ in range(2):
        products.register_product(session, name="Trùng tên", producer_id=scene.cooperative.id)
    session.commit()
    rows = [
        (9520009000012, "", "https://shopee.vn/ca-phe-i.1.2", 185000),
        ("", "cà phê đưng k'nớ", "https://tiki.vn/ca-phe-p5.html", "190.000 đ"),
        (scene.product.trace_code, "", "https://voso.vn/ca-phe-p123", 170000),
        (GTIN, "", "https://postmart.vn/p/ca-phe-88.html", ""),
        ("9520009000012", "", "https://shopee.vn/ca-phe-i.1.2", ""),
        ("9520009000029", "", "https://tiki.vn/khac-p6.html", ""),
        ("", "Trùng tên", "https://tiki.vn/khac-p7.html", ""),
        ("không có", "", "https://tiki.vn/khac-p8.html", ""),
        (GTIN, "", "https://evil.example/x", ""),
        (GTIN, "", "http://tiki.vn/x-p9.html", ""),
        (GTIN, "", "", ""),
        (GTIN, "", "https://tiki.vn/x-p10.html", "rẻ"),
        ("", "", "https://tiki.vn/x-p11.html", ""),  # below a merged cell
        ("", "", "", ""),
    ]
    run = send(workbook(rows))
    assert (run.state, run.error) == ("done", None)
    planned = run.report["rows"]
    assert [row["row"] for row in planned] == list(range(5, 18)), "as the sheet counts"
    assert [(row["outcome"], row["reason"]) for row in planned] == [
        ("new", None), ("new", None), ("price", None), ("same", None), ("wrong", "repeated"),
        ("wrong", "not-yours"), ("wrong", "several-products"), ("wrong", "no-product"),
        ("wrong", "address"), ("wrong", "address"), ("wrong", "no-address"), ("wrong", "price"),
        ("wrong", "no-code"),
    ]  # fmt: skip
    assert session.scalar(select(func.count(Listing.id))) == 2, "nothing is written yet"
    assert not list((settings.files_folder / "imports").iterdir()), "the workbook is not kept"
    page = producer.get(f"/gian-hang/nap/{run.id}").text
    assert "Nhiều sản phẩm trùng tên" in page
    # All or nothing: one mistake holds back all.
    producer.post(f"/gian-hang/nap/{run.id}", data={"rows": "all"})
    session.expire_all()
    assert session.get(Run, run.id).report["stage"] == "read"
    for _ in range(2):
        producer.post(f"/gian-hang/nap/{run.id}", data={"rows": "good"})
        listing_mapping.run_applying(sessions, run.id)
    session.expire_all()
    assert session.get(Run, run.id).report["applied"] == 3
    listed = {each.url: each.price_vnd for each in session.scalars(select(Listing))}
    assert listed == {
        "https://shopee.vn/ca-phe-i.1.2": 185_000,
        "https://tiki.vn/ca-phe-p5.html": 190_000,
        "https://voso.vn/ca-phe-p123": 170_000,
        "https://postmart.vn/p/ca-phe-88.html": None,
    }
    assert "Đã nạp 3 dòng." in producer.get(f"/gian-hang/nap/{run.id}").text
    # The same once more changes nothing.
    again = send(workbook(rows[:4]))
    assert again.report["counts"] == {
        "read": 4, "new": 0, "back": 0, "price": 0, "same": 4, "wrong": 0,
    }  # fmt: skip


def test_what_changed_since_the_preview_is_not_overwritten(
    session, sessions, scene, producer, send
):
    run = send(workbook([(GTIN, "", ADDRESS, 185000), (GTIN, "", ADDRESS + "8", 185000)]))
    marketplaces.list_on_marketplace(
        session, scene.product, None, ADDRESS, terms=marketplaces.Terms(1000)
    )
    session.commit()
    producer.post(f"/gian-hang/nap/{run.id}", data={"rows": "all"})
    listing_mapping.run_applying(sessions, run.id)
    session.expire_all()
    run = session.get(Run, run.id)
    assert run.report["applied"] == 1
    assert [row["reason"] for row in run.report["rows"]] == ["changed-since", None]
    kept = session.scalars(select(Listing).where(Listing.url == ADDRESS)).one()
    assert kept.price_vnd == 1000


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04 no workbook", "Không đọc được bảng tính."),
        (b"gtin,url\n1,2\n", "Đây không phải tệp Excel"),
        (workbook([], head=("a", "b")), "Không thấy dòng tiêu đề cột"),
        (stray(), "ô lẻ ở rất xa"),
        (workbook([]), "Dưới dòng tiêu đề không có dòng nào."),
    ],
)
def test_a_workbook_that_is_none_says_why(scene, producer, send, data, said):
    run = send(data)
    assert run.state == "failed"
    assert said in producer.get(f"/gian-hang/nap/{run.id}").text


def test_a_workbook_is_its_senders_own(scene, send, sign_in, producer):
    run = send(workbook([(GTIN, "", ADDRESS, "")]))
    assert sign_in("administrator").get(f"/gian-hang/nap/{run.id}").status_code == 404
    assert producer.get("/gian-hang/nap/99999999").status_code == 404


def test_the_template_comes_back_as_nothing_to_do(session, scene, producer, send):
    answer = producer.get("/gian-hang/nap/mau.xlsx")
    run = send(answer.data)
    assert run.report["counts"]["same"] == 2
    assert run.report["counts"]["read"] == 2
