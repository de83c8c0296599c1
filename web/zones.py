"""High-tech agricultural zones: their pages, and the indicators they reported."""

from flask import Blueprint, render_template

from gis.calendar import today
from gis.sketches import sketch_place, sketch_plot
from gis.zones import list_zones, read_zone
from web import access
from web.context import transaction
from web.words import BASES

blueprint = Blueprint("zones", __name__)


@blueprint.get("/vung-cong-nghe-cao")
@access.roles("public")
def register() -> str:
    """All zones, each with how many of its indicators are met."""
    day = today()
    with transaction() as session:
        zones = list_zones(session)
        places = {
            zone.id: sketch_place(
                session,
                [zone.boundary],
                day=day,
                commune_ids=[zone.commune_id] if zone.commune_id is not None else (),
                width=300,
            )
            for zone in zones
        }
    return render_template("zones/register.html", zones=zones, places=places)


@blueprint.get("/vung-cong-nghe-cao/<code>")
@access.roles("public")
def page(code: str) -> str:
    """One zone with its indicators: what was reported, and on what basis it is judged."""
    day = today()
    with transaction() as session:
        zone = read_zone(session, code)
        return render_template(
            "zones/zone.html",
            zone=zone,
            bases=BASES,
            plot=sketch_plot(session, zone.boundary, day=day, width=520),
            place=sketch_place(
                session,
                [zone.boundary],
                day=day,
                commune_ids=[zone.commune_id] if zone.commune_id is not None else (),
                width=340,
            ),
        )
