"""The register of growing areas for people: a searchable list, and a page per code.

Everybody sees organisations and places as the public map does; those who work with exact places
(`gis.layer.TRUSTED`) see them exactly. A household's name is on none of these pages.
"""

from typing import Any

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from gis.calendar import today
from gis.choices import list_growing_communes, list_grown_crops
from gis.errors import NotFoundError
from gis.growing_areas import (
    AreaEntry,
    AreaFilter,
    find_by_code,
    list_areas,
    read_area,
    read_shape,
)
from gis.history import count_revisions
from gis.layer import TRUSTED
from gis.sketches import sketch_place, sketch_plot
from gis.units import list_former_names
from traceability.linking.links import product_page
from traceability.lots import browse_lots
from web import access
from web.context import current_account, transaction
from web.words import AREA_STATUSES, CODE_STATUSES, MARKETS

blueprint = Blueprint("growing_areas", __name__)
_PAGE = 25


@blueprint.get("/vung-trong")
@access.roles("public")
def register() -> str:
    """The register, searched and filtered."""
    page = max(request.args.get("trang", 1, type=int), 1)
    sought = AreaFilter(
        text=request.args.get("q") or None,
        crop=request.args.get("cay") or None,
        commune=request.args.get("xa") or None,
        exact=sees_exactly(),
    )
    with transaction() as session:
        found = list_areas(session, sought, limit=_PAGE, offset=(page - 1) * _PAGE)
        return render_template(
            "growing_areas/register.html",
            found=found,
            sought=sought,
            crops=list_grown_crops(session),
            communes=list_growing_communes(session),
            markets=MARKETS,
            code_statuses=CODE_STATUSES,
            page=page,
            pages=-(-found.total // _PAGE),
            asked={**request.args.to_dict()},
        )


@blueprint.get("/vung-trong/<path:code>")
@access.roles("public")
def page(code: str) -> str:
    """One growing area, by any of its codes; by its number where it has none."""
    exact = sees_exactly()
    day = today()
    with transaction() as session:
        area = _find(session, code, exact)
        shape = read_shape(session, area.id, exact=exact)
        communes = [area.commune_id] if area.commune_id is not None else []
        drawn = area.has_boundary and (exact or not area.is_singled_out)
        return render_template(
            "growing_areas/area.html",
            area=area,
            called=next(
                (held for held in area.codes if held.code.upper() == code.upper()),
                area.codes[0] if area.codes else None,
            ),
            former=list_former_names(session, area.commune_id),
            place=sketch_place(session, [shape], day=day, commune_ids=communes, width=420),
            plot=(
                sketch_plot(session, shape, day=day, except_area=area.id, exact=exact)
                if drawn
                else None
            ),
            lots=_lots(session, area.id),
            changes=count_revisions(session, "growing-areas", area.id),
            markets=MARKETS,
            code_statuses=CODE_STATUSES,
            area_statuses=AREA_STATUSES,
            exact=exact,
        )


def _find(session: Session, code: str, exact: bool) -> AreaEntry:
    try:
        return find_by_code(session, code, exact=exact)
    except NotFoundError:
        if code.isascii() and code.isdigit() and len(code) < 19:
            return read_area(session, int(code), exact=exact)
        raise


def sees_exactly() -> bool:
    """Whether the caller works with exact places."""
    account = current_account()
    return account is not None and not account.roles.isdisjoint(TRUSTED)


def _lots(session: Session, area_id: int) -> list[dict[str, Any]]:
    """The newest lots that were made from the area."""
    return [
        {"code": lot.code, "product": product.name, "address": product_page(product.id, lot.code)}
        for lot, product in browse_lots(session, growing_area_id=area_id, limit=20)
    ]
