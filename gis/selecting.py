"""A selection read from named texts, which `/ogc` has as parameters.

For lists, and for jobs, which outlive the request that asked for them.
"""

from collections.abc import Mapping

from gis.cql2.parsing import LANGUAGES, parse_filter
from gis.errors import InvalidInputError
from gis.layer import Layer
from gis.published_crs import CRS84, PublishedCrs, find_crs
from gis.selection import (
    Selection,
    parse_box,
    parse_equal,
    parse_period,
    parse_properties,
    parse_sort,
)

# What narrows a layer; its properties are parameters, too.
PARAMETERS = (
    *("bbox", "bbox-crs", "datetime", "filter", "filter-lang", "filter-crs"),
    *("q", "unit", "properties", "sortby"),
)


def read_selection(
    layer: Layer, given: Mapping[str, str], *, commune: str | None = None
) -> Selection:
    """Read what is asked of a layer's features.

    Args:
        layer: The layer.
        given: Parameters of `/ogc/collections/{id}/items` by name.
        commune: The one commune whose rows the reader may see; None: all.

    Raises:
        InvalidInputError: Naming the parameter that is unknown or does not fit.
    """
    known = (*PARAMETERS, *(item.name for item in layer.properties))
    for name in given:
        if name not in known:
            raise InvalidInputError(
                f"There is no parameter {name[:40]} here. Known: {', '.join(known)}.",
                parameter=name[:40],
            )
    box_crs, filter_crs = _crs(given, "bbox-crs"), _crs(given, "filter-crs")
    language = given.get("filter-lang", "cql2-text")
    if language not in LANGUAGES:
        raise InvalidInputError(
            f"filter-lang must be one of {', '.join(LANGUAGES)}.", parameter="filter-lang"
        )
    return Selection(
        box=parse_box(given["bbox"], box_crs) if "bbox" in given else None,
        period=parse_period(given["datetime"]) if "datetime" in given else None,
        equal=parse_equal(given, layer),
        condition=parse_filter(given["filter"], language) if "filter" in given else None,
        condition_crs=filter_crs,
        sort=parse_sort(given["sortby"], layer) if "sortby" in given else (),
        properties=parse_properties(given["properties"], layer) if "properties" in given else None,
        commune=commune,
        words=given.get("q"),
        unit=given.get("unit"),
    )


def _crs(given: Mapping[str, str], name: str) -> PublishedCrs:
    return find_crs(given[name], name) if name in given else CRS84
