"""The small maps of origins, drawn once for many readers.

A drawing depends on shapes and communes alone: the same ones are drawn again only after some
minutes, in which a commune's outline may have been edited. Each process keeps its own.
"""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from datetime import date
from threading import Lock
from time import monotonic

from flask import current_app
from sqlalchemy.orm import Session

from gis.sketches import Sketch
from traceability.following.origin import PublicOrigin, origin_sketch
from traceability.models import Product

_KEPT_S = 300.0
_MOST = 400  # some kilobytes each


class KeptMaps:
    """The drawings of one application, the least used ones forgotten."""

    def __init__(self) -> None:
        """Begin empty."""
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, tuple[float, Sketch | None]] = OrderedDict()

    def find(self, key: Hashable) -> tuple[Sketch | None] | None:
        """What was drawn for a key and is not too old, in a tuple; None when nothing was."""
        with self._lock:
            held = self._kept.get(key)
            if held is None or monotonic() - held[0] > _KEPT_S:
                return None
            self._kept.move_to_end(key)
            return (held[1],)

    def keep(self, key: Hashable, drawn: Sketch | None) -> None:
        """Keep a drawing."""
        with self._lock:
            self._kept[key] = (monotonic(), drawn)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)


def draw_origin(
    session: Session, product: Product, origins: Sequence[PublicOrigin], day: date
) -> Sketch | None:
    """Draw where a product comes from, or show what was drawn of the same a moment ago."""
    kept: KeptMaps = current_app.extensions.setdefault("langbiang.origin_maps", KeptMaps())
    key = (
        day,
        product.commune_id,
        tuple((origin.commune.id if origin.commune else None) for origin in origins),
        tuple(bytes(str(origin.shape.data), "ascii") for origin in origins),
    )
    found = kept.find(key)
    if found is not None:
        return found[0]
    drawn = origin_sketch(session, product, origins, day)
    kept.keep(key, drawn)
    return drawn
