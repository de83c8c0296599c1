"""Applications as programs and forms send them, and as the site answers them."""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from shapely.geometry import Point
from werkzeug.datastructures import MultiDict

from gis.application_content import Applicant, ApplicationContent
from gis.boundaries import EAST, NORTH, SOUTH, WEST, read_boundary, read_point
from gis.errors import InvalidGeometryError, InvalidInputError
from gis.models import Application, ApplicationStep

# The text beside the box that is ticked (registration page); a new text gets a new version.
CONSENT_TEXT = "2026-11"
Given = TypeVar("Given")
Read = TypeVar("Read")
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")


class ApplicantDocument(BaseModel):
    """Who applies; personal fields that only officers read, each read logged."""

    model_config = ConfigDict(extra="ignore")

    name: str
    phone: str
    personal_number: str | None = None
    home_address: str | None = None


class ApplicationDocument(BaseModel):
    """An application for a growing-area code.

    Give `geometry`, or `point` and `area_ha`. Coordinates are longitude, latitude (WGS84). The
    address names the application by a UUID that the sender makes: sending again is safe.
    """

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [
                {
                    "area_name": "Đồi cà phê Gốc Thông",
                    "crop": "ca-phe",
                    "market": "EU",
                    "applicant": {"name": "Nguyễn Văn A", "phone": "0912345678"},
                    "point": [108.6021, 11.8034],
                    "area_ha": 1.2,
                    "household_count": 1,
                    "method": "typed",
                    "consent": True,
                }
            ]
        },
    )

    area_name: str
    crop: str = Field(description="A crop's code (ca-phe) or any of its names")
    market: str = Field(
        default="domestic", description="domestic, export (not yet known), CN, EU, US, JP, KR, …"
    )
    applicant: ApplicantDocument
    geometry: dict[str, Any] | None = Field(
        default=None, description="A GeoJSON Polygon or MultiPolygon"
    )
    point: list[float] | None = Field(default=None, description="[longitude, latitude]")
    area_ha: Decimal | None = Field(default=None, description="Hectares, where nothing is drawn")
    household_count: int | None = None
    method: str | None = Field(default=None, description="drawn, walked or typed")
    consent: bool | None = Field(
        default=None, description="Agreed to the text of the registration page (version 2026-11)"
    )

    @field_validator("area_ha", mode="before")
    @classmethod
    def _decimal_comma(cls, value: Any) -> Any:
        return read_decimal(value) if isinstance(value, str) else value


def read_document(body: Any) -> ApplicationContent:
    """Read an application from JSON.

    Raises:
        InvalidInputError: With `errors`, each with a JSON pointer.
        InvalidGeometryError: The geometry cannot be one.
    """
    try:
        document = ApplicationDocument.model_validate(body)
    except ValidationError as error:
        mistakes = [
            {
                "pointer": "".join(f"/{part}" for part in each["loc"]),
                "rule": "missing" if each["type"] == "missing" else "type",
                "detail": each["msg"],
            }
            for each in error.errors()
        ]
        places = ", ".join(each["pointer"] or "/" for each in mistakes)
        raise InvalidInputError(
            f"The application needs correcting: {places}.", errors=mistakes
        ) from error
    if document.consent is False:
        raise InvalidInputError(
            "Without consent the application cannot be sent.",
            errors=[{"pointer": "/consent", "rule": "missing", "detail": "This is needed."}],
        )
    return ApplicationContent(
        area_name=document.area_name,
        crop=document.crop,
        market=document.market,
        applicant=Applicant(
            document.applicant.name,
            document.applicant.phone,
            document.applicant.personal_number,
            document.applicant.home_address,
        ),
        boundary=(
            None
            if document.geometry is None
            else _at("/geometry", document.geometry, read_boundary)
        ),
        point=None if document.point is None else _at("/point", document.point, read_point),
        area_ha=document.area_ha,
        household_count=document.household_count,
        method=document.method,
        consent=CONSENT_TEXT if document.consent else None,
    )


