"""What programs send that cannot be stored: each refused with a sentence, none with a stack."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from gis.editing.writing import create_feature
from gis.errors import (
    CrsMismatchError,
    InvalidGeometryError,
    InvalidInputError,
    PlatformError,
    RuleViolationError,
)
from gis.layers import LAYERS
from tests.edit_factories import GROWING_AREAS, PROVINCE, feature, polygon, ring
from tests.map_factories import LAT, LON

BAD_PROPERTIES = [
    ({"name": "x", "colour": "red"}, "growing-areas has no property colour"),
    ({"name": 5}, "name is a text"),
    ({"name": "x\u0000y"}, "no letter"),
    ({"name": "x" * 2001}, "at most 2,000"),
    ({"name": ""}, "name is needed"),
    ({"name": "x", "status": "open"}, "status is one of active, suspended, closed"),
    ({"name": "x", "crop": "cà phê"}, "no crop with the code"),
    ({"name": "x", "commune_code": "99999"}, "no commune with the code 99999"),
    ({"name": "x", "holder": "Ai đó"}, "no party named Ai đó"),
    ({"name": "x", "household_count": 1.5}, "whole number"),
    ({"name": "x", "household_count": True}, "is a number"),
    ({"name": "x", "household_count": 10**400}, "finite"),
    ({"name": "x", "planted_year": 2**40}, "from 0 to"),
    ({"name": "x", "declared_area_ha": 0}, "above 0"),
    ({"name": "x", "declared_area_ha": float("nan")}, "finite"),
    ({"name": "x", "declared_area_ha": 1e20}, "below"),
    ("x", "JSON object"),
]


@pytest.mark.parametrize(("properties", "words"), BAD_PROPERTIES)
def test_bad_properties_are_named(session: Session, properties: Any, words: str):
    sent = {**feature(), "properties": properties}
    with pytest.raises(InvalidInputError, match=words):
        create_feature(session, GROWING_AREAS, PROVINCE, sent)


BAD_GEOMETRIES = [
    (None, "cannot be null"),
    ({"type": "LineString", "coordinates": [[108, 12], [109, 12]]}, "Point or Polygon"),
    ({"type": ["Polygon"], "coordinates": []}, "Point or Polygon"),
    ({"type": "Polygon", "coordinates": []}, "at least one"),
    ({"type": "Polygon", "coordinates": [5]}, "list of positions"),
    ({"type": "Polygon", "coordinates": [[[108, 12], [108, 12], [108, 12]]]}, "three different"),
    ({"type": "Polygon", "coordinates": [[["a", 12], [108, 12], [109, 12]]]}, "two numbers"),
    ({"type": "Polygon", "coordinates": [[[float("nan"), 12], [1, 2], [3, 4]]]}, "finite"),
    ({"type": "Polygon", "coordinates": [[[10**400, 12], [1, 2], [3, 4]]]}, "finite"),
    (polygon(ring(LAT, LON, 0.002)), "Longitude comes first"),
    ({"type": "Polygon", "coordinates": [[[1e308, -1e308], [-1e308, 2], [3, 1e300]]]}, "outside"),
    ({"type": "Polygon", "coordinates": [[[108, 12]] * 1_000_000]}, "1,000,000 corners"),
    ({"type": "MultiPolygon", "coordinates": [[[[108, 12]]]] * 99_999}, "99,999 corners"),
    ({"type": "Point", "coordinates": [LON, LAT]}, "declared_area_ha"),
    ({"type": "Point", "coordinates": [[LON, LAT]]}, "two numbers"),
]


@pytest.mark.parametrize(("geometry", "words"), BAD_GEOMETRIES)
def test_bad_geometries_are_refused_with_a_sentence(session: Session, geometry: Any, words: str):
    sent = {"type": "Feature", "geometry": geometry, "properties": {"name": "Vùng"}}
    with pytest.raises((InvalidInputError, RuleViolationError), match=words):
        create_feature(session, GROWING_AREAS, PROVINCE, sent)


def test_only_features_in_wgs84_are_read(session: Session):
    for sent in ([], "x", {"type": "FeatureCollection"}, {"properties": {"name": "x"}}):
        with pytest.raises(PlatformError):
            create_feature(session, GROWING_AREAS, PROVINCE, sent)  # type: ignore[arg-type]
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3405"}}
    with pytest.raises(CrsMismatchError):
        create_feature(session, GROWING_AREAS, PROVINCE, {**feature(name="x"), "crs": named})
    named["properties"] = {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}
    create_feature(session, GROWING_AREAS, PROVINCE, {**feature(name="x"), "crs": named})
    with pytest.raises(InvalidGeometryError):
        create_feature(session, LAYERS["facilities"], PROVINCE, feature(name="Kho"))
