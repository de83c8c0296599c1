"""The site as the tile benchmark serves it: with one more route, to measure unchanged tiles by."""

from dataclasses import replace

from flask import Flask
from sqlalchemy import text

from gis.layer import PUBLIC
from gis.layers import LAYERS
from web import access, create_app
from web.context import transaction


def make_app() -> Flask:
    """The site, and a route that asks the database for one row through the site's own session.

    Parcels are public here: neither pgbench nor the peer asks who is calling. What a token costs is
    measured apart.
    """
    LAYERS["parcels"] = replace(LAYERS["parcels"], readers=PUBLIC)
    app = create_app()

    @app.get("/bench/one-select")
    @access.roles("public")
    def one_select() -> str:
        """What any answer costs that asks the database once."""
        with transaction() as session:
            return str(session.execute(text("SELECT 1")).scalar_one())

    return app
