"""From scores to stars (QĐ 26/2026/QĐ-TTg): the total, the gates, and why it is not more; pure.

    stars = min(stars by the total, the highest level whose gates all hold)

A gate holds when the points given in its criterion reach those of the marked option: a higher
option holds it too. A level's gates are its own marks and those of all lower levels. For a council
both the total and each criterion are the members' average, never rounded up: a gate is a fact, and
one member who does not see it pulls the average below it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

from gis.errors import InvalidInputError
from traceability.ocop.rubric import (
    GATE_LEVELS,
    STORY,
    STORY_FORM,
    RubricSet,
)

# Stars: the least total. Under 30 there is one star; fewer than three are recognised by nobody.
LEAST_TOTALS = {5: 90, 4: 70, 3: 50, 2: 30, 1: 0}
RECOGNISED = 3


@dataclass(frozen=True, slots=True)
class UnmetGate:
    """A gate that keeps a product below a level: what it needs and what was given.

    `option` names the option to reach; None for a yes-or-no criterion.
    """

    level: int
    criterion: str
    label: str
    needed: int
    option: str | None
    given: Fraction


@dataclass(frozen=True, slots=True)
class Grade:
    """What a product reaches.

    `stars` is 0 for a disqualified product. `unmet` are the gates between its stars and those that
    the total alone would give. `missing` are criteria without points: they count nothing.
    """

    total: Fraction
    parts: Mapping[str, Fraction]
    by_total: int
    stars: int
    unmet: tuple[UnmetGate, ...]
    missing: tuple[str, ...]
    stops: tuple[str, ...]

    @property
    def is_held_back(self) -> bool:
        """Whether the total would give more stars than there are."""
        return self.stars < self.by_total

    @property
    def is_recognised(self) -> bool:
        """Whether there are stars enough for a decision and a certificate."""
        return self.stars >= RECOGNISED


def check_scores(rubric: RubricSet, given: Mapping[str, int]) -> dict[str, int]:
    """Check one sheet of scores and return it in the rubric's order.

    A criterion may be left out: it then counts nothing.

    Args:
        rubric: The set that the product belongs to.
        given: Points by criterion.

    Raises:
        InvalidInputError: An unknown criterion, points that none of its options gives, or points
            for the form of a story that there is none of; `errors` names each.
    """
    errors = []
    known = {criterion.code: criterion for criterion in rubric.criteria}
    for code, points in given.items():
        criterion = known.get(code)
        if criterion is None:
            detail = f"Set {rubric.number} has no such criterion."
        elif type(points) is not int or points not in criterion.accepted:
            accepted = ", ".join(map(str, sorted(criterion.accepted)))
            detail = f"Only the points of an option are given: {accepted}."
        elif code == STORY_FORM and points and _tells_of_story(rubric) and not given.get(STORY):
            detail = "Only a product with a story (5.1) is given points for how it is told."
        else:
            continue
        errors.append({"pointer": f"/scores/{code}", "detail": detail, "criterion": code})
    if errors:
        raise InvalidInputError("Some scores are not those of the rubric.", errors=errors)
    return {code: given[code] for code in known if code in given}


def average(sheets: Sequence[Mapping[str, int]]) -> dict[str, Fraction]:
    """Average the members' sheets by criterion; a criterion a member left out counts 0 for them.

    Raises:
        ValueError: There is no sheet.
    """
    if not sheets:
        raise ValueError("nothing to average")
    codes = dict.fromkeys(code for sheet in sheets for code in sheet)
    return {
        code: Fraction(sum(sheet.get(code, 0) for sheet in sheets), len(sheets)) for code in codes
    }


def stars_by_total(total: Fraction | int) -> int:
    """Return the stars (1 to 5) that a total of 0 to 100 points would give."""
    return next(stars for stars, least in LEAST_TOTALS.items() if total >= least)


def grade(
    rubric: RubricSet,
    scores: Mapping[str, Fraction] | Mapping[str, int],
    stops: Sequence[str] = (),
) -> Grade:
    """Grade one sheet, or the average of several.

    Args:
        rubric: The set that the product belongs to.
        scores: Points by criterion, checked; what is left out counts 0.
        stops: What disqualifies it, if anything.

    Raises:
        InvalidInputError: A stop that this set does not know.
    """
    if unknown := [stop for stop in stops if stop not in rubric.all_stops]:
        raise InvalidInputError(f"Set {rubric.number} knows no ground {unknown[0]!r}.")
    points = {code: Fraction(value) for code, value in scores.items()}
    parts = {
        part: sum(
            (
                points.get(criterion.code, Fraction(0))
                for section in rubric.sections
                if section.part == part
                for criterion in section.criteria
            ),
            Fraction(0),
        )
        for part in sorted({section.part for section in rubric.sections})
    }
    total = sum(parts.values(), Fraction(0))
    by_total = stars_by_total(total)
    reached = _highest_level(rubric, points)
    stars = 0 if stops else min(by_total, reached)
    return Grade(
        total=total,
        parts=parts,
        by_total=by_total,
        stars=stars,
        unmet=tuple(_unmet(rubric, points, above=min(by_total, reached), up_to=by_total)),
        missing=tuple(each.code for each in rubric.criteria if each.code not in points),
        stops=tuple(stops),
    )


def shown(points: Fraction) -> Decimal:
    """Points as people read them: two decimals at most, rounded down so that 89.999 is not 90."""
    exact = Decimal(points.numerator) / Decimal(points.denominator)
    rounded = exact.quantize(Decimal("0.01"), rounding=ROUND_DOWN)
    return rounded.quantize(Decimal(1)) if rounded == rounded.to_integral_value() else rounded


def _highest_level(rubric: RubricSet, points: Mapping[str, Fraction]) -> int:
    """The highest level whose gates all hold; two stars have none."""
    reached = GATE_LEVELS[0] - 1
    for level in GATE_LEVELS:
        if any(points.get(code, 0) < least for code, least in rubric.gates(level).items()):
            break
        reached = level
    return reached


def _unmet(
    rubric: RubricSet, points: Mapping[str, Fraction], *, above: int, up_to: int
) -> list[UnmetGate]:
    """The gates that do not hold, each once, at the lowest level that asks for it."""
    found: list[UnmetGate] = []
    for level in GATE_LEVELS:
        if not above < level <= up_to:
            continue
        for code, needed in rubric.gates(level).items():
            given = points.get(code, Fraction(0))
            if given >= needed or any(
                each.criterion == code and each.needed == needed for each in found
            ):
                continue
            criterion = rubric.criterion(code)
            option = criterion.label_of(needed)
            found.append(UnmetGate(level, code, criterion.label, needed, option, given))
    return found


def _tells_of_story(rubric: RubricSet) -> bool:
    """Whether the set grades how a story is told apart from having one: all but tourism."""
    return any(option.points == 0 for option in rubric.criterion(STORY).options)
