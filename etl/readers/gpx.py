"""GPX: tracks, routes and way points, and the instants GDAL leaves out."""

from datetime import datetime
from pathlib import Path

from defusedxml.ElementTree import iterparse

from etl.errors import UnreadableFileError
from etl.readers import safety
from etl.readers.gdal import list_layers, open_vector
from etl.readers.source import Batch, Source

# What people walk, one feature each; GDAL's point layers are reachable by name.
LAYERS = ("tracks", "routes", "waypoints")
_PART = {"tracks": "trk", "routes": "rte"}


def open_gpx(path: Path, *, name: str, layer: str | None, encoding: str) -> Source:
    """Open a GPX file of version 1.0 or 1.1.

    Raises:
        UnreadableFileError: When it is not whole XML or not GPX.
    """
    if (root := safety.check_xml(path)) != "gpx":
        raise UnreadableFileError(f"{name} is not GPX: its root element is <{root}>.")
    known = list_layers(path)
    layers = {part: True for part in LAYERS if part in known}
    if layer in known:
        layers.setdefault(layer, True)
    times = _first_times(path, _PART[layer or "tracks"]) if (layer or "tracks") in _PART else []

    def add_times(batch: Batch) -> None:
        if times and "time" not in batch.columns:
            first = batch.first_row - 1
            batch.columns["time"] = times[first : first + len(batch)]

    source = open_vector(
        path, name=name, layer=layer, layers=layers, encoding=encoding, extend=add_times
    )
    if times:
        source.fields = (*source.fields, "time")
    return source


def _first_times(path: Path, part: str) -> list[str | None]:
    """Give the first instant of each track or route, in the order of the file."""
    times: list[str | None] = []
    inside = False
    for event, element in iterparse(str(path), events=("start", "end"), forbid_external=True):
        tag = element.tag.rpartition("}")[2]
        if event == "start" and tag == part:
            inside = True
            times.append(None)
        elif event == "end":
            if tag == part:
                inside = False
            elif tag == "time" and inside and times[-1] is None and _is_instant(element.text):
                times[-1] = str(element.text).strip()
            element.clear()
    return times if any(times) else []


def _is_instant(text: str | None) -> bool:
    try:
        datetime.fromisoformat((text or "").strip())
    except ValueError:
        return False
    return True
