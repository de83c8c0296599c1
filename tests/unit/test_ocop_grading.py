"""OCOP stars: by hand on set 13, by properties on all sets, by the figures of the decision."""

import json
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.errors import InvalidInputError
from traceability.ocop import rubric_on
from traceability.ocop.certificates import authority_of, regrade_window
from traceability.ocop.grading import average, check_scores, grade, shown, stars_by_total
from traceability.ocop.rubric import (
    PARTS,
    STOPS,
    VERSIONS,
    in_english,
    load_rubric,
    rubric_set,
)
from traceability.ocop.windows import ministry_round, province_round

COFFEE = 13


def best(number: int) -> dict[str, int]:
    return {each.code: each.most for each in rubric_set(number).criteria}


def test_the_tables_are_whole():
    """The decision's own sums: 26 sets, 787 criteria, 2,535 options; 40 + 25 + 35 in each."""
    sets = load_rubric()
    assert list(sets) == list(range(1, 27))
    criteria = [each for one in sets.values() for each in one.criteria]
    assert (len(criteria), sum(len(each.options) for each in criteria)) == (787, 2535)
    for one in sets.values():
        for part, most in PARTS.items():
            held = [each for each in one.sections if each.part == part]
            assert sum(each.most for each in held) == most, (one.number, part)
            assert all(each.most == sum(c.most for c in each.criteria) for each in held)
        assert set(one.all_stops) <= set(STOPS)
        codes = [each.code for each in one.criteria]
        assert len(set(codes)) == len(codes)
        for each in one.criteria:
            assert max(each.accepted) == each.most
            assert len({option.label for option in each.options}) == len(each.options)
            assert all(len(option.label) <= 60 for option in each.options)
            labels = [each.label, *(option.label for option in each.options)]
            told = [in_english(label) for label in labels]
            assert len(set(told[1:])) == len(told[1:]), (one.number, each.code)
            # Figures alone are the same in both.
            assert [x for x in labels if in_english(x) == x and x[0].isalpha()] == []


@pytest.mark.real_data
def test_figures_equal_the_decision(shared):
    """Points, options, maxima, gates as marked and as effective: all 26 sets, exactly."""
    decided = json.loads((shared / "domain/ocop_rubric_qd26_2026.json").read_text("utf-8"))
    assert len(decided) == 26
    for wanted in decided:
        ours = rubric_set(wanted["no"])
        sections = [(part, each) for part in wanted["parts"] for each in part["sections"]]
        assert [(s.part, s.code, s.most) for s in ours.sections] == [
            (part["part"], each["code"], each["max"]) for part, each in sections
        ]
        assert {part["part"]: part["max"] for part in wanted["parts"]} == dict(PARTS)
        assert [
            (c.code, c.most, c.min_star, [(o.points, o.min_star) for o in c.options])
            for c in ours.criteria
        ] == [
            (
                c["code"],
                c["max"],
                c["min_star"],
                [(o["score"], o["min_star"]) for o in c["options"]],
            )
            for _, section in sections
            for c in section["criteria"]
        ]
        for level in (3, 4, 5):
            assert ours.gates_marked(level) == wanted["gates_marked"][str(level)]
            assert ours.gates(level) == wanted["gates_effective"][str(level)]
        assert bool(ours.stops) == bool(wanted["disqualify_if"])
        # Labels are ours: none is a sentence of the decision.
        theirs = {o["text"] for _, s in sections for c in s["criteria"] for o in c["options"]}
        assert not [
            o for c in ours.criteria for o in c.options if len(o.label) > 30 and o.label in theirs
        ]


