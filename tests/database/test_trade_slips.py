"""What people slip over at a cheap phone: languages, double taps, others' things, days in disorder.

A form is never the place where something is lost: what was typed comes back, what was meant once is
recorded once, and what cannot be is said beside its field.
"""

import json
import re
import threading
from decimal import Decimal
from functools import partial
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from gis.models import DiaryEntry, Party
from tests.product_factories import SECRET_NAME
from tests.trade_factories import days_ago, harvest, make_trade, sign_in_as, typed
from traceability.epcis.captor import Captor
from traceability.epcis.capture import capture_events
from traceability.errors import RuleBrokenError
from traceability.following import journey
from traceability.following.journey import public_journey
from traceability.following.reach import reach_of
from traceability.labelling import serials
from traceability.lots import find_lot, get_lot
from traceability.models import Event, Product
from traceability.recording.boxes import record_packing
from traceability.recording.keeping import Keeper, Share
from traceability.recording.moves import Load, record_receiving, record_sale, record_shipping
from web import create_app
from web.models import Account


@pytest.fixture
def trade(session):
    made = make_trade(session)
    session.commit()
    return made


@pytest.fixture
def client(app, session, trade):
    return sign_in_as(app, session, trade.scene.cooperative.id, "producer")


def mistakes(answer):
    return dict(re.findall(r'class="mistake" id="mistake-([^"]+)">([^<]+)', answer.text))


def values_of(html):
    return dict(re.findall(r'name="([^"]+)"[^>]*? value="([^"]*)"', html))


@pytest.mark.parametrize("language", ["vi", "en"])
def test_an_amount_is_read_as_its_own_page_writes_it(client, session, trade, language):
    harvest(session, trade, "H1", 1500, 3)
    lot = get_lot(session, trade.raw.id, "H1")
    session.commit()
    client.get(f"/?lang={language}")
    form = client.get(f"/san-xuat/che-bien?lo={lot.id}").text
    # What is left is offered, and comes back as the same amount.
    offered = values_of(form)[f"lot-{lot.id}"]
    written = {"vi": "1.200,5", "en": "1,200.5"}[language]
    fields = {"product": trade.middle.id, "lot_code": "N1", "unit": "kg", "at": typed(days_ago(1))}
    answer = client.post(
        "/san-xuat/che-bien", data={**fields, f"lot-{lot.id}": offered, "amount": written}
    )
    assert answer.status_code == 303, mistakes(answer)
    assert get_lot(session, trade.middle.id, "N1").quantity == pytest.approx(1200.5)
    [made] = session.scalars(select(Event).where(Event.type == "TransformationEvent"))
    assert json.loads(made.body)["inputQuantityList"][0]["quantity"] == 1500
    # Nor does a correction that touches no amount change one.
    form = client.get(f"/san-xuat/dinh-chinh/{made.sequence}").text
    unchanged = {name: value for name, value in values_of(form).items() if "List-" in name}
    assert len(unchanged) == 2
    answer = client.post(
        f"/san-xuat/dinh-chinh/{made.sequence}",
        data={**unchanged, "at": typed(days_ago(1)), "what": "wrong", "why": "thử"},
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("typed_in", "rule"),
    [("1e5", "Chỉ điền số"), ("NaN", "Chỉ điền số"), ("0,0004", "lớn hơn 0"), ("-3", "lớn hơn 0")],
)
def test_what_is_no_amount_is_said_beside_its_field(client, session, trade, typed_in, rule):
    area = f"area-{trade.scene.areas[0].id}"
    answer = client.post(
        "/san-xuat/thu-hoach",
        data={"product": trade.raw.id, "lot_code": "H1", "unit": "kg", "at": typed(days_ago(1)),
              area: typed_in},
    )  # fmt: skip
    assert answer.status_code == 400
    assert rule in mistakes(answer)[area]
    assert f'value="{typed_in}"' in answer.text


def test_nothing_happens_to_a_lot_before_its_first_day(client, session, trade):
    harvest(session, trade, "H1", 100, 3)
    lot = get_lot(session, trade.raw.id, "H1")
    session.commit()
    early = {"at": typed(days_ago(5)), f"lot-{lot.id}": "10"}
    for step, fields in {
        "che-bien": {"product": trade.middle.id, "lot_code": "N1", "unit": "kg", "amount": "5"},
        "dong-goi": {},
        "xuat-hang": {},
        "nhan-hang": {},
        "ban-le": {},
        "kiem-tra": {"lo": lot.id, "verdict": "conformant"},
        "thu-hoi": {"lo": lot.id, "reason": "thử", "confirmed": "yes"},
    }.items():
        answer = client.post(f"/san-xuat/{step}", data={**early, **fields})
        assert answer.status_code == 400, step
        assert "Lô H1 bắt đầu từ ngày" in mistakes(answer)["at"], step
    assert session.scalar(select(func.count()).select_from(Event)) == 1


