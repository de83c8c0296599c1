"""What a form holds: values as people type them, and mistakes beside their fields."""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from uuid import UUID, uuid4

from flask import request
from werkzeug.datastructures import MultiDict

from gis.calendar import VIETNAM
from gis.errors import InvalidInputError
from web.application_documents import read_decimal
from web.language import choose
from web.trade.words import tell_mistake

# Thousands as each language marks them: 1.234,5 in Vietnamese, 1,234.5 in English.
_GROUPED = {
    "vi": (re.compile(r"\d{1,3}(\.\d{3})+(,\d+)?"), "."),
    "en": (re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?"), ","),
}
# As people write amounts: digits and marks, no exponents and no names of numbers.
_WRITTEN = re.compile(r"[\d.,\s+-]+", re.ASCII)
_LONGEST_LOT = 20


@dataclass
class Entry:
    """The values of a form and what is wrong with them, by the field's name."""

    values: MultiDict[str, str]
    form: UUID
    mistakes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def sent(cls) -> "Entry":
        """What was sent with this request."""
        try:
            form = UUID(request.form.get("form", ""))
        except ValueError:
            form = uuid4()
        return cls(request.form.copy(), form)

    @classmethod
    def fresh(cls, **values: object) -> "Entry":
        """A form that nobody filled in yet, with what the address says and these defaults."""
        held: MultiDict[str, str] = request.args.copy()
        for name, value in values.items():
            if value is not None:
                held.setdefault(name, str(value))
        held.setdefault("at", f"{datetime.now(UTC).astimezone(VIETNAM):%Y-%m-%dT%H:%M}")
        return cls(held, uuid4())

    def __getitem__(self, name: str) -> str:
        """The value of a field as it was typed."""
        return self.values.get(name, "")

    def fail(self, name: str, rule: str, **facts: object) -> None:
        """Note a mistake beside a field; the first one stays."""
        self.mistakes.setdefault(name, tell_mistake(rule, facts))

    def text(self, name: str, *, required: bool = False, longest: int = 120) -> str | None:
        """A line of text; None where it is empty."""
        value = " ".join(self[name].split())
        if not value:
            if required:
                self.fail(name, "missing")
            return None
        if len(value) > longest or not value.isprintable():
            self.fail(name, "too-long" if len(value) > longest else "characters", most=longest)
            return None
        return value

    def lot_code(self, name: str = "lot_code") -> str | None:
        """The number of a lot."""
        value = self.text(name, required=True, longest=_LONGEST_LOT)
        return value.replace(" ", "") if value else None

    def amount(self, name: str, *, required: bool = True) -> Decimal | None:
        """An amount as the page's language writes it: `1.500` is 1500 in Vietnamese pages."""
        value = self[name].strip()
        if not value:
            if required:
                self.fail(name, "missing")
            return None
        try:
            if not _WRITTEN.fullmatch(value):
                raise ValueError(f"{value!r} is not a number")
            grouped, mark = _GROUPED[choose()]
            compact = value.replace(mark, "") if grouped.fullmatch(value) else value
            amount = round(read_decimal(compact), 3)
        except (ValueError, InvalidOperation):
            self.fail(name, "number")
            return None
        if not 0 < amount < 10**11:
            self.fail(name, "range")
            return None
        return amount

    def number(self, name: str) -> int | None:
        """A whole number; None where there is none."""
        value = self[name].strip()
        if not value:
            return None
        if not (value.isascii() and value.isdigit() and len(value) < 19):
            self.fail(name, "unknown")
            return None
        return int(value)

    def day(self, name: str) -> date | None:
        """A day; None where it is empty."""
        value = self[name].strip()
        if not value:
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(name, "day")
            return None

    def moment(self, name: str = "at") -> datetime | None:
        """A moment of Vietnam's time, not after this one; what lies in this minute has passed."""
        try:
            found = datetime.fromisoformat(self[name].strip())
        except ValueError:
            self.fail(name, "missing" if not self[name].strip() else "moment")
            return None
        at = found.replace(tzinfo=found.tzinfo or VIETNAM)
        now = datetime.now(UTC)
        if at > now + timedelta(minutes=1):
            self.fail(name, "future")
            return None
        if at.year < 2000:
            self.fail(name, "moment")
            return None
        return min(at, now)

    def take(self, error: InvalidInputError) -> None:
        """Put what a function of the core refused beside the fields it names."""
        listed = error.context.get("errors") or [{}]
        for one in listed:
            pointer = str(one.get("pointer", "")).strip("/").replace("/", "-")
            facts = {name: value for name, value in one.items() if name not in ("pointer", "rule")}
            rule = str(one.get("rule", ""))
            self.fail(
                pointer if rule else "",
                rule or "refused",
                detail=error.detail,
                **{name: value for name, value in facts.items() if name != "detail"},
            )

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong so far."""
        return not self.mistakes