def test_coffee_by_hand():
    """Set 13: 92 points whose label carries no trace code (2.3 needs 3 for 4★) are 3★."""
    coffee = rubric_set(COFFEE)
    assert grade(coffee, best(COFFEE)).stars == 5
    scores = best(COFFEE) | {"2.3": 2, "4.2": 3, "4.3": 3, "10": 1, "11": 1, "3.5": 2, "1.3": 2}
    found = grade(coffee, check_scores(coffee, scores))
    assert (found.total, found.by_total, found.stars) == (92, 5, 3)
    assert [(gate.level, gate.criterion, gate.needed, gate.given) for gate in found.unmet] == [
        (4, "2.3", 3, 2)
    ]
    assert found.unmet[0].option == "Thêm: mã truy xuất điện tử"
    assert dict(found.parts) == {"A": 37, "B": 23, "C": 32}
    # The gate of 1.5 is marked on "trên 75%" (2 points): the option above it holds it too.
    for points, stars in ((1, 3), (2, 4), (3, 5)):
        assert grade(coffee, best(COFFEE) | {"1.5": points}).stars == stars
    # A 3★ gate unmet leaves two stars, whatever the total: 2.2 asks for 2 points.
    low = grade(coffee, best(COFFEE) | {"2.2": 1})
    assert (low.by_total, low.stars, low.is_recognised) == (5, 2, False)
    assert {(gate.level, gate.criterion) for gate in low.unmet} == {(3, "2.2")}


def test_a_mark_on_two_options_asks_for_the_higher():
    """Sets 19 and 20 mark two options of 3.5 with three stars."""
    for number in (19, 20):
        assert rubric_set(number).gates_marked(3)["3.5"] == 2
        assert grade(rubric_set(number), best(number) | {"3.5": 1}).stars == 2


def test_disqualified():
    coffee = rubric_set(COFFEE)
    found = grade(coffee, best(COFFEE), ["forged"])
    assert (found.stars, found.by_total, found.is_held_back) == (0, 5, True)
    with pytest.raises(InvalidInputError):
        grade(coffee, best(COFFEE), ["infringing"])


@pytest.mark.parametrize(
    ("total", "stars"),
    [(0, 1), (29, 1), (30, 2), (49, 2), (50, 3), (69, 3), (70, 4), (89, 4), (90, 5), (100, 5)],
)
def test_levels(total, stars):
    assert stars_by_total(total) == stars


def test_the_average_is_never_rounded_up():
    """Three members, 90 + 90 + 89: 89.67 is four stars; 899999/10000 is shown as 89.99."""
    assert stars_by_total(Fraction(269, 3)) == 4
    assert str(shown(Fraction(269, 3))) == "89.66"
    assert str(shown(Fraction(899999, 10000))) == "89.99"
    assert str(shown(Fraction(92))) == "92"


def test_one_member_pulls_a_gate_down():
    coffee = rubric_set(COFFEE)
    full, without = best(COFFEE), best(COFFEE) | {"2.3": 2}
    agreed = grade(coffee, average([full, full]))
    doubted = grade(coffee, average([full, full, without]))
    assert (agreed.stars, doubted.stars) == (5, 3)
    assert doubted.total == Fraction(299, 3)
    assert doubted.unmet[0].given == Fraction(8, 3)


@pytest.mark.parametrize(
    ("scores", "where"),
    [
        ({"2.3": 0}, "/scores/2.3"),  # its options give 1, 2, 3
        ({"4.1": 4}, "/scores/4.1"),  # 1, 2, 3, 5
        ({"2.4": 2}, "/scores/2.4"),  # yes or no: 0 or 1
        ({"9.9": 1}, "/scores/9.9"),
        ({"1.1": True}, "/scores/1.1"),
        ({"1.1": "3"}, "/scores/1.1"),
        ({"1.1": 2.0}, "/scores/1.1"),
        ({"1.1": -1}, "/scores/1.1"),
        ({"5.1": 0, "5.2": 1}, "/scores/5.2"),  # a story's form without a story
        ({"5.2": 1}, "/scores/5.2"),
    ],
)
def test_only_points_of_options(scores, where):
    with pytest.raises(InvalidInputError) as caught:
        check_scores(rubric_set(COFFEE), scores)
    assert [each["pointer"] for each in caught.value.context["errors"]] == [where]


def sheets(number: int):
    """Sheets of one set: any option of each criterion, or none."""
    return st.fixed_dictionaries(
        {},
        optional={
            each.code: st.sampled_from(sorted(each.accepted))
            for each in rubric_set(number).criteria
        },
    )


ANY = st.sampled_from(range(1, 27)).flatmap(
    lambda number: st.tuples(st.just(number), sheets(number), sheets(number))
)


