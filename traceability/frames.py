"""Lots and where they grew, as frames for notebooks; what the public may see, no more."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from traceability.following.origin import public_origins
from traceability.gs1.trace_link import label_code
from traceability.models import Lot, LotSource, Product


def list_traceable_lots(session: Session) -> pd.DataFrame:
    """List the lots whose growing areas are known, the newest harvest first.

    Returns:
        Columns `lot_id`, `lot`, `product_id`, `product`, `harvested_on`, `quantity`, `unit` and
        `path`, the address in the product's QR code without the host.
    """
    rows = session.execute(
        select(Lot, Product)
        .join(Product, Product.id == Lot.product_id)
        .where(Lot.id.in_(select(LotSource.lot_id)))
        .order_by(Lot.harvested_on.desc().nulls_last(), Lot.id)
    ).all()
    return pd.DataFrame(
        [
            {
                "lot_id": lot.id,
                "lot": lot.code,
                "product_id": product.id,
                "product": product.name,
                "harvested_on": lot.harvested_on,
                "quantity": None if lot.quantity is None else float(lot.quantity),
                "unit": lot.unit,
                "path": label_code(product.gtin, product.trace_code, lot.code).uri(""),
            }
            for lot, product in rows
        ]
    )


def trace_to_fields(session: Session, product_id: int, lot_id: int) -> gpd.GeoDataFrame:
    """Follow a lot back to the growing areas it came from, as the public may see them.

    Returns:
        Columns `growing_area_id`, `name` (None where it could name a person), `crop`, `commune`,
        `codes`, `harvested_on`, `quantity`, `area_ha` (geodesic) and the geometry, EPSG:4326,
        lon/lat: a boundary, or a point rounded where a household could be singled out.
    """
    origins = public_origins(session, product_id, lot_id)
    data = {
        "growing_area_id": [origin.growing_area_id for origin in origins],
        "name": [origin.name for origin in origins],
        "crop": [origin.crop.name if origin.crop else None for origin in origins],
        "commune": [origin.commune.name if origin.commune else None for origin in origins],
        "codes": [", ".join(origin.codes) for origin in origins],
        "harvested_on": [origin.harvested_on for origin in origins],
        "quantity": [
            None if origin.quantity is None else float(origin.quantity) for origin in origins
        ],
        "area_ha": [origin.area_ha for origin in origins],
    }
    shapes = np.array([origin.shape.desc for origin in origins], dtype=object)
    return gpd.GeoDataFrame(data, geometry=shapely.from_wkb(shapes), crs="EPSG:4326")
