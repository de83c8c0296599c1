"""Communes to draw in, features as programs send them, and clients that write."""

import base64
import secrets
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.map_factories import add_unit, square
from web.accounts import add_account, issue_token

# Two communes side by side, each 0.1° wide (about 11 km), and a third far from both.
WEST, SOUTH = 108.4, 12.0
HERE, THERE = "24848", "24850"
GEOJSON = "application/geo+json"
MERGE_PATCH = "application/merge-patch+json"
AREAS = "/ogc/collections/growing-areas/items"


def add_communes(session: Session) -> None:
    """Commune 24848 from 108.4° to 108.5° east, commune 24850 from there to 108.6°."""
    add_unit(session, HERE, "Lạc Dương", square(WEST, SOUTH, 0.1))
    add_unit(session, THERE, "Đạ Sar", square(WEST + 0.1, SOUTH, 0.1))
    session.commit()


def box(east: float = 0.01, north: float = 0.01, side: float = 0.002) -> dict[str, Any]:
    """A square Polygon, degrees east and north of the communes' corner; 0.002° are 4.8 ha."""
    west, south = round(WEST + east, 7), round(SOUTH + north, 7)
    east, north = round(west + side, 7), round(south + side, 7)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(geometry: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    """A growing area of coffee, unless the properties say otherwise."""
    return {
        "type": "Feature",
        "geometry": geometry or box(),
        "properties": {"name": "Đồi Chè", "crop": "ca-phe", **properties},
    }


class Writer:
    """A client that sends a personal token, and bodies with the right types."""

    def __init__(self, client: FlaskClient, headers: dict[str, str]) -> None:
        """Keep what every request carries."""
        self.client, self.headers = client, headers

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request; header names are written with underscores."""
        kind = MERGE_PATCH if method == "PATCH" else GEOJSON
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {**self.headers, **({"Content-Type": kind} if body is not None else {}), **named}
        payload = {"data": body} if isinstance(body, bytes | str) else {"json": body}
        return self.client.open(
            path, method=method, headers=sent, **(payload if body is not None else {})
        )

    def make(self, body: dict[str, Any] | None = None, layer: str = "growing-areas") -> Any:
        """Create a feature and return the answer, whose address is in `Location`."""
        answer = self.send("POST", f"/ogc/collections/{layer}/items", body or feature())
        assert answer.status_code == 201, answer.text
        return answer


def make_writer(
    app: Flask, session: Session, role: str = "officer", commune: str | None = None
) -> Writer:
    """A new account with a token."""
    name = f"{role}-{secrets.token_hex(3)}"
    add_account(session, name, [role], commune_code=commune)
    token = issue_token(session, name)
    session.commit()
    return Writer(app.test_client(), {"Authorization": f"Bearer {token}"})


def basic(writer: Writer) -> dict[str, str]:
    """The same token as QGIS and GDAL send it."""
    token = writer.headers["Authorization"].removeprefix("Bearer ")
    return {"Authorization": "Basic " + base64.b64encode(f"x:{token}".encode()).decode()}


def path_of(answer: Any) -> str:
    """The path of what was created."""
    return answer.headers["Location"].removeprefix("http://localhost")
