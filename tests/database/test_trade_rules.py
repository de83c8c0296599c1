"""Rules from field to shelf: intervals, fields at any depth, amounts, recalls, races, journeys."""

import threading
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from gis import diary
from gis.calendar import local_day, today
from gis.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.event_factories import event as inspection
from tests.product_factories import SECRET_NAME
from tests.trade_factories import days_ago, harvest, make_trade
from traceability.epcis.captor import Captor
from traceability.epcis.capture import capture_events
from traceability.following.finding import find_things
from traceability.following.journey import public_journey
from traceability.following.origin import public_origins
from traceability.following.places import list_areas
from traceability.following.recalls import recall_of
from traceability.following.revocations import find_revocations
from traceability.following.safety import safety_of
from traceability.following.stocks import left_of
from traceability.labelling import serials
from traceability.labelling.serials import Chosen
from traceability.lots import get_lot
from traceability.models import Event, EventItem, Lot, Product
from traceability.recording.activation import activate
from traceability.recording.boxes import record_packing, record_unpacking
from traceability.recording.checks import record_inspection, record_recall
from traceability.recording.corrections import corrected_body, record_correction
from traceability.recording.harvests import Harvest, record_harvest
from traceability.recording.keeping import Keeper, Share
from traceability.recording.moves import Load, record_receiving, record_sale, record_shipping
from traceability.recording.processing import record_processing


@pytest.fixture
def trade(session):
    return make_trade(session)


def process(session, trade, source, used, product, code, made, days, unit="kg"):
    owner = session.get(Product, source.product_id)
    lot, _ = record_processing(
        session,
        trade.keeper,
        [Share(source, owner, Decimal(used), "kg")],
        product,
        code,
        amount=Decimal(made),
        unit=unit,
        at=days_ago(days),
    )
    return lot


def chain(session, trade) -> tuple[Lot, Lot, Lot]:
    """Fresh fruit, then beans, then a product with a GTIN: two transformations."""
    fresh, _ = harvest(session, trade, "H1", 1000, 9)
    beans = process(session, trade, fresh, 800, trade.middle, "N1", 240, 7)
    roasted = process(session, trade, beans, 200, trade.final, "P1", 150, 6)
    return fresh, beans, roasted


def spray(session, area_id, days, interval):
    return diary.write_entry(
        session,
        area_id,
        done_on=local_day(days_ago(days)),
        activity="spraying",
        by="coop",
        today=today(),
        product_name="Thuốc A",
        phi_days=interval,
    )


def test_a_harvest_before_the_interval_loses_the_badge_however_deep(session, trade):
    area = trade.scene.areas[0].id
    fresh, beans, roasted = chain(session, trade)
    assert safety_of(session, roasted).reason == "not-inspected"
    record_inspection(
        session, trade.keeper, Share(fresh, trade.raw), at=days_ago(8), verdict="conformant"
    )
    for lot in (fresh, beans, roasted):
        assert safety_of(session, lot).badge
    # 12 days ago + 3 days: over when it was harvested 9 days ago; + 4 days would not be.
    spray(session, area, 12, 3)
    assert safety_of(session, roasted).badge
    wrong = spray(session, area, 12, 4)
    for lot in (fresh, beans, roasted):
        found = safety_of(session, lot)
        assert (found.badge, found.reason) == (False, "early-harvest")
        [early] = found.early
        assert (early.lot_code, early.harvested_on) == ("H1", local_day(days_ago(9)))
        assert (early.interval.product_name, early.interval.ends_on) == (
            "Thuốc A",
            local_day(days_ago(8)),
        )
    # What was applied after the harvest does not count, nor does a cancelled line.
    spray(session, area, 5, 30)
    diary.cancel_entry(session, wrong.id, by="coop")
    assert safety_of(session, roasted).badge
    record_inspection(
        session, trade.keeper, Share(beans, trade.middle), at=days_ago(1), verdict="non_conformant"
    )
    assert safety_of(session, roasted).reason == "non-conformant"
    assert safety_of(session, fresh).badge


def test_every_day_of_harvest_is_answered_for(session, trade):
    area = trade.scene.areas[0].id
    lot, _ = harvest(session, trade, "H2", 10, 9)
    harvest(session, trade, "H2", 10, 2)
    spray(session, area, 11, 5)
    assert [each.harvested_on for each in safety_of(session, lot).early] == [local_day(days_ago(9))]


def test_diary_lines_say_what_is_missing(session, trade):
    with pytest.raises(InvalidInputError) as refused:
        diary.write_entry(
            session,
            trade.scene.areas[0].id,
            done_on=date(2999, 1, 1),
            activity="spraying",
            by="x",
            today=today(),
        )
    assert {(each["pointer"], each["rule"]) for each in refused.value.context["errors"]} == {
        ("/done_on", "future"),
        ("/product_name", "missing"),
        ("/phi_days", "missing"),
    }


