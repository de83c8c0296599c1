"""The topics of the site, in the order of its menu."""

from flask import Flask

from web import sign_in


def install(app: Flask) -> None:
    """Register the blueprint of every topic."""
    for topic in (sign_in,):
        app.register_blueprint(topic.blueprint)
