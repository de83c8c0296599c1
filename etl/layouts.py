"""Which column of a table is the time, which say what was measured, and which are variables.

Guessed from the names and from every cell, or said by a description; the guess is part of the
report. Pure: works on a table already read.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from etl.descriptions import AboutVariable, Description
from etl.instants import TimeRule, describe_kind, guess_kind, parse_instant
from gis.errors import InvalidInputError

_MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "none", "-", "--", ".", "…", "..."})
# What loggers and FLUXNET write for "no value"; taken so where nothing else comes near it.
_SENTINELS = (-9999.0, -6999.0)

# Names, folded by `_plain`; of several columns the first named here is the time.
_TIMES = (
    *("time", "datetime", "timestamp", "timestamp_start", "date_time", "observed_at", "date"),
    *("thoi_gian", "ngay_gio", "thoi_diem", "ngay"),
)
_YEARS = ("year", "nam")
_MONTHS = ("month", "mo", "thang")
_SUBJECTS = frozenset(
    {
        *("id", "plot", "tree", "plant", "plant_number", "row", "col", "column", "block", "rep"),
        *("site", "station", "sample", "subject", "trial", "location", "cay", "lo", "thua", "tram"),
        *("diem", "mau", "ma"),
    }
)
# `Y1`, `yield_2021`, `2021`; never `23.6`, which is a grid without a header.
_YEAR_COLUMN = re.compile(r"([^\d]*?)[ _\-.]?(\d{1,4})")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class VariableRule:
    """One column that holds one variable."""

    column: str
    code: str
    about: AboutVariable = field(default_factory=AboutVariable)
    sentinels: frozenset[float] = frozenset()
    # The instant of all its values, in a table with one column per year.
    observed_at: datetime | None = None


@dataclass(frozen=True)
class Layout:
    """How the rows of a table become observations.

    Attributes:
        time: Columns of the time and their rule; None where each variable or the whole file has
            its instant.
        observed_at: The instant of all rows, where a description gives it.
        subjects: The columns that tell what was measured; none: `subject` for all rows.
        decimal: The decimal mark of numbers written as text.
        left_out: Columns that are not loaded, and why.
        notes: What the person should know.
    """

    time: tuple[tuple[str, ...], TimeRule] | None
    observed_at: datetime | None
    subjects: tuple[str, ...]
    subject: str
    variables: tuple[VariableRule, ...]
    missing: frozenset[str]
    decimal: str
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def explain(self) -> dict[str, object]:
        """Say the layout in words that fit a report."""
        if self.time is not None:
            columns, rule = self.time
            zone = rule.zone or "Asia/Ho_Chi_Minh; days and years: midnight UTC"
            time: dict[str, object] = {
                "columns": list(columns),
                "format": describe_kind(rule.kind),
                "zone": zone,
            }
        elif self.observed_at is not None:
            time = {"value": self.observed_at.isoformat()}
        else:
            time = {
                rule.column: rule.observed_at.isoformat()
                for rule in self.variables
                if rule.observed_at
            }
        sentinels = sorted({number for rule in self.variables for number in rule.sentinels})
        return {
            "time": time,
            "subject": list(self.subjects) or self.subject,
            "read_as_missing": sentinels,
            "decimal": self.decimal,
            "left_out": self.left_out,
        }

    def read_value(self, rule: VariableRule, cell: Any) -> float | None:
        """Read a cell: a number, or None for a missing value.

        Raises:
            ValueError: When it is neither.
        """
        if cell is None or isinstance(cell, bool):
            return None if cell is None else float(cell)
        if isinstance(cell, str):
            text = cell.strip()
            if text.casefold() in self.missing:
                return None
            if self.decimal == ",":
                text = text.replace(".", "").replace(",", ".")
            if not _NUMBER.fullmatch(text):
                raise ValueError(f"{rule.column}: {cell!r} is not a number")
            cell = text
        value = float(cell)
        return None if value in rule.sentinels else value


def find_layout(
    columns: Mapping[str, Sequence[Any]], *, dataset: str, about: Description
) -> Layout:
    """Find the layout of a table.

    Args:
        columns: Every column with all its cells as read: text, numbers, None for an empty cell.
        dataset: The subject of tables that name none.
        about: What a person said.

    Raises:
        InvalidInputError: When no time can be found, or a column that the description names is
            not there.
    """
    _check_names(columns, about)
    values = about.values
    missing = _MISSING | {text.casefold() for text in (values.missing if values else ())}
    filled = {
        name: [cell for cell in cells if not _is_missing(cell, missing)]
        for name, cells in columns.items()
    }
    notes: list[str] = []
    decimal = values.decimal if values else _guess_decimal(filled)
    time, observed_at = _find_time(filled, about)
    taken = set(time[0]) if time else set()
    marks = {part.quality for part in about.variables.values() if part.quality}
    left_out = dict.fromkeys(values.ignore if values else (), "the description says so")
    subjects = tuple(
        about.subject.columns
        or (
            name
            for name in columns
            if about.subject.value is None and name not in taken and _plain(name) in _SUBJECTS
        )
    )
    rest = [name for name in columns if name not in taken | set(subjects) | marks | set(left_out)]
    wide: dict[str, tuple[str, datetime]] = {}
    if time is None and observed_at is None:
        wide = _find_wide(rest, filled, about, notes)
        if not wide:
            raise InvalidInputError(
                "No column tells when it was measured. Say it in a --describe file:"
                ' [time] column = "…", or value = 2026-11-22 for all rows.'
            )
    rules = []
    for name in rest:
        if wide and name not in wide:
            left_out[name] = "not one of the columns per year"
        elif not filled[name] and name.startswith("column_"):
            left_out[name] = "no name and no values"
        elif name not in about.variables and not _is_numeric(filled[name], decimal):
            left_out[name] = "text, not numbers"
        else:
            part = about.variables.get(name, AboutVariable())
            code, instant = wide.get(name, (part.code or name, None))
            sentinels = frozenset() if values and values.missing else _sentinels(filled[name])
            said = _said_sentinels(values.missing if values else ())
            rules.append(VariableRule(name, code, part, sentinels | said, instant))
    if not rules:
        raise InvalidInputError("No column holds numbers: there is nothing to observe.")
    keys = [(rule.code, rule.observed_at) for rule in rules]
    if twice := next((code for code, when in keys if keys.count((code, when)) > 1), None):
        raise InvalidInputError(f"Two columns would be the variable {twice} at the same time.")
    return Layout(
        time=time,
        observed_at=observed_at,
        subjects=subjects,
        subject=about.subject.value or dataset,
        variables=tuple(rules),
        missing=missing,
        decimal=decimal,
        left_out=left_out,
        notes=notes,
    )


def _check_names(columns: Mapping[str, Sequence[Any]], about: Description) -> None:
    times = about.time.column or []
    named = [
        *([times] if isinstance(times, str) else times),
        *about.subject.columns,
        *about.variables,
        *(part.quality for part in about.variables.values() if part.quality),
        *(about.wide.columns if about.wide else ()),
    ]
    if absent := [name for name in named if name not in columns]:
        raise InvalidInputError(
            f"The description names a column that is not there: {absent[0]}."
            f" Columns: {', '.join(columns)}."
        )


def _find_time(
    filled: Mapping[str, list[Any]], about: Description
) -> tuple[tuple[tuple[str, ...], TimeRule] | None, datetime | None]:
    said = about.time
    if said.value is not None:
        return None, parse_instant(said.value)
    if said.column is not None:
        names = (said.column,) if isinstance(said.column, str) else tuple(said.column)
        kind = said.format or ("year-month" if len(names) == 2 else guess_kind(filled[names[0]]))
        if kind is None:
            raise InvalidInputError(
                f"How {names[0]} writes time is not known: say it, [time] format = …."
            )
        return (names, TimeRule(kind, said.zone)), None
    if about.wide:
        return None, None
    plain = {_plain(name): name for name in reversed(list(filled))}
    for known in (plain[name] for name in _TIMES if name in plain):
        if kind := said.format or guess_kind(filled[known]):
            return ((known,), TimeRule(kind, said.zone)), None
    for known in (plain[name] for name in _YEARS if name in plain):
        if guess_kind(filled[known]) == "year":
            month = next((plain[name] for name in _MONTHS if name in plain), None)
            if month and _are_months(filled[month]):
                return ((known, month), TimeRule("year-month", said.zone)), None
            return ((known,), TimeRule("year", said.zone)), None
    # A first column of dates under any name.
    first = next(iter(filled))
    kind = guess_kind(filled[first])
    if kind in ("ymd", "dmy", "mdy", "yyyymmddhhmm"):
        return ((first,), TimeRule(kind, said.zone)), None
    return None, None


def _find_wide(
    names: Sequence[str], filled: Mapping[str, list[Any]], about: Description, notes: list[str]
) -> dict[str, tuple[str, datetime]]:
    """Find the columns per year: name to variable and instant."""
    if about.wide:
        return {
            name: (
                about.wide.variable,
                datetime(when, 1, 1, tzinfo=UTC) if isinstance(when, int) else parse_instant(when),
            )
            for name, when in about.wide.columns.items()
        }
    groups: dict[str, dict[int, str]] = {}
    for name in names:
        found = _YEAR_COLUMN.fullmatch(name.strip())
        if found and _is_numeric(filled[name], "."):
            groups.setdefault(found[1], {})[int(found[2])] = name
    wide: dict[str, tuple[str, datetime]] = {}
    for prefix, years in groups.items():
        is_run = len(years) >= 2 and max(years) - min(years) == len(years) - 1
        is_calendar = min(years) >= 1800 and max(years) <= 2200
        if not is_run or min(years) < 1 or not (is_calendar or prefix.strip()):
            continue
        if not is_calendar:
            notes.append(
                f"{', '.join(years.values())} are numbered years, not calendar years: they are kept"
                f" as the years {min(years)} to {max(years)}. Say the real ones in a --describe"
                " file: [wide] columns = {…}."
            )
        code = prefix.strip() or "value"
        wide |= {name: (code, datetime(y, 1, 1, tzinfo=UTC)) for y, name in years.items()}
    return wide


def _is_missing(cell: Any, missing: frozenset[str]) -> bool:
    return cell is None or (isinstance(cell, str) and cell.strip().casefold() in missing)


def _is_numeric(cells: Sequence[Any], decimal: str) -> bool:
    """Say whether a column is one of numbers; a few bad cells only cost their rows."""
    if not cells:
        return True
    good = sum(
        not isinstance(cell, str)
        or _NUMBER.fullmatch(cell.strip().replace(",", ".") if decimal == "," else cell.strip())
        is not None
        for cell in cells
    )
    return good > 0.5 * len(cells)


def _guess_decimal(filled: Mapping[str, list[Any]]) -> str:
    comma = re.compile(r"[+-]?\d+,\d+")
    texts = [cell for cells in filled.values() for cell in cells if isinstance(cell, str)]
    commas = sum(comma.fullmatch(text.strip()) is not None for text in texts)
    points = sum(re.fullmatch(r"[+-]?\d+\.\d+", text.strip()) is not None for text in texts)
    return "," if commas > points else "."


def _sentinels(cells: Sequence[Any]) -> frozenset[float]:
    numbers = set()
    for cell in cells:
        try:
            numbers.add(float(cell))
        except (TypeError, ValueError):
            continue
    found = numbers & set(_SENTINELS)
    others = numbers - found
    return frozenset(found) if not others or min(others) > -1000 else frozenset()


def _said_sentinels(texts: Sequence[str]) -> frozenset[float]:
    return frozenset(float(text) for text in texts if _NUMBER.fullmatch(text.strip()))


def _are_months(cells: Sequence[Any]) -> bool:
    return all(str(cell).strip().isdigit() and 1 <= int(cell) <= 12 for cell in cells)


def _plain(name: str) -> str:
    """Fold a header for comparison: no `%`, no accents, lower case, underscores."""
    text = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D"))
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")
