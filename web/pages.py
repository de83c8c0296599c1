"""The page of each thing on the map."""

from datetime import date

from flask import url_for


def page_of(layer: str, fid: int, code: str | None = None, valid_from: date | None = None) -> str:
    """The address of the page that people read about a feature.

    Args:
        layer: The layer's identifier.
        fid: The feature's id.
        code: Its code, where pages go by codes.
        valid_from: The first day of a unit that is no more.
    """
    if layer == "growing-areas":
        return url_for("growing_areas.page", code=code or str(fid))
    if layer == "high-tech-zones":
        return url_for("zones.page", code=code or str(fid))
    if layer == "administrative-units" and code:
        return url_for("units.page", code=code, valid_from=valid_from)
    return url_for("ogc_items.item", name=layer, fid=fid, f="html")
