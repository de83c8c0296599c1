"""Files for tests of loading."""

import json
from pathlib import Path
from typing import Any

import shapely


def box(x: float, y: float, size: float = 0.001) -> shapely.Polygon:
    """Make a square of `size` degrees whose south-western corner is x, y."""
    return shapely.box(x, y, x + size, y + size)


def write_geojson(path: Path, shapes: list[Any], **columns: list[Any]) -> Path:
    """Write features; None is a feature without a geometry."""
    features = [
        {
            "type": "Feature",
            "properties": {field: cells[place] for field, cells in columns.items()},
            "geometry": None if shape is None else json.loads(shapely.to_geojson(shape)),
        }
        for place, shape in enumerate(shapes)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path