def test_fields_follow_at_any_depth(session, trade):
    _, _, roasted = chain(session, trade)
    [origin] = public_origins(session, trade.final.id, roasted.id)
    assert (origin.name, origin.codes) == ("Vùng cà phê Đạ Nghịt", ("VN-LDOR-0007",))
    assert origin.quantity is None


def test_amounts_balance(session, trade):
    fresh, beans, _ = chain(session, trade)
    assert left_of(session, trade.raw, fresh) == 200
    assert left_of(session, trade.middle, beans) == 40
    with pytest.raises(InvalidInputError) as refused:
        process(session, trade, beans, 41, trade.final, "P2", 1, 1)
    assert refused.value.context["errors"][0]["left"] == "40"
    with pytest.raises(InvalidInputError) as refused:
        process(session, trade, beans, 40, trade.final, "P2", "40.001", 1)
    assert refused.value.context["errors"][0]["rule"] == "balance"
    # 40 kg are 80 bags of 500 g, or 0.04 t, not more.
    trade.final.net_content = "500 g"
    with pytest.raises(InvalidInputError):
        process(session, trade, beans, 40, trade.final, "P2", 81, 1, unit="gói")
    lot = process(session, trade, beans, 40, trade.final, "P2", 80, 1, unit="gói")
    assert (lot.quantity, lot.unit) == (80, "gói")
    record_sale(
        session,
        trade.keeper,
        Load(shares=[Share(lot, trade.final, Decimal(30), "gói")]),
        at=days_ago(0.5),
    )
    assert left_of(session, trade.final, lot) == 50
    with pytest.raises(InvalidInputError):
        harvest(session, trade, "H1", 1, -1)


def test_somebody_elses_field_and_product_are_refused(session, trade):
    household = list_areas(session, trade.scene.household.id, None)
    with pytest.raises(ForbiddenError):
        record_harvest(
            session,
            trade.keeper,
            trade.raw,
            "X",
            [Harvest(household[0], Decimal(5))],
            unit="kg",
            at=days_ago(1),
        )
    trade.final.producer_id = trade.scene.household.id
    session.flush()
    with pytest.raises(ForbiddenError):
        process(session, trade, trade.scene.lot, 5, trade.raw, "Y", 1, 1)


def test_a_recall_reaches_boxes_and_items_and_is_lifted(session, trade):
    fresh, _, roasted = chain(session, trade)
    tem, other = serials.issue_serials(session, trade.final, 2, roasted)
    [event] = [
        record_recall(session, trade.keeper, Share(fresh, trade.raw), at=days_ago(1), reason="Thử")
    ]
    for lot, serial in ((roasted, None), (roasted, tem), (None, other)):
        notice = recall_of(session, trade.final, lot, serial)
        assert notice is not None
        assert (notice.lot_codes, notice.direct) == (("H1",), False)
    assert recall_of(session, trade.raw, fresh).direct
    record_correction(session, trade.keeper, event, why="Nhầm lô")
    assert recall_of(session, trade.final, roasted, tem) is None


def test_what_was_revoked_leads_nowhere(session, trade):
    fresh, beans, _ = chain(session, trade)
    lot = process(session, trade, beans, 10, trade.final, "P9", 8, 2)
    made = public_journey(session, trade.final, lot)[-1]
    assert (made.kind, made.facts["lots"]) == ("process", [("Cà phê nhân", "N1")])
    event = session.scalar(
        select(Event)
        .join(EventItem, EventItem.event_sequence == Event.sequence)
        .where(EventItem.key.like("%/P9"), EventItem.role == "output")
    )
    record_correction(session, trade.keeper, event, why="Không làm")
    session.refresh(lot)
    assert lot.status == "closed"
    assert left_of(session, trade.middle, beans) == 40
    record_recall(session, trade.keeper, Share(fresh, trade.raw), at=days_ago(1), reason="Thử")
    assert recall_of(session, trade.final, lot) is None


def test_an_event_is_corrected_by_the_prefixes_it_was_captured_with(session, trade):
    """An event of a program, or one recorded when this site had another address."""
    sent = {
        **inspection(0, **{"ex:grade": "A", "langbiang:variety": "Bourbon"}),
        "@context": [{"ex": "https://e.example/", "langbiang": "http://127.0.0.1:9/voc/"}],
    }
    for at in (None, days_ago(3)):
        [recorded] = capture_events(session, [sent], by=trade.keeper.captor)
        corrected = corrected_body(recorded, at=at) if at else None
        record_correction(session, trade.keeper, recorded, why="Nhầm", corrected=corrected)
        assert find_revocations(session, [recorded])
        sent["eventTime"] = "2026-10-06T06:00:00+07:00"


def test_an_item_lies_in_one_box(session, trade):
    _, _, roasted = chain(session, trade)
    tems = tuple(serials.issue_serials(session, trade.final, 2, roasted))
    activate(session, trade.keeper, trade.final, Chosen(trade.final.id, tems), at=days_ago(5))
    items = [(trade.final, tem) for tem in tems]
    box, _ = record_packing(session, trade.keeper, None, items=items, at=days_ago(4))
    with pytest.raises(InvalidInputError):
        record_packing(session, trade.keeper, None, items=items[:1], at=days_ago(3))
    [thing] = find_things(session, box)
    assert thing.kind == "box"
    record_unpacking(session, trade.keeper, box, at=days_ago(2))
    record_packing(session, trade.keeper, "095200001000000018", items=items[:1], at=days_ago(1))
    steps = public_journey(session, trade.final, None, tems[0])
    assert [step.kind for step in steps] == ["harvest", "process", "process", "pack", "pack"]
    assert all(step.product_code for step in steps)


