"""The site as the tile benchmark serves it: with one more route, to measure unchanged tiles by."""

from flask import Flask
from sqlalchemy import text

from web import access, create_app
from web.context import transaction


def make_app() -> Flask:
    """The site, and a route that asks the database for one row through the site's own session."""
    app = create_app()

    @app.get("/bench/one-select")
    @access.roles("researcher")
    def one_select() -> str:
        """What any answer costs that asks the database once."""
        with transaction() as session:
            return str(session.execute(text("SELECT 1")).scalar_one())

    return app
