"""Files as offices and phones have them, and somebody who brings them in over the API."""

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker
from viparse.normalize.encodings import get_charmap

from etl.importing import run_load, run_preview
from tests.load_factories import box
from tests.map_factories import LAT, LON, add_unit, square

OWN, OTHER = "24848", "24862"


def add_communes(session: Session) -> None:
    """Lạc Dương, ten kilometres wide, and its neighbour to the east."""
    add_unit(session, OWN, "Lạc Dương", square(LON - 0.05, LAT - 0.05, 0.1))
    add_unit(session, OTHER, "Đưng K'Nớ", square(LON + 0.05, LAT - 0.05, 0.1))


def legacy_shapefile(folder: Path, names: Iterable[str], shapes: list[Any]) -> Path:
    """VN-2000 (EPSG:5899), TCVN3 text, no .prj, zipped with its folder: an office of 2008."""
    charmap = get_charmap("tcvn3")
    assert charmap is not None
    byte_of = {letter: sign for sign, letter in charmap.pairs}
    written = ["".join(byte_of.get(letter, letter) for letter in name) for name in names]
    frame = gpd.GeoDataFrame({"TEN_VUNG": written}, geometry=shapes, crs=4326).to_crs(5899)
    pyogrio.write_dataframe(frame, folder / "vung.shp", encoding="ISO-8859-1")
    with zipfile.ZipFile(folder / "vung.zip", "w") as archive:
        for suffix in (".shp", ".shx", ".dbf"):
            archive.write(folder / f"vung{suffix}", f"ho so/vung{suffix}")
    return folder / "vung.zip"


def kml(*areas: tuple[str, float, float]) -> bytes:
    """A KML of squares: name, west, south."""
    marks = []
    for name, west, south in areas:
        ring = " ".join(f"{x:.6f},{y:.6f},0" for x, y in box(west, south).exterior.coords)
        marks.append(
            f"<Placemark><name>{name}</name><Polygon><outerBoundaryIs><LinearRing><coordinates>"
            f"{ring}</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2">'
        f"<Document>{''.join(marks)}</Document></kml>"
    ).encode()


@dataclass
class Desk:
    """An officer's client, and the worker beside it."""

    client: FlaskClient
    sessions: sessionmaker[Session]
    files: Path

    def send(self, *files: tuple[str, bytes], layer: str = "growing-areas", **form: Any) -> Any:
        """Send files; the answer, before anything is read."""
        parts = [(io.BytesIO(content), name) for name, content in files]
        return self.client.post("/api/v1/imports", data={"layer": layer, "file": parts, **form})

    def bring(self, *files: tuple[str, bytes], **form: Any) -> dict[str, Any]:
        """Send files and have them read; the import's document."""
        answer = self.send(*files, **form)
        assert answer.status_code == 201, answer.text
        return self.read(answer.json)

    def read(self, found: dict[str, Any]) -> dict[str, Any]:
        """Let the worker read it."""
        run_preview(self.sessions, self.files, found["id"], found["attempt"])
        return self.look(found)

    def accept(self, found: dict[str, Any], **said: Any) -> dict[str, Any]:
        """Accept it and let the worker load it."""
        body = {"attempt": found["attempt"], **said}
        answer = self.client.post(f"/api/v1/imports/{found['id']}/accept", json=body)
        assert answer.status_code in (200, 202), answer.text
        run_load(self.sessions, self.files, found["id"])
        return self.look(found)

    def look(self, found: dict[str, Any]) -> dict[str, Any]:
        """The import's document as it is now."""
        document: dict[str, Any] = self.client.get(f"/api/v1/imports/{found['id']}").json
        return document
