"""The rules that parts of GS1 values keep, each by the name that identifiers.tsv calls it.

A rule takes the part, whose characters and length fit already, and says what is wrong with it as
the end of a sentence, or None. Sources: GS1 General Specifications 7 (check digits 7.9, dates 7.12)
and the GS1 Barcode Syntax Tests, whose verdicts these give.
"""

import re
from collections.abc import Callable

from traceability.gs1.code_lists import (
    COUNTRY_LETTERS,
    COUNTRY_NUMBERS,
    CURRENCIES,
    MEDIA,
    PACKAGES,
)
from traceability.gs1.coupons import coupon, offer_coupon
from traceability.gs1.dates import wrong_in_day
from traceability.gs1.identifiers import CSET82, check_digit

Rule = Callable[[str], str | None]

_SHORTEST_PREFIX = 4
_CSET82_IN_ORDER = sorted(CSET82)
_CSET32 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PLACE_OF_TOTAL = re.compile(r"([1-9][0-9]*)/([1-9][0-9]*)")
_BANK_ACCOUNT = re.compile(r"[0-9A-Z]{11,34}")  # the shortest, as GS1 counts, has 11


def check_pair(body: str) -> str:
    """Compute the two check characters of an alphanumeric key (General Specifications 7.9.5).

    The places in CSET 82, weighted by 2, 3, 5, 7, … from the right, summed modulo 1021.
    """
    weights = _primes(len(body))
    total = sum(
        _CSET82_IN_ORDER.index(character) * weight
        for character, weight in zip(reversed(body), weights, strict=True)
    )
    return _CSET32[total % 1021 >> 5] + _CSET32[total % 1021 & 31]


def _primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


def _check_digit(part: str) -> str | None:
    wanted = check_digit(part[:-1])
    if part[-1] == wanted:
        return None
    return f"its check digit is wrong: {part[-1]} stands where {wanted} belongs"


def _check_pair(part: str) -> str | None:
    if len(part) < 2 or check_pair(part[:-2]) != part[-2:]:
        return "its two check characters are wrong"
    return None


def _owner(part: str) -> str | None:
    if len(part) < _SHORTEST_PREFIX or not part[:_SHORTEST_PREFIX].isdigit():
        return "it does not begin with a GS1 company prefix, of at least four digits"
    return None


def _day_or_month(part: str) -> str | None:
    return wrong_in_day(part, whole_month=True)


def _clock(part: str) -> str | None:
    return _below(24, "hour")(part[:2]) or _below(60, "minute")(part[2:])


def _below(limit: int, unit: str) -> Rule:
    def check(part: str) -> str | None:
        return None if int(part) < limit else f"there is no {unit} {part}"

    return check


def _among(codes: frozenset[str], kind: str) -> Rule:
    def check(part: str) -> str | None:
        return None if part in codes else f"{part!r} is no {kind}"

    return check


def _at_most(limit: int, what: str) -> Rule:
    def check(part: str) -> str | None:
        return None if int(part) <= limit else f"{part} is beyond the {what}"

    return check


def _not_zero(part: str) -> str | None:
    return None if part.strip("0") else "it is zero"


def _no_leading_zero(part: str) -> str | None:
    return "it begins with a zero" if len(part) > 1 and part[0] == "0" else None


def _not_only_digits(part: str) -> str | None:
    return "it holds digits only, no letter" if part.isdigit() else None


def _padding(part: str) -> str | None:
    body = part.rstrip("=")
    pads = len(part) - len(body)
    if "=" in body or pads > 2 or (pads and len(part) % 3):
        return "its base64 padding is wrong"
    return None


def _percent_encoded(part: str) -> str | None:
    return "it holds a % that begins no %XX" if _BAD_PERCENT.search(part) else None


def _piece_of_total(part: str) -> str | None:
    piece, total = int(part[: len(part) // 2]), int(part[len(part) // 2 :])
    return None if 0 < piece <= total else f"piece {piece} of {total} cannot be"


def _place_of_total(part: str) -> str | None:
    found = _PLACE_OF_TOTAL.fullmatch(part)
    if found and int(found[1]) <= int(found[2]):
        return None
    return "it is not a place and a total, such as 1/2"


def _bank_account(part: str) -> str | None:
    if not _BANK_ACCOUNT.fullmatch(part) or part[:2] not in COUNTRY_LETTERS:
        return "it is no IBAN"
    # ISO 13616: the first four characters go last, letters count 10 to 35, modulo 97 leaves 1.
    number = "".join(str(int(character, 36)) for character in part[4:] + part[:4])
    return None if int(number) % 97 == 1 else "the check digits of the IBAN are wrong"


RULES: dict[str, Rule] = {
    "check-digit": _check_digit,
    "check-pair": _check_pair,
    "owner": _owner,
    "owner-after-one": lambda part: _owner(part[1:]),
    "day": wrong_in_day,
    "full-day": wrong_in_day,
    "day-or-month": _day_or_month,
    "clock": _clock,
    "hour": _below(24, "hour"),
    "minute": _below(60, "minute"),
    "second": _below(60, "second"),
    "country": _among(COUNTRY_NUMBERS, "country number of ISO 3166-1"),
    "country-or-many": _among(COUNTRY_NUMBERS | {"999"}, "country number of ISO 3166-1, nor 999"),
    "country-letters": _among(COUNTRY_LETTERS, "country of ISO 3166-1"),
    "currency": _among(CURRENCIES, "currency number of ISO 4217"),
    "latitude": _at_most(1_800_000_000, "north pole"),
    "longitude": _at_most(3_600_000_000, "full circle"),
    "padding": _padding,
    "percent-encoded": _percent_encoded,
    "yes-or-no": _among(frozenset("01"), "yes (1) or no (0)"),
    "minus": _among(frozenset("-"), "minus sign"),
    "zero": _among(frozenset("0"), "zero, which belongs there"),
    "not-zero": _not_zero,
    "no-leading-zero": _no_leading_zero,
    "not-only-digits": _not_only_digits,
    "winding": _among(frozenset("019"), "direction of winding: 0, 1 or 9"),
    "piece-of-total": _piece_of_total,
    "place-of-total": _place_of_total,
    "importer-index": _among(
        frozenset("-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
        "importer index",
    ),
    "package": _among(PACKAGES, "package type"),
    "medium": _among(MEDIA, "media type"),
    "sex": _among(frozenset("0129"), "code of ISO 5218"),
    "bank-account": _bank_account,
    "coupon": coupon,
    "offer-coupon": offer_coupon,
}
