"""Drawn tiles kept in memory, so that what nobody changed is drawn once for everybody.

A tile is kept under its ETag, which was asked for before the tile was drawn: what is kept can be
newer than its name, never older. An edit gives the layer another version and so another name; a
reader who was drawing meanwhile fills the old name, which nobody asks for again. Nothing is ever
deleted for being stale; the least used goes when the memory is full.
"""

from collections import OrderedDict
from threading import Lock
from typing import cast

from flask import Flask, current_app

from gis.tiles.drawing import TileAddress

_Key = tuple[str, TileAddress]
# What one entry costs beside its body: key, hash table and bookkeeping.
_OVERHEAD = 500


class TileCache:
    """Tile bodies by ETag and address; `limit` bytes at most. Safe between threads."""

    def __init__(self, limit: int) -> None:
        """Keep up to so many bytes; 0 keeps nothing."""
        self._limit = limit
        self._size = 0
        self._bodies: OrderedDict[_Key, bytes] = OrderedDict()
        self._lock = Lock()

    def find(self, etag: str, address: TileAddress) -> bytes | None:
        """The body kept under this ETag, if any."""
        with self._lock:
            body = self._bodies.get((etag, address))
            if body is not None:
                self._bodies.move_to_end((etag, address))
            return body

    def keep(self, etag: str, address: TileAddress, body: bytes) -> None:
        """Keep a body; the least used ones leave for it."""
        with self._lock:
            replaced = self._bodies.pop((etag, address), None)
            if replaced is not None:
                self._size -= len(replaced) + _OVERHEAD
            self._bodies[etag, address] = body
            self._size += len(body) + _OVERHEAD
            while self._size > self._limit and self._bodies:
                _, gone = self._bodies.popitem(last=False)
                self._size -= len(gone) + _OVERHEAD


def install(app: Flask, megabytes: int) -> None:
    """Give the application its cache."""
    app.extensions["langbiang.tiles"] = TileCache(megabytes * 1024 * 1024)


def tile_cache() -> TileCache:
    """The cache of this process."""
    return cast(TileCache, current_app.extensions["langbiang.tiles"])
