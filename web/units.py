"""The page of an administrative unit."""

from datetime import date

from flask import Blueprint, render_template

from gis.calendar import today
from gis.errors import NotFoundError
from gis.sketches import sketch_overview, sketch_place
from gis.units import read_unit
from web import access
from web.context import transaction

blueprint = Blueprint("units", __name__)


@blueprint.get("/don-vi/<code>")
@blueprint.get("/don-vi/<code>/<valid_from>")
@access.roles("public")
def page(code: str, valid_from: str | None = None) -> str:
    """A unit of today by its code, a former one by its code and first day."""
    day = today()
    try:
        first = date.fromisoformat(valid_from) if valid_from else None
    except ValueError as error:
        raise NotFoundError(f"There is no administrative unit {code} of {valid_from}.") from error
    with transaction() as session:
        found = read_unit(session, code, day, first)
        if found.is_former:
            sketch = sketch_place(session, [found.boundary], day=day, width=460)
        else:
            codes = [code] if found.unit.level == "commune" else []
            sketch = sketch_overview(session, day=day, codes=codes, width=460)
        return render_template("unit.html", found=found, unit=found.unit, sketch=sketch)
