"""What a farmer sends: its shape, its rules. No database.

Mistakes are reported all at once, each with a JSON pointer into the document that was sent and a
word (`rule`) that a page may translate.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from unicodedata import normalize

from shapely.geometry import MultiPolygon, Point

from gis.boundaries import MOST_HECTARES, check_boundary
from gis.errors import InvalidInputError

# `export` is for those who do not know the country yet; EU is one market.
MARKETS = ("domestic", "export", "CN", "EU", "US", "JP", "KR", "AU", "NZ", "TW", "TH")
METHODS = ("drawn", "walked", "typed")
_LONGEST_TEXT = 200
_LEAST_HECTARES = Decimal("0.0001")
# Mobile numbers (DOMAIN 10.2), and 12 digits of a personal number: they warn, they do not refuse.
_MOBILE = re.compile(r"(?:\+?84|0)[35789]\d{8}")
_PERSONAL_NUMBER = re.compile(r"\d{12}")


def is_usual_phone(phone: str) -> bool:
    """Whether a phone number has the form of a Vietnamese mobile number."""
    return _MOBILE.fullmatch(re.sub(r"[\s.\-()]", "", phone)) is not None


def is_usual_personal_number(number: str) -> bool:
    """Whether a personal number has 12 digits."""
    return _PERSONAL_NUMBER.fullmatch(re.sub(r"[\s.]", "", number)) is not None


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who applies: personal fields, kept apart."""

    name: str
    phone: str
    personal_number: str | None = None
    home_address: str | None = None


@dataclass(frozen=True, slots=True)
class ApplicationContent:
    """What a farmer sends.

    Either `boundary`, or `point` and `area_ha` (EPSG:4326, lon/lat; hectares). `crop` is a crop's
    code or any of its names. `consent` is the version of the text agreed to, or None.
    """

    area_name: str
    crop: str
    market: str
    applicant: Applicant
    boundary: MultiPolygon | None = None
    point: Point | None = None
    area_ha: Decimal | None = None
    household_count: int | None = None
    method: str | None = None
    consent: str | None = None


def variant(market: str) -> str:
    """The variant of the procedure that a market falls under."""
    return "domestic" if market == "domestic" else "export"


def check_content(content: ApplicationContent) -> ApplicationContent:
    """Give the content back with clean texts (NFC, single spaces), or all its mistakes at once.

    Raises:
        InvalidInputError: With `errors`, a list of `{pointer, rule, detail}`.
        InvalidGeometryError: The boundary is not valid.
    """
    mistakes: list[dict[str, str]] = []

    def mistake(pointer: str, rule: str, detail: str) -> None:
        mistakes.append({"pointer": pointer, "rule": rule, "detail": detail})

    def clean(value: str | None, pointer: str, *, needed: bool = False) -> str:
        kept = " ".join(normalize("NFC", value or "").split())
        if needed and not kept:
            mistake(pointer, "missing", "This is needed.")
        elif len(kept) > _LONGEST_TEXT:
            mistake(pointer, "too-long", f"At most {_LONGEST_TEXT} characters.")
        elif not kept.isprintable():
            mistake(pointer, "characters", "There are characters that cannot be shown.")
        return kept

    applicant = Applicant(
        clean(content.applicant.name, "/applicant/name", needed=True),
        clean(content.applicant.phone, "/applicant/phone", needed=True),
        clean(content.applicant.personal_number, "/applicant/personal_number") or None,
        clean(content.applicant.home_address, "/applicant/home_address") or None,
    )
    area_name = clean(content.area_name, "/area_name", needed=True)
    crop = clean(content.crop, "/crop", needed=True)
    market = {known.lower(): known for known in MARKETS}.get(content.market.strip().lower())
    if market is None:
        mistake("/market", "unknown", f"One of {', '.join(MARKETS)}.")
    if content.boundary is None and content.point is None:
        mistake("/geometry", "missing", "Give a boundary (geometry), or a point and area_ha.")
    elif content.boundary is None and content.area_ha is None:
        mistake("/area_ha", "missing", "A point needs area_ha beside it.")
    if content.area_ha is not None and not (
        content.area_ha.is_finite() and _LEAST_HECTARES <= content.area_ha <= MOST_HECTARES
    ):
        mistake("/area_ha", "range", f"From {_LEAST_HECTARES} to {MOST_HECTARES:,.0f} ha.")
    if content.household_count is not None and not 1 <= content.household_count <= 100_000:
        mistake("/household_count", "range", "From 1 to 100,000.")
    if content.method is not None and content.method not in METHODS:
        mistake("/method", "unknown", f"One of {', '.join(METHODS)}.")
    if mistakes:
        places = ", ".join(each["pointer"] for each in mistakes)
        raise InvalidInputError(f"The application needs correcting: {places}.", errors=mistakes)
    if content.boundary is not None:
        check_boundary(content.boundary)
    assert market is not None
    return ApplicationContent(
        area_name,
        crop,
        market,
        applicant,
        content.boundary,
        content.point,
        None if content.area_ha is None else round(content.area_ha, 4),
        content.household_count,
        content.method,
        content.consent,
    )
