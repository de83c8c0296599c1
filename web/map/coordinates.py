"""Coordinates typed by hand: from one system to another, as exactly as files are read.

A browser would need the shift between VN-2000 and WGS84 a second time; here there is one.
"""

import math

from flask import Blueprint, Response, jsonify, request

from gis.crs import WGS84, is_in_vietnam, move_point, parse_crs
from gis.errors import InvalidInputError
from web import access, api
from web.layers import check_parameters

blueprint = Blueprint("coordinates", __name__)


@blueprint.get("/api/v1/coordinates")
@access.roles("public")
@api.parameters(
    x="Easting in metres or longitude in degrees, whatever order the authority names the axes in",
    y="Northing in metres or latitude in degrees",
    crs="The system of x and y, EPSG:4326 when absent; VN-2000 of Lâm Đồng is EPSG:5899",
    to="The system of the answer, EPSG:4326 when absent",
)
def convert() -> Response:
    """Bring a point from one coordinate system to another."""
    check_parameters("x", "y", "crs", "to")
    source, target = (_system(name) for name in ("crs", "to"))
    x, y = move_point(_number("x"), _number("y"), source, target)
    longitude, latitude = move_point(_number("x"), _number("y"), source, WGS84)
    answer = jsonify(
        x=round(x, 9 if parse_crs(target).is_geographic else 4),
        y=round(y, 9 if parse_crs(target).is_geographic else 4),
        crs=target,
        longitude=round(longitude, 9),
        latitude=round(latitude, 9),
        in_vietnam=is_in_vietnam(longitude, latitude),
    )
    # The same question has the same answer for ever.
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer


def _system(name: str) -> str:
    """A system by its code: what a file may describe at length, an address may only name.

    Raises:
        InvalidInputError: It is no EPSG code.
    """
    text = request.args.get(name, WGS84).strip().upper()
    digits = text.removeprefix("EPSG:")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 7):
        raise InvalidInputError(f"{name} is a code such as EPSG:5899.", parameter=name)
    parse_crs(f"EPSG:{digits}")
    return f"EPSG:{digits}"


def _number(name: str) -> float:
    """A finite number of the query.

    Raises:
        InvalidInputError: It is missing or no number.
    """
    try:
        value = float(request.args[name])
    except (KeyError, ValueError) as error:
        raise InvalidInputError(f"{name} is a number.", parameter=name) from error
    if not math.isfinite(value):
        raise InvalidInputError(f"{name} is a number.", parameter=name)
    return value