@given(ANY)
def test_stars_never_exceed_what_total_and_gates_admit(drawn):
    number, first, second = drawn
    rubric = rubric_set(number)
    for scores in (first, average([first, second])):
        found = grade(rubric, scores)
        assert 0 <= found.total <= 100
        assert 1 <= found.stars <= found.by_total == stars_by_total(found.total)
        held = [
            level
            for level in (3, 4, 5)
            if all(scores.get(code, 0) >= least for code, least in rubric.gates(level).items())
        ]
        assert found.stars == min(found.by_total, max(held, default=2))
        assert bool(found.unmet) == found.is_held_back
        assert all(gate.given < gate.needed for gate in found.unmet)
        assert all(found.stars < gate.level <= found.by_total for gate in found.unmet)


@given(ANY, st.data())
def test_adding_points_never_lowers_stars(drawn, data):
    number, scores, _ = drawn
    rubric = rubric_set(number)
    code = data.draw(st.sampled_from([each.code for each in rubric.criteria]))
    more = [points for points in rubric.criterion(code).accepted if points >= scores.get(code, 0)]
    raised = scores | {code: data.draw(st.sampled_from(more))}
    assert grade(rubric, raised).stars >= grade(rubric, scores).stars
    assert grade(rubric, raised).by_total >= grade(rubric, scores).by_total


@given(st.sampled_from(range(1, 27)), st.data())
def test_every_combination_of_gates(number, data):
    """From full marks, any gates lowered just under their mark: the lowest level hit decides."""
    rubric = rubric_set(number)
    gates = [
        (level, code, least)
        for level in (3, 4, 5)
        for code, least in rubric.gates_marked(level).items()
    ]
    broken = data.draw(st.lists(st.sampled_from(gates), unique=True))
    scores = {each.code: Fraction(each.most) for each in rubric.criteria}
    for _, code, least in broken:
        scores[code] = min(scores[code], Fraction(least) - Fraction(1, 100))
    found = grade(rubric, scores)
    hit = [
        level
        for level in (3, 4, 5)
        if any(scores[code] < least for code, least in rubric.gates(level).items())
    ]
    assert found.stars == min(found.by_total, min(hit, default=6) - 1)


def test_versions_by_day():
    assert rubric_on(date(2026, 5, 22)) == "QĐ 26/2026/QĐ-TTg"
    assert rubric_on(date(2026, 5, 21)) == "QĐ 1489/QĐ-TTg"
    assert rubric_on(date(2025, 1, 1)) == "QĐ 148/QĐ-TTg"
    assert rubric_on(date(2015, 1, 1)) == next(iter(VERSIONS))
    assert list(VERSIONS.values()) == sorted(VERSIONS.values())


@pytest.mark.parametrize(
    ("asked", "before", "done"),
    [
        (date(2026, 4, 29), date(2026, 4, 30), date(2026, 6, 30)),
        (date(2026, 4, 30), date(2026, 10, 30), date(2026, 12, 30)),
        (date(2026, 10, 29), date(2026, 10, 30), date(2026, 12, 30)),
        (date(2026, 10, 30), date(2027, 4, 30), date(2027, 6, 30)),
    ],
)
def test_rounds_of_the_province(asked, before, done):
    found = province_round(asked)
    assert (found.requested_before, found.done_before) == (before, done)


def test_rounds_of_the_ministry():
    assert ministry_round(date(2026, 7, 29)).done_before == date(2026, 9, 30)
    assert ministry_round(date(2026, 7, 30)).requested_before == date(2027, 1, 30)
    assert ministry_round(date(2026, 1, 1)).done_before == date(2026, 3, 30)


@pytest.mark.parametrize(
    ("day", "state"),
    [
        (date(2029, 2, 5), "early"),
        (date(2029, 2, 6), "due"),  # 180 days before 5 August 2029
        (date(2029, 4, 7), "due"),  # 120 days before
        (date(2029, 4, 8), "late"),
        (date(2029, 8, 5), "late"),
        (date(2029, 8, 6), "transition"),
        (date(2030, 2, 1), "transition"),  # 180 days after
        (date(2030, 2, 2), "lapsed"),
    ],
)
def test_window_of_grading_again(day, state):
    assert regrade_window(date(2029, 8, 5)).state(day) == state


def test_who_recognises():
    assert [authority_of(stars) for stars in (3, 4, 5)] == ["province", "province", "ministry"]
