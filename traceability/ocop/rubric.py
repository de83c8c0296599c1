"""The rubric of QĐ 26/2026/QĐ-TTg as data: 26 sets, their criteria, options, gates; pure.

The tables in `data/` are the project's own: labels are short and in its own words, points and
gates are the decision's.

    sections.tsv   set, part (A, B, C), section, its most points, name
    criteria.tsv   set, section, criterion, scale, most points, points of its options, stops
    scales.tsv     scale, name of the criterion, names of the options ("Thêm: …" adds to the one
                   before it)
    stops.tsv      set, what disqualifies from it altogether
    english.tsv    every label in English

Points carry their gate as the decision prints it: `2***` = two points, and reaching this option is
the least for three stars. `-` = no options: yes or no, worth all or nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from gis.errors import InvalidInputError
from traceability.ocop.groups import SETS

CURRENT_RUBRIC = "QĐ 26/2026/QĐ-TTg"
# In force from its day of signing; what was graded before keeps the rubric it was graded by.
CURRENT_SINCE = date(2026, 5, 22)
FORMER_RUBRIC = "QĐ 148/QĐ-TTg"

# The oldest first. Of the older ones only the name is needed: their certificates stay valid until
# they expire, and nothing new is graded by them.
VERSIONS: Mapping[str, date] = MappingProxyType(
    {
        "QĐ 1048/QĐ-TTg": date(2019, 8, 21),
        FORMER_RUBRIC: date(2023, 2, 24),
        "QĐ 1489/QĐ-TTg": date(2025, 7, 6),
        CURRENT_RUBRIC: CURRENT_SINCE,
    }
)

PARTS: Mapping[str, int] = MappingProxyType({"A": 40, "B": 25, "C": 35})
PART_NAMES: Mapping[str, str] = MappingProxyType(
    {"A": "Sản phẩm và sức mạnh cộng đồng", "B": "Khả năng tiếp thị", "C": "Chất lượng sản phẩm"}
)
GATE_LEVELS = (3, 4, 5)
# The criterion about the representative as a person: its facts are sensitive, only points go on.
SENSITIVE_CRITERION = "3.2"
STORY, STORY_FORM = "5.1", "5.2"
FIRST_TOURISM_SET = 26

STOPS: Mapping[str, str] = MappingProxyType(
    {
        "forged": "Hồ sơ giả mạo",
        "food-safety": "Không có giấy đủ điều kiện an toàn thực phẩm",
        "licence": "Không có giấy phép sản xuất",
        "conditions": "Không đủ điều kiện sản xuất bắt buộc của ngành",
        "undeclared": "Chưa công bố sản phẩm theo quy định",
        "papers": "Hồ sơ đăng ký không đúng quy định",
        "imported": "Chỉ dùng nguyên liệu nhập khẩu hoặc không rõ nguồn gốc",
        "copied": "Giống hệt sản phẩm của nơi khác, chỉ đổi tên",
        "common": "Sản phẩm phổ biến, không nổi trội",
        "outside": "Không nuôi, trồng hết trong tỉnh",
        "impurity": "Có tạp chất mất an toàn",
        "infringing": "Vi phạm sở hữu trí tuệ",
    }
)


@dataclass(frozen=True, slots=True)
class Option:
    """One level of a criterion; `min_star`: the least for so many stars (3 to 5), or None."""

    points: int
    label: str
    min_star: int | None


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of a set; without options it is yes (all its points) or no (none).

    `min_star` is a gate on the criterion as a whole. `stops` disqualify while judging it.
    `scale` is the same wherever its line and options are.
    """

    code: str
    section: str
    label: str
    most: int
    min_star: int | None
    options: tuple[Option, ...]
    stops: tuple[str, ...]
    scale: str

    @property
    def accepted(self) -> frozenset[int]:
        """The points that may be given."""
        if not self.options:
            return frozenset((0, self.most))
        return frozenset(option.points for option in self.options)

    def label_of(self, points: int) -> str | None:
        """What an option with these points says (of two cases with equal points, the first)."""
        return next((each.label for each in self.options if each.points == points), None)