def read_form(form: MultiDict[str, str]) -> ApplicationContent:
    """Read an application from the plain HTML form (one place, one area).

    Raises:
        InvalidInputError: With `errors`, each with the pointer of a field.
        InvalidGeometryError: The place is outside Vietnam.
    """
    mistakes = [
        {"pointer": f"/{name}", "rule": "missing", "detail": "This is needed."}
        for name in ("place", "area", "consent")
        if not form.get(name, "").strip()
    ]
    if mistakes:
        raise InvalidInputError("Some fields are missing.", errors=mistakes)
    households = form.get("household_count", "").strip()
    if households and not (households.isdecimal() and len(households) < 10):
        raise InvalidInputError(
            "The number of households is a whole number.",
            errors=[{"pointer": "/household_count", "rule": "type", "detail": "A whole number."}],
        )
    return ApplicationContent(
        area_name=form.get("area_name", ""),
        crop=form.get("crop", ""),
        market=form.get("market", "domestic"),
        applicant=Applicant(
            form.get("name", ""),
            form.get("phone", ""),
            form.get("personal_number") or None,
            form.get("home_address") or None,
        ),
        point=_at("/place", form["place"], read_place),
        area_ha=read_area(form["area"], form.get("unit", "ha")),
        household_count=int(households) if households else None,
        method="typed",
        consent=CONSENT_TEXT,
    )


def read_place(text: str) -> Point:
    """Read a place as people paste it: `11.8034, 108.6021`, either order, comma or point.

    In Vietnam a latitude is never a longitude (6 to 23.5 and 102 to 118), so the order is known.

    Raises:
        InvalidGeometryError: Not two numbers, or not of Vietnam.
    """
    numbers = [float(found.replace(",", ".")) for found in _NUMBER.findall(text)]
    if len(numbers) == 2:
        first, second = numbers
        if SOUTH <= first <= NORTH and WEST <= second <= EAST:
            first, second = second, first
        return read_point([first, second])
    raise InvalidGeometryError(
        "A place is two numbers, such as 11.8034, 108.6021.", rule="not-a-position"
    )


def read_decimal(text: str) -> Decimal:
    """Read a number written with a decimal comma or point: `1,25` or `1.25`.

    With both, the last one is the decimal mark: `1.234,5` and `1,234.5` are 1234.5.

    Raises:
        ValueError: It is no number.
    """
    compact = re.sub(r"\s", "", text)
    if compact.rfind(",") > compact.rfind("."):
        compact = compact.replace(".", "").replace(",", ".", 1)
    else:
        compact = compact.replace(",", "")
    try:
        return Decimal(compact)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not a number") from error


# What farmers call areas by, in hectares. A sào is 500 m² in the north-centre and 1,000 m² in the
# Central Highlands, so each is offered with its size.
UNITS = {
    "ha": Decimal(1),
    "m2": Decimal("0.0001"),
    "sao-1000": Decimal("0.1"),
    "sao-500": Decimal("0.05"),
}


def read_area(text: str, unit: str) -> Decimal:
    """Read an area in one of the offered units; returns hectares.

    Square metres have no decimals here: `12.500` are twelve thousand five hundred.

    Raises:
        InvalidInputError: It is no number, or the unit is unknown.
    """
    if unit == "m2":
        text = re.sub(r"[.,](?=\d{3}(\D|$))", "", text)
    try:
        return read_decimal(text) * UNITS[unit]
    except (ValueError, KeyError) as error:
        raise InvalidInputError(
            "The area is not a number.",
            errors=[{"pointer": "/area", "rule": "type", "detail": "A number, such as 1,25."}],
        ) from error


def write_status(
    application: Application,
    steps: list[ApplicationStep],
    crop_code: str | None,
    area_ha: float,
    code: str | None,
) -> dict[str, Any]:
    """Write what whoever holds the UUID or the receipt may know: no personal field."""
    return {
        "uuid": str(application.uuid),
        "receipt": application.receipt,
        "status": application.status,
        "area_name": application.area_name,
        "crop": crop_code,
        "market": application.market,
        "area_ha": round(area_ha, 4),
        "submitted_at": application.submitted_at.isoformat(),
        "due_on": application.due_on.isoformat(),
        "reason": application.decision_reason,
        "code": code,
        "steps": [
            {"action": step.action, "at": step.at.isoformat(), "note": step.note} for step in steps
        ],
        "version": application.version,
        "is_demo": application.is_demo,
    }


def _at(pointer: str, value: Given, read: Callable[[Given], Read]) -> Read:
    """Read a geometry; a refusal says also where in the document it stood."""
    try:
        return read(value)
    except InvalidGeometryError as error:
        mistake = {
            "pointer": pointer,
            "rule": error.context.get("rule", "geometry"),
            "detail": error.detail,
        }
        raise InvalidGeometryError(error.detail, **error.context, errors=[mistake]) from error
