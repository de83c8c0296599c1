"""The page of each thing on the map."""

from flask import url_for


def page_of(layer: str, fid: int, code: str | None = None) -> str:
    """The address of the page that people read about a feature.

    Args:
        layer: The layer's identifier.
        fid: The feature's id.
        code: Its code, where pages go by codes.
    """
    if layer == "growing-areas" and code:
        return f"/vung-trong/{code}"
    if layer == "high-tech-zones":
        return url_for("zones.register")
    return url_for("ogc.item", name=layer, fid=fid, f="html")
