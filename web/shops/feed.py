"""All products for shops and advertisers, in one table: `/api/v1/feed/products.csv`."""

import csv
import io
from collections.abc import Iterator

from flask import Blueprint, Response, stream_with_context

from gis.calendar import today
from traceability.selling.feed import COLUMNS, feed_items, feed_row
from web import access, api
from web.context import public_url, reading
from web.limits import EXPORT, limiter

blueprint = Blueprint("feed", __name__, url_prefix="/api/v1/feed")

# Excel in Vietnam takes a table without it for Windows-1258; the readers of shops skip it.
_BYTE_ORDER_MARK = "﻿"
_LINES_AT_ONCE = 100


@blueprint.get("/products.csv")
@access.roles("public")
@limiter.limit(EXPORT)
@api.parameters()
def products_table() -> Response:
    """All products with GTIN, price, origin, certificate and picture (UTF-8 CSV with a mark)."""
    site = public_url()
    response = Response(stream_with_context(_lines(site)), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="products.csv"'
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


# What each column holds is part of the API's description.
products_table.__doc__ = f"{products_table.__doc__}\n\nColumns:\n" + "\n".join(
    f"{name}: {words}." for name, words in COLUMNS.items()
)


def _lines(site: str) -> Iterator[str]:
    out = io.StringIO()
    table = csv.writer(out)
    out.write(_BYTE_ORDER_MARK)
    table.writerow(COLUMNS)
    with reading() as session:
        for number, item in enumerate(feed_items(session, today()), 1):
            table.writerow(feed_row(item, site))
            if number % _LINES_AT_ONCE == 0:
                yield out.getvalue()
                out.seek(0)
                out.truncate()
    yield out.getvalue()
