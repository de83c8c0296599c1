"""Layers as GeoDataFrames: what researchers, exports and snapshots work on."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Executable, func, select
from sqlalchemy.orm import Session

from gis.conditions import bind_selection, conditions_of, narrowing_of
from gis.layer import Layer, View
from gis.layers import find_layer
from gis.models import AdministrativeUnit, Crop, GrowingArea, Scene, SceneStatistic
from gis.narrowing import further_conditions
from gis.refusals import answering
from gis.selection import EVERYTHING, Selection

# Whole layers are read in jobs, where a filter may take longer than on the site.
_TIMEOUT_S = 120
_DTYPES = {"string": "str", "integer": "Int64", "number": "float64", "boolean": "boolean"}


def read_layer(
    session: Session,
    layer: Layer | str,
    view: View = View.EXACT,
    selection: Selection = EVERYTHING,
) -> gpd.GeoDataFrame:
    """Read a layer, whole or what a selection has of it.

    Args:
        session: Reads only.
        layer: A layer of the catalogue, or its identifier.
        view: How exactly; PUBLIC generalises what could single out a household.
        selection: Which features and properties; its order and coordinate system do not matter.

    Returns:
        One row per feature in the order of ids; `id` and the layer's properties by their published
        names, areas in geodesic hectares; geometry in EPSG:4326, lon/lat, None where there is none.

    Raises:
        NotFoundError: There is no such layer.
        InvalidInputError: The selection's filter does not fit the layer.
    """
    known = find_layer(layer) if isinstance(layer, str) else layer
    chosen = selection.properties
    shown = [item for item in known.properties if chosen is None or item.name in chosen]
    columns = [item.expression(view).label(item.name) for item in shown]
    query = (
        select(known.key.label("id"), *columns, func.ST_AsBinary(known.shape(view)).label("wkb"))
        .select_from(known.source)
        .where(*conditions_of(known, view, narrowing_of(known, selection)))
        .where(*further_conditions(session, known, view, selection))
        .order_by(known.key)
    )
    with answering(session, selection, timeout_s=_TIMEOUT_S):
        rows = session.execute(query, bind_selection(known, selection)).all()
    data: dict[str, pd.Series] = {"id": pd.Series([row.id for row in rows], dtype="int64")}
    for place, item in enumerate(shown, start=1):
        cells = [row[place] for row in rows]
        dtype = "object" if item.format or item.type == "array" else _DTYPES[item.type]
        if item.type == "number":
            cells = [None if cell is None else float(cell) for cell in cells]
        data[item.name] = pd.Series(cells, dtype=dtype)
    return gpd.GeoDataFrame(data, geometry=_from_wkb([row.wkb for row in rows]), crs="EPSG:4326")


def growing_areas_by_crop(session: Session) -> pd.DataFrame:
    """Sum active growing areas by commune and crop.

    Returns:
        Columns `commune_code`, `commune`, `crop`, `crop_en`, `colour` (#rrggbb of the legend),
        `areas` (how many) and `area_ha` (geodesic, or declared where nothing is drawn), the largest
        first.
    """
    return _frame(
        session,
        select(
            AdministrativeUnit.code.label("commune_code"),
            AdministrativeUnit.name.label("commune"),
            Crop.name.label("crop"),
            Crop.name_en.label("crop_en"),
            Crop.colour.label("colour"),
            func.count().label("areas"),
            func.sum(GrowingArea.area_ha).label("area_ha"),
        )
        .join(Crop, Crop.id == GrowingArea.crop_id)
        .outerjoin(AdministrativeUnit, AdministrativeUnit.id == GrowingArea.commune_id)
        .where(GrowingArea.status == "active")
        .group_by(
            AdministrativeUnit.code,
            AdministrativeUnit.name,
            Crop.name,
            Crop.name_en,
            Crop.colour,
        )
        .order_by(func.sum(GrowingArea.area_ha).desc()),
    )


def current_communes(session: Session) -> gpd.GeoDataFrame:
    """Read the communes that exist today: `id`, `code`, `name`, `area_ha`, geometry EPSG:4326."""
    rows = session.execute(
        select(
            AdministrativeUnit.id,
            AdministrativeUnit.code,
            AdministrativeUnit.name,
            AdministrativeUnit.area_ha,
            func.ST_AsBinary(AdministrativeUnit.boundary).label("wkb"),
        )
        .where(AdministrativeUnit.level == "commune", AdministrativeUnit.valid_to.is_(None))
        .order_by(AdministrativeUnit.code)
    ).all()
    data = {
        name: [getattr(row, name) for row in rows] for name in ("id", "code", "name", "area_ha")
    }
    return gpd.GeoDataFrame(data, geometry=_from_wkb([row.wkb for row in rows]), crs="EPSG:4326")


def zonal_frame(session: Session, scene: str, layer: str) -> pd.DataFrame:
    """Read the recorded statistics of a scene inside a layer, one row per feature.

    Returns:
        Columns `feature_id`, `band`, `rule`, and one per statistic, in the raster's unit.
    """
    found = _frame(
        session,
        select(
            SceneStatistic.feature_id,
            SceneStatistic.band,
            SceneStatistic.rule,
            SceneStatistic.statistic,
            SceneStatistic.value,
        )
        .join(Scene, Scene.id == SceneStatistic.scene_id)
        .where(Scene.code == scene, SceneStatistic.layer == layer)
        .order_by(SceneStatistic.feature_id),
    )
    keys = ["feature_id", "band", "rule", "statistic"]
    wide = found.set_index(keys)["value"].unstack("statistic").reset_index()
    wide.columns.name = None
    return wide


def list_scenes(session: Session) -> pd.DataFrame:
    """List the registered scenes, the newest first.

    Returns:
        Columns `code`, `title`, `acquired_at`, `width`, `height` (cells) and `path`.
    """
    return _frame(
        session,
        select(
            Scene.code, Scene.title, Scene.acquired_at, Scene.width, Scene.height, Scene.path
        ).order_by(Scene.acquired_at.desc().nulls_last(), Scene.code),
    )


def _frame(session: Session, query: Executable) -> pd.DataFrame:
    result = session.execute(query)
    names = list(result.keys())
    return pd.DataFrame.from_records([tuple(row) for row in result], columns=names)


def _from_wkb(shapes: list[bytes | None]) -> np.ndarray:
    return shapely.from_wkb(
        np.array([None if shape is None else bytes(shape) for shape in shapes], dtype=object)
    )
