"""The home page: what the platform is, what it holds today, and a door for each of its people."""

from flask import Blueprint, Response, render_template

from gis.calendar import today
from gis.overview import CropFigure, get_figures, has_demo, home_communes, list_crop_figures
from gis.sketches import sketch_overview
from traceability.products import ProductFilter, count_products
from web import access
from web.context import transaction

blueprint = Blueprint("home", __name__)
# The mark of base.html: the two peaks of Lang Biang.
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="7" fill="#14532d"/>'
    '<path d="M4 25 11.5 10l4.3 7 3.2-4.500L28 25z" fill="#cfe8c9"/></svg>'
)
# Crops with a bar of their own; the others are one.
BARS = 8


@blueprint.get("/")
@access.roles("public")
def home() -> str:
    """The home page."""
    day = today()
    with transaction() as session:
        figures = get_figures(session, day)
        crops = list_crop_figures(session)
        codes = home_communes(session, day)
        sketch = None
        if figures.communes:
            sketch = sketch_overview(session, day=day, codes=codes, width=520)
        return render_template(
            "home.html",
            day=day,
            figures=figures,
            products=count_products(session, ProductFilter(on=day)),
            bars=crops[:BARS],
            rest=_rest(crops),
            sketch=sketch,
            has_demo=has_demo(session),
        )


@blueprint.get("/icon.svg")
@access.roles("public")
def icon() -> Response:
    """The site's icon."""
    response = Response(ICON, mimetype="image/svg+xml")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def _rest(crops: list[CropFigure]) -> tuple[int, float] | None:
    """How many crops have no bar of their own, and their hectares."""
    others = crops[BARS:]
    return (len(others), sum(crop.area_ha for crop in others)) if others else None
