"""The words of producers' pages: numbers as typed and as shown, refusals that still exist."""

from decimal import Decimal
from pathlib import Path

import pytest

from gis.errors import InvalidInputError
from traceability.epcis.measures import as_coded, convert, same_kind, unit_named, unit_of
from traceability.following.genealogy import Node, Step
from traceability.recording.processing import read_net_mass
from web.trade.graph import HEIGHT, WIDTH, draw
from web.trade.words import REFUSALS

EPCIS = Path(__file__).parent.parent.parent / "traceability" / "epcis"


def test_every_refusal_is_one_that_the_rules_say():
    said = " ".join(path.read_text() for path in EPCIS.glob("*.py"))
    said = said.replace("{verb}", "sent out would be used")
    for piece in REFUSALS:
        assert piece.removeprefix("would be ").split(",")[0] in said, piece


@pytest.mark.parametrize(
    ("amount", "name", "coded"),
    [
        ("1.5", "kg", (Decimal("1.5"), "KGM")),
        ("2", "tấn", (Decimal(2), "TNE")),
        ("3", "yến", (Decimal(30), "KGM")),
        ("7", "lít", (Decimal(7), "LTR")),
        ("12", "hộp", (Decimal(12), None)),
    ],
)
def test_units_travel_as_codes(amount, name, coded):
    assert as_coded(Decimal(amount), name) == coded


def test_units_are_brought_to_each_other():
    assert convert(Decimal("0.5"), "tấn", "kg") == 500
    assert convert(Decimal(3), "tạ", "yến") == 30
    assert convert(Decimal(250), "ml", "lít") == Decimal("0.25")
    assert unit_of("GRM").name == "g"
    assert unit_named("quả").kind == "count"
    assert not same_kind("hộp", "gói")
    for pair in (("kg", "lít"), ("hộp", "gói"), ("kg", "hộp")):
        with pytest.raises(InvalidInputError):
            convert(Decimal(1), *pair)


@pytest.mark.parametrize(
    ("text", "kilograms"),
    [
        ("500 g", "0.5"),
        ("5 kg", "5"),
        ("1,5 kg (3 túi)", "1.5"),
        ("40 g (20 túi × 2 g)", "0.04"),
        ("750 ml", None),
        ("1 bó", None),
        ("", None),
        (None, None),
    ],
)
def test_net_contents_weigh(text, kilograms):
    assert read_net_mass(text) == (None if kilograms is None else Decimal(kilograms))


def node(key: str, kind: str = "lot", depth: int = 0) -> Node:
    return Node(key, kind, key, None, depth)


def test_a_picture_flows_downward_and_counts_what_is_alike():
    labels = [node(f"tem{number}", "item", 2) for number in range(100)]
    nodes = [node("field", "area", -2), node("fresh", depth=-1), node("made"), *labels]
    steps = [
        Step("field", "fresh", "grown", None),
        Step("fresh", "made", "made", 1),
        *(Step("made", each.key, "lot", None) for each in labels),
    ]
    drawn = draw(nodes, steps, ["made"])
    assert len(drawn.boxes) == 4
    assert [box.count for box in drawn.boxes] == [1, 1, 1, 100]
    rows = {box.node.key: box.y for box in drawn.boxes}
    assert rows["field"] < rows["fresh"] < rows["made"] < rows["tem0"]
    assert [box.is_asked for box in drawn.boxes] == [False, False, True, False]
    assert len(drawn.lines) == 3
    assert all(box.x + WIDTH <= drawn.width for box in drawn.boxes)
    assert all(box.y + HEIGHT <= drawn.height for box in drawn.boxes)


def test_a_picture_of_circles_and_of_many_ends():
    circle = [Step("a", "b", "made", 1), Step("b", "a", "made", 2)]
    assert len(draw([node("a"), node("b")], circle, ["a"]).boxes) == 2
    many = [node(f"lot{number:02}", depth=1) for number in range(50)]
    steps = [Step("a", each.key, "made", 1) for each in many]
    drawn = draw([node("a"), *many], steps, ["lot49"])
    assert "lot49" in {box.node.key for box in drawn.boxes}
    assert drawn.left_out == 50 - 8
    assert len({(box.x, box.y) for box in drawn.boxes}) == len(drawn.boxes)