def test_things_of_others_are_said_beside_the_field_and_nothing_typed_is_lost(
    app, client, session, trade
):
    (own,) = serials.issue_serials(session, trade.final, 1, trade.scene.lot)
    rival = sign_in_as(app, session, trade.scene.household.id, "producer")
    fields = {"codes": own, "paper": "PX-9", "at": typed(days_ago(0))}
    for step in ("dong-goi", "xuat-hang", "ban-le"):
        answer = rival.post(f"/san-xuat/{step}", data=fields)
        assert answer.status_code == 400, step
        assert "của đơn vị khác" in mistakes(answer)["codes"]
        assert own in answer.text
    # Of somebody's lot, by its number in the form.
    answer = rival.post("/san-xuat/xuat-hang", data={f"lot-{trade.scene.lot.id}": "1", **fields})
    assert answer.status_code == 400
    assert 'value="PX-9"' in answer.text
    never = client.post(
        "/san-xuat/ban-le", data={**fields, "codes": f"(01){trade.final.gtin}(21)X"}
    )
    assert "chưa từng phát hành" in mistakes(never)["codes"]
    foreign = f"area-{trade.scene.areas[1].id}"
    own_area = f"area-{trade.scene.areas[0].id}"
    answer = client.post(
        "/san-xuat/thu-hoach",
        data={"product": trade.raw.id, "lot_code": "H1", "unit": "kg", "at": typed(days_ago(1)),
              own_area: "5", foreign: "5", "store": "/nowhere"},
    )  # fmt: skip
    assert answer.status_code == 400
    assert set(mistakes(answer)) == {"areas", "store"}
    assert find_lot(session, trade.raw.id, "H1") is None


def packed_box(session, trade):
    harvest(session, trade, "H1", 100, 9)
    lot = get_lot(session, trade.raw.id, "H1")
    share = Share(lot, trade.raw, Decimal(10), "kg")
    box, _ = record_packing(session, trade.keeper, None, shares=[share], at=days_ago(5))
    session.commit()
    return box


def test_a_box_is_opened_and_sent_on_by_whom_it_was_sent_to(app, client, session, trade):
    box = packed_box(session, trade)
    rival = sign_in_as(app, session, trade.scene.household.id, "producer")
    now = typed(days_ago(0))
    assert rival.post("/san-xuat/nhan-hang", data={"codes": box, "at": now}).status_code == 303
    for step, field in (("mo-thung", "box"), ("xuat-hang", "codes")):
        answer = rival.post(f"/san-xuat/{step}", data={field: box, "at": now})
        assert answer.status_code == 400, step
        assert "do đơn vị khác đóng" in mistakes(answer)[field]
    sent = client.post("/san-xuat/xuat-hang", data={"codes": box, "at": typed(days_ago(1))})
    assert sent.status_code == 303
    for step, field in (("xuat-hang", "codes"), ("mo-thung", "box")):
        answer = rival.post(f"/san-xuat/{step}", data={field: box, "at": now})
        assert answer.status_code == 303, mistakes(answer)


def test_a_recall_says_who_has_to_be_told(client, session, trade):
    box = packed_box(session, trade)
    lot = get_lot(session, trade.raw.id, "H1")
    shop = Party(kind="enterprise", name="Siêu thị Thử", address="Số 1, phường Thử")
    session.add(shop)
    session.flush()
    whole = Load(shares=[Share(lot, trade.raw, Decimal(1), "kg")])
    record_shipping(session, trade.keeper, Load(boxes=[box]), at=days_ago(4), receiver=shop)
    record_shipping(session, trade.keeper, whole, at=days_ago(3), receiver_gln="9520001000003")
    household = Keeper(
        Captor("shop", trade.scene.household.id, frozenset({"producer"})), trade.keeper.base
    )
    record_receiving(session, household, whole, at=days_ago(2))
    record_receiving(session, trade.keeper, whole, at=days_ago(1))
    session.commit()
    reach = reach_of(session, trade.raw, lot)
    told = [(each.party and each.party.name, each.code) for each in reach.receivers]
    assert told == [
        (None, str(trade.scene.household.id)),
        (None, "9520001000003"),
        ("Siêu thị Thử", str(shop.id)),
    ]
    asked = {"lo": lot.id, "reason": "thử", "at": typed(days_ago(0))}
    for html in (
        client.post("/san-xuat/thu-hoi", data=asked).text,
        client.get(f"/san-xuat/lo/{lot.id}").text,
    ):
        assert "<b>Siêu thị Thử</b>, Số 1, phường Thử" in html
        assert "GLN <b>9520001000003</b>" in html
        assert "<b>Hộ sản xuất</b>" in html
        assert SECRET_NAME not in html


