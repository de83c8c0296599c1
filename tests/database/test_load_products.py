import pytest
from sqlalchemy import select

from etl.loading import load_file
from etl.options import LoadOptions
from gis.errors import InvalidInputError
from tests.product_factories import GTIN, make_scene
from traceability.gs1.digital_link import parse_path
from traceability.linking import links
from traceability.models import Product


@pytest.fixture
def file(tmp_path):
    def write(*rows: str) -> str:
        path = tmp_path / "san-pham.csv"
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
        return str(path)

    return write


HEAD = "ten_san_pham,gtin,nhom,chu_the,xa,gia"


def load(session, path, **options):
    return load_file(session, "products", path, LoadOptions(**options))


def test_products_of_a_table_are_registered_once(session, file):
    scene = make_scene(session)
    path = file(
        HEAD,
        "Mứt dâu,9520009000029,1,htx ca phe thu nghiem,Xã Lạc Dương,90000",
        "Trà bụp giấm,,1,Ai đó,24848,",
        "Sai,9520009000013,1,,,",
        ",,1,,,",
        "Lặp,09520009000029,1,,,",
        "Nhóm lạ,,9,,,",
    )
    dry = load(session, path, dry_run=True)
    assert (dry.accepted, dry.inserted, dry.rejected) == (2, 2, 4)
    first = load(session, path)
    assert [(reject.row, reject.reason) for reject in first.rejects] == [
        (3, "invalid product"),
        (4, "invalid product"),
        (5, "repeated key"),
        (6, "invalid product"),
    ]
    again = load(session, path)
    assert (again.accepted, again.unchanged, again.updated) == (2, 2, 0)
    jam = session.scalars(select(Product).where(Product.gtin == "09520009000029")).one()
    assert (jam.producer_id, jam.commune_id) == (scene.cooperative.id, scene.commune.id)
    assert jam.attributes == {"gia": "90000"}
    entry = links.get_entry(session, parse_path("/01/09520009000029"))
    assert entry.default.href == f"/san-pham/{jam.id}"


def test_a_known_product_is_updated_and_keeps_its_codes(session, file):
    scene = make_scene(session)
    code = scene.product.trace_code
    report = load(session, file(HEAD, f"Cà phê mới,{GTIN},1,,,"))
    assert (report.updated, report.inserted) == (1, 0)
    assert (scene.product.name, scene.product.trace_code) == ("Cà phê mới", code)
    assert links.get_entry(session, parse_path(f"/01/{GTIN}")).default.title == "Cà phê mới"
    clash = load(session, file("ten,trace_code,gtin", f"Khác,{code},9520009000029"))
    assert [reject.reason for reject in clash.rejects] == ["conflict"]


def test_a_table_without_names_is_refused(session, file):
    with pytest.raises(InvalidInputError, match="--map FIELD=name"):
        load(session, file("a,b", "1,2"))