@dataclass(frozen=True, slots=True)
class Section:
    """Criteria under one heading."""

    code: str
    part: str
    label: str
    most: int
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class RubricSet:
    """All by which products of one set (1 to 26) are graded."""

    number: int
    group: int
    name: str
    sections: tuple[Section, ...]
    stops: tuple[str, ...]

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """All criteria in the decision's order."""
        return tuple(criterion for section in self.sections for criterion in section.criteria)

    @property
    def all_stops(self) -> tuple[str, ...]:
        """All that disqualifies: from the set as a whole, then while judging a criterion."""
        own = (stop for criterion in self.criteria for stop in criterion.stops)
        return tuple(dict.fromkeys((*self.stops, *own)))

    def criterion(self, code: str) -> Criterion:
        """Find a criterion.

        Raises:
            InvalidInputError: The set has none of this code.
        """
        found = next((each for each in self.criteria if each.code == code), None)
        if found is None:
            raise InvalidInputError(f"Set {self.number} has no criterion {code!r}.")
        return found

    def gates_marked(self, level: int) -> dict[str, int]:
        """The least points by criterion that are marked for just this level (3 to 5).

        A mark on an option asks for its points; where two options of a criterion carry the same
        mark, for those of the higher one. A mark on a criterion asks for all its points.
        """
        gates: dict[str, int] = {}
        for criterion in self.criteria:
            marked = [each.points for each in criterion.options if each.min_star == level]
            if criterion.min_star == level:
                marked.append(criterion.most)
            if marked:
                gates[criterion.code] = max(marked)
        return gates

    def gates(self, level: int) -> dict[str, int]:
        """The least points by criterion that a level needs: its own marks and all lower ones."""
        gates: dict[str, int] = {}
        for step in GATE_LEVELS:
            if step <= level:
                for code, points in self.gates_marked(step).items():
                    gates[code] = max(points, gates.get(code, 0))
        return gates


def rubric_on(day: date) -> str:
    """Name the rubric that certificates of a day were graded by; before all, the oldest."""
    names = [name for name, since in VERSIONS.items() if since <= day]
    return names[-1] if names else next(iter(VERSIONS))


def rubric_set(number: int) -> RubricSet:
    """Return a set of the rubric in force.

    Raises:
        InvalidInputError: There is no such set.
    """
    if number not in SETS:
        raise InvalidInputError(f"OCOP has the sets 1 to {len(SETS)}; there is no {number}.")
    return load_rubric()[number]


@cache
def load_rubric() -> Mapping[int, RubricSet]:
    """Read the rubric's tables, once for each process: sets by number."""
    scales = {
        name: (label, tuple(options.split(" | ")) if options != "-" else ())
        for name, label, options in _rows("scales")
    }
    criteria: dict[tuple[str, str], list[Criterion]] = {}
    for number, section, code, scale, most, points, stops in _rows("criteria"):
        label, names = scales[scale]
        criteria.setdefault((number, section), []).append(
            _read_criterion(code, section, label, int(most), points, names, stops, scale)
        )
    sections: dict[str, list[Section]] = {}
    for number, part, code, most, label in _rows("sections"):
        held = tuple(criteria[number, code])
        sections.setdefault(number, []).append(Section(code, part, label, int(most), held))
    return {
        int(number): RubricSet(
            int(number), *SETS[int(number)], tuple(sections[number]), _words(stops)
        )
        for number, stops in _rows("stops")
    }


def in_english(label: str) -> str:
    """Return a label in English; one that is not of the rubric as it is."""
    return _load_english().get(label, label)


@cache
def _load_english() -> Mapping[str, str]:
    return {row[0]: row[1] for row in _rows("english")}


def _read_criterion(
    code: str,
    section: str,
    label: str,
    most: int,
    points: str,
    names: Sequence[str],
    stops: str,
    scale: str,
) -> Criterion:
    if points.startswith("-"):
        return Criterion(code, section, label, most, _gate(points), (), _words(stops), scale)
    options = tuple(
        Option(int(mark.rstrip("*")), name, _gate(mark))
        for mark, name in zip(points.split(), names, strict=True)
    )
    return Criterion(code, section, label, most, None, options, _words(stops), scale)


def _gate(mark: str) -> int | None:
    return mark.count("*") or None


def _words(text: str) -> tuple[str, ...]:
    return () if text == "-" else tuple(text.split())


def _rows(name: str) -> list[list[str]]:
    text = files("traceability.ocop").joinpath("data", f"{name}.tsv").read_text("utf-8")
    return [line.split("\t") for line in text.splitlines()[1:]]