def test_a_shop_sells_what_it_received_and_nothing_else(session, trade):
    _, _, roasted = chain(session, trade)
    tems = tuple(serials.issue_serials(session, trade.final, 3, roasted))
    activate(session, trade.keeper, trade.final, Chosen(trade.final.id, tems), at=days_ago(5))
    items = [(trade.final, tem) for tem in tems]
    box, _ = record_packing(session, trade.keeper, None, items=items[:2], at=days_ago(4))
    party = trade.scene.household.id
    shop = Keeper(Captor("shop", party, frozenset({"producer"})), trade.keeper.base)
    with pytest.raises(ForbiddenError):
        record_sale(session, shop, Load(items=items[:1]), at=days_ago(1))
    record_shipping(session, trade.keeper, Load(boxes=[box]), at=days_ago(3.5))
    record_receiving(session, shop, Load(boxes=[box]), at=days_ago(3))
    record_unpacking(session, shop, box, at=days_ago(2))
    record_sale(session, shop, Load(items=items[:1]), at=days_ago(1))
    with pytest.raises(ForbiddenError):
        record_sale(session, shop, Load(items=items[2:]), at=days_ago(1))
    with pytest.raises(InvalidInputError, match="sold already"):
        record_sale(session, shop, Load(items=items[:1]), at=days_ago(0.5))


def test_journeys_name_nobody(session, trade):
    lot = trade.scene.lot
    steps = public_journey(session, trade.final, lot)
    assert [step.kind for step in steps] == ["harvest", "harvest", "process"]
    assert SECRET_NAME not in repr(steps)
    assert [step.place for step in steps[:2]] == ["Vùng cà phê Đạ Nghịt", "Xã Lạc Dương"]
    assert steps[0].product_code == f"(01){trade.final.gtin}(10)L2610"


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("9520009000012", "product"),
        ("09520009000012", "product"),
        (" 0952 0009 000012 ", "product"),
        ("(01)09520009000012(10)L2610", "lot"),
        ("(01) 09520009000012 (17)271115(10)L2610", "lot"),
        ("https://id.example/01/09520009000012/10/L2610?x=1", "lot"),
        ("/01/9520009000012/10/L2610", None),
        ("urn:epc:class:lgtin:952000.0900001.L2610", "lot"),
        ("L2610", "lot"),
        ("095200001000000018", "box"),
        ("https://langbiang.example/san-pham/{id}/lo/L2610?lang=en", "lot"),
        ("https://somewhere.example/else", "other"),
    ],
)
def test_any_code_finds_its_thing(session, trade, typed, kind):
    if kind is None:
        with pytest.raises(InvalidInputError):
            find_things(session, typed)
        return
    [thing] = find_things(session, typed.replace("{id}", str(trade.final.id)))
    assert thing.kind == kind
    if kind in ("product", "lot"):
        assert thing.product == trade.final
    if kind == "lot":
        assert thing.lot == trade.scene.lot


def test_codes_that_are_wrong_or_unknown(session, trade):
    [tem] = serials.issue_serials(session, trade.final, 1, trade.scene.lot)
    [thing] = find_things(session, f"{tem[:4]}-{tem[4:8]} {tem[8:].lower()}")
    assert (thing.kind, thing.serial, thing.lot) == ("item", tem, trade.scene.lot)
    for wrong in ("9520009000013", "TX-0000-000A", "(01)123", "http://[bad", ""):
        with pytest.raises(InvalidInputError):
            find_things(session, wrong)
    with pytest.raises(NotFoundError):
        find_things(session, "NOBODY")


def test_two_at_once_do_not_take_more_than_there_is(clone_sessions):
    with clone_sessions.begin() as session:
        trade = make_trade(session)
        harvest(session, trade, "H1", 100, 3)
    came: list[str] = []
    together = threading.Barrier(2, timeout=120)

    def take(code: str) -> None:
        try:
            with clone_sessions.begin() as session:
                fresh = get_lot(session, trade.raw.id, "H1")
                raw, middle = (session.get(Product, each.id) for each in (trade.raw, trade.middle))
                together.wait()
                record_processing(
                    session,
                    trade.keeper,
                    [Share(fresh, raw, Decimal(60), "kg")],
                    middle,
                    code,
                    amount=Decimal(10),
                    unit="kg",
                    at=days_ago(1),
                )
            came.append("made")
        except InvalidInputError as error:
            came.append(error.context["errors"][0].get("rule", "rule"))

    threads = [threading.Thread(target=take, args=(code,)) for code in ("A", "B")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(came) == ["left", "made"]