def test_an_officer_corrects_what_happened_in_the_own_commune(app, session, trade):
    box = packed_box(session, trade)
    shipping = record_shipping(session, trade.keeper, Load(boxes=[box]), at=days_ago(2))
    session.commit()
    form = f"/san-xuat/dinh-chinh/{shipping.sequence}"
    for commune, expected in (("24931", 403), (trade.scene.commune.code, 303)):
        officer = sign_in_as(app, session, None, "officer")
        account = session.scalars(select(Account).order_by(Account.id.desc()).limit(1)).one()
        account.commune_code = commune
        session.commit()
        if expected == 403:
            # Nor by the door of programs.
            by = Captor(account.username, None, frozenset({"officer"}), commune)
            declared = json.loads(shipping.body) | {
                "errorDeclaration": {"declarationTime": f"{days_ago(0).isoformat()}",
                                     "reason": "did_not_occur"}
            }  # fmt: skip
            with pytest.raises(RuleBrokenError, match="not of your commune"):
                capture_events(session, [declared], by=by)
        answer = officer.post(form, data={"what": "never", "why": "ghi nhầm"})
        assert answer.status_code == expected


def test_a_journey_tells_no_stranger_s_word(session, trade, monkeypatch):
    harvest(session, trade, "H1", 100, 9)
    lot = get_lot(session, trade.raw.id, "H1")
    load = Load(shares=[Share(lot, trade.raw, Decimal(1), "kg")])
    other = Party(kind="enterprise", name="Ai đó")
    session.add(other)
    session.flush()
    shop, stranger = (
        Keeper(Captor("shop", party.id, frozenset({"producer"})), trade.keeper.base)
        for party in (trade.scene.household, other)
    )
    record_receiving(session, stranger, load, at=days_ago(8))
    assert [step.kind for step in public_journey(session, trade.raw, lot)] == ["harvest"]
    record_shipping(session, trade.keeper, load, at=days_ago(7))
    record_receiving(session, shop, load, at=days_ago(6))
    told = [step.kind for step in public_journey(session, trade.raw, lot)]
    assert told == ["harvest", "ship", "receive"]
    # However long it becomes, it begins in the field.
    for days in range(5, 0, -1):
        record_sale(session, trade.keeper, load, at=days_ago(days))
    monkeypatch.setattr(journey, "_MOST_STEPS", 4)
    told = [step.kind for step in public_journey(session, trade.raw, lot)]
    assert told == ["harvest", "ship", "sell", "sell"]


def test_pages_of_forms_are_kept_by_nobody(client, trade):
    """Going back after sending asks for a new form, with a number of its own."""
    for address in ("/san-xuat", "/san-xuat/thu-hoach", "/san-xuat/lo", "/nhat-ky", "/truy-vet"):
        assert client.get(address).headers["Cache-Control"] == "private, no-store", address


def test_a_line_of_the_diary_and_a_product_are_written_once(client, session, trade):
    area = trade.scene.areas[0].id
    line = {"area": area, "done_on": f"{days_ago(2):%Y-%m-%d}", "activity": "spraying",
            "product_name": "Thuốc A", "phi_days": "7"}  # fmt: skip
    product = {"name": "Mứt mận", "net_content": "200 g"}
    for _ in range(2):
        assert client.post("/nhat-ky", data=line).status_code == 303
        assert client.post("/san-xuat/san-pham-moi", data=product).status_code == 303
    client.post("/san-xuat/san-pham-moi", data=product | {"net_content": "500 g"})
    client.post("/nhat-ky", data=line | {"phi_days": "8"})
    assert session.scalar(select(func.count()).select_from(DiaryEntry)) == 2
    named = select(func.count()).where(Product.name == "Mứt mận")
    assert session.scalar(named) == 2


def at_once(sends):
    """Send all at the same moment; the statuses in their order."""
    together = threading.Barrier(len(sends), timeout=30)
    came = [0] * len(sends)

    def run(place, send):
        together.wait()
        came[place] = send().status_code

    threads = [threading.Thread(target=run, args=each) for each in enumerate(sends)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return came


def test_two_taps_and_two_phones_at_once(clone_sessions, settings):
    app = create_app(settings, clone_sessions)
    app.config.update(WTF_CSRF_ENABLED=False)
    with clone_sessions.begin() as session:
        trade = make_trade(session)
        raw, area, party = trade.raw.id, trade.scene.areas[0].id, trade.scene.cooperative.id
    with clone_sessions() as session:
        clients = [sign_in_as(app, session, party, "producer") for _ in range(2)]
    fields = {"form": str(uuid4()), "product": raw, "lot_code": "H1", "unit": "kg",
              f"area-{area}": "70", "at": typed(days_ago(1))}  # fmt: skip
    taps = [partial(each.post, "/san-xuat/thu-hoach", data=fields) for each in clients]
    assert at_once(taps) == [303, 303]
    with clone_sessions() as session:
        assert get_lot(session, raw, "H1").quantity == 70
        [event] = session.scalars(select(Event)).all()
    # Each puts another amount in its place: one does, the other hears that it is corrected.
    phones = [
        partial(
            each.post,
            f"/san-xuat/dinh-chinh/{event.sequence}",
            data={"quantityList-0": amount, "at": fields["at"], "what": "wrong", "why": "cân lại"},
        )
        for each, amount in zip(clients, ("80", "90"), strict=True)
    ]
    assert at_once(phones) == [303, 303]
    with clone_sessions() as session:
        assert get_lot(session, raw, "H1").quantity in (80, 90)
        assert session.scalar(select(func.count()).select_from(Event)) == 3
