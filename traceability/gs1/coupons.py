"""The contents of North American coupons, (8110) and (8112): digits that tell their own lengths.

Fields follow each other without separators; many begin with one digit that says how long they are.
Rules: North American Coupon Application Guideline; GS1 AI (8112) Coupon Data Specification.
"""

from traceability.errors import InvalidIdentifierError
from traceability.gs1.dates import is_day

# The digit that leads a field counts from six, except where the field is a price or a number.
_REQUIREMENT_CODES = "012349"


class _Digits:
    """Digits read from the left."""

    def __init__(self, digits: str) -> None:
        if not digits.isdigit():
            raise InvalidIdentifierError("a coupon is written in digits")
        self._left = digits

    def take(self, count: int, what: str) -> str:
        if len(self._left) < count:
            raise InvalidIdentifierError(f"the {what} of the coupon is missing or cut short")
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    def one_of(self, admitted: str, what: str) -> str:
        digit = self.take(1, what)
        if digit not in admitted:
            raise InvalidIdentifierError(f"{digit} is no {what} of a coupon")
        return digit

    def measured(self, admitted: str, what: str, beyond: int = 6) -> None:
        length = self.one_of(admitted, f"length of the {what}")
        self.take(int(length) + beyond, what)

    def begins(self, digit: str) -> bool:
        if not self._left.startswith(digit):
            return False
        self._left = self._left[1:]
        return True

    def end(self) -> None:
        if self._left:
            raise InvalidIdentifierError(f"{self._left} is left over at the end of the coupon")


def coupon(part: str) -> str | None:
    """Say what is wrong with a coupon code (8110), or None."""
    try:
        _read_coupon(_Digits(part))
    except InvalidIdentifierError as error:
        return error.detail
    return None


def offer_coupon(part: str) -> str | None:
    """Say what is wrong with a positive offer file coupon code (8112), or None."""
    try:
        digits = _Digits(part)
        digits.one_of("01", "format")
        digits.measured("0123456", "funder")
        digits.take(6, "offer code")
        digits.measured("0123456789", "serial number")
        digits.end()
    except InvalidIdentifierError as error:
        return error.detail
    return None


def _read_coupon(digits: _Digits) -> None:
    digits.measured("0123456", "company prefix")
    digits.take(6, "offer code")
    digits.measured("12345", "save value", 0)
    _read_requirement(digits)
    if digits.begins("1"):
        digits.one_of("0123", "rule of further purchases")
        _read_requirement(digits)
        _read_further_prefix(digits)
    if digits.begins("2"):
        _read_requirement(digits)
        _read_further_prefix(digits)
    expires = _read_day(digits, "expiration date") if digits.begins("3") else None
    starts = _read_day(digits, "start date") if digits.begins("4") else None
    if expires and starts and starts > expires:
        raise InvalidIdentifierError("the coupon ends before it starts")
    if digits.begins("5"):
        digits.measured("0123456789", "serial number")
    if digits.begins("6"):
        digits.measured("1234567", "retailer")
    if digits.begins("9"):
        digits.one_of("01256", "save value code")
        digits.one_of("012", "item that the saving applies to")
        digits.take(1, "store coupon flag")
        digits.one_of("01", "multiplying flag")
    digits.end()


def _read_requirement(digits: _Digits) -> None:
    digits.measured("12345", "purchase requirement", 0)
    digits.one_of(_REQUIREMENT_CODES, "purchase requirement code")
    digits.take(3, "family code")


def _read_further_prefix(digits: _Digits) -> None:
    # 9: the company of the first purchase.
    if not digits.begins("9"):
        digits.measured("0123456", "company prefix")


def _read_day(digits: _Digits, what: str) -> str:
    day = digits.take(6, what)
    if not is_day(day):
        raise InvalidIdentifierError(f"the {what} {day} of the coupon is no day")
    return day
