"""Growing areas for programs: `/api/v1/growing-areas`, one of them."""

import zlib
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gis.errors import InvalidInputError
from gis.growing_areas import AreaEntry, AreaFilter, list_areas_after, read_area
from web import access, api
from web.context import public_url, transaction
from web.growing_areas import sees_exactly

blueprint = Blueprint("growing_area_api", __name__)
_MOST = 1000


@blueprint.get("/api/v1/growing-areas")
@access.roles("public")
@api.parameters(
    q="Words of the name, an organisation or a code; accents and case do not matter",
    crop="A crop's code",
    commune="Code of a commune",
    market="Market of a code that is not revoked",
    limit="At most so many items; 1000 is the most",
    after="Only ids greater than this; `next` holds it",
)
def list_items() -> Response:
    """List growing areas by id; without a role, as the public map shows them."""
    limit = min(_number("limit", 100), _MOST)
    sought = AreaFilter(
        text=request.args.get("q") or None,
        crop=request.args.get("crop") or None,
        commune=request.args.get("commune") or None,
        market=request.args.get("market") or None,
        exact=sees_exactly(),
    )
    with transaction() as session:
        found = list_areas_after(session, sought, after=_number("after", 0), limit=limit + 1)
    following = None
    if len(found) > limit and limit > 0:
        more = {**request.args.to_dict(), "limit": limit, "after": found[limit - 1].id}
        following = f"{public_url()}{url_for('growing_area_api.list_items')}?{urlencode(more)}"
    return jsonify(items=[_item(entry) for entry in found[:limit]], next=following)


@blueprint.get("/api/v1/growing-areas/<int:area_id>")
@access.roles("public")
def read_item(area_id: int) -> AnyResponse:
    """Read one growing area; without a role, as the public map shows it."""
    exact = sees_exactly()
    with transaction() as session:
        entry = read_area(session, area_id, exact=exact)
    answer = jsonify(_item(entry))
    # Codes change on their own, without a new version of the area.
    codes = "-".join(f"{held.code}.{held.status}" for held in entry.codes)
    answer.set_etag(f"{entry.version}-{int(exact)}-{zlib.crc32(codes.encode()):x}")
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer.make_conditional(request)


def _item(entry: AreaEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "name": entry.name,
        "status": entry.status,
        "crop": entry.crop_code,
        "crop_name": entry.crop_name,
        "commune": entry.commune_code,
        "commune_name": entry.commune_name,
        "holder": entry.holder,
        "household_count": entry.household_count,
        "standard": entry.standard,
        "area_ha": round(entry.area_ha, 4),
        "location": {"type": "Point", "coordinates": [entry.lon, entry.lat]},
        "is_generalised": entry.is_singled_out and entry.name is None,
        "codes": [
            {
                "code": held.code,
                "market": held.market,
                "status": held.status,
                "issued_on": held.issued_on.isoformat(),
                "expires_on": held.expires_on.isoformat() if held.expires_on else None,
                "issued_by": held.issued_by,
            }
            for held in entry.codes
        ],
        "is_demo": entry.is_demo,
        "version": entry.version,
        "updated_at": entry.updated_at.isoformat(),
    }


def _number(name: str, otherwise: int) -> int:
    text = request.args.get(name, str(otherwise))
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidInputError(f"{name} is a whole number; {text!r} is not.", parameter=name)
    return int(text)
