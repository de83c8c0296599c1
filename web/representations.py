"""What is said of an answer: media types, links, who may keep it."""

from flask import Response

GEOJSON = "application/geo+json"
JSON = "application/json"
HTML = "text/html"
CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
SCHEMA = "application/schema+json"
MVT = "application/vnd.mapbox-vector-tile"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
PROBLEM = "application/problem+json"


def link(href: str, rel: str, type_: str, title: str | None = None) -> dict[str, str]:
    """One link; every link has a type."""
    made = {"href": href, "rel": rel, "type": type_}
    return {**made, "title": title} if title else made


def as_private(response: Response) -> Response:
    """What depends on who asks is kept by nobody between, and asked for again."""
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.update(["Accept", "Accept-Language", "Authorization", "Cookie"])
    return response
