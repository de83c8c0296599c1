"""Files and a server of backgrounds, made as small as they can be."""

import gzip
import json
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import numpy as np
import pyproj
import rasterio
import rasterio.shutil
from PIL import Image
from rasterio.transform import Affine

Colour = tuple[int, int, int]
# North-west, north-east, south-west, south-east of an orthophoto.
QUARTERS: tuple[Colour, ...] = ((200, 30, 30), (30, 200, 30), (30, 30, 200), (230, 200, 20))


def write_cog(path: Path, crs: int, lon: float, lat: float, side_m: float = 512.0, **options: str):
    """A Cloud-Optimised GeoTIFF of four colours that meet at a place (degrees)."""
    count = 1024
    step = side_m / count
    x, y = lon, lat
    if crs == 4326:
        step /= 111_320
    else:
        x, y = pyproj.Transformer.from_crs(4326, crs, always_xy=True).transform(lon, lat)
    half = count // 2
    bands = np.zeros((3, count, count), np.uint8)
    for place, colour in enumerate(QUARTERS):
        row, column = divmod(place, 2)
        part = (slice(row * half, (row + 1) * half), slice(column * half, (column + 1) * half))
        bands[(slice(None), *part)] = np.array(colour)[:, None, None]
    plain = path.with_suffix(".plain.tif")
    profile = {"driver": "GTiff", "width": count, "height": count, "count": 3, "dtype": "uint8"}
    corner = Affine(step, 0, x - half * step, 0, -step, y + half * step)
    with rasterio.open(plain, "w", crs=f"EPSG:{crs}", transform=corner, **profile) as file:
        file.write(bands)
    rasterio.shutil.copy(
        plain, path, driver="COG", blocksize=256, **{"compress": "DEFLATE", **options}
    )
    plain.unlink()


def picture(colour: Colour, side: int = 256) -> bytes:
    """A PNG of one colour."""
    out = BytesIO()
    Image.new("RGB", (side, side), colour).save(out, "PNG")
    return out.getvalue()


def write_pmtiles(path: Path, tile: bytes, kind: int = 2) -> None:
    """A PMTiles 3 archive whose zooms 0 to 2 all show one tile; kind 2 = PNG, 1 = MVT."""
    tiles = sum(4**zoom for zoom in range(3))
    # One entry with a run over all 21 tiles: id 0, run, length, offset (+1).
    directory = b"".join(_varint(number) for number in (1, 0, tiles, len(tile), 1))
    root, metadata = gzip.compress(directory), gzip.compress(json.dumps({}).encode())
    at = 127
    spans = []
    for size in (len(root), len(metadata), 0, len(tile)):
        spans += [at, size]
        at += size
    header = struct.pack(
        "<7sB11Q6B4iB2i",
        *(b"PMTiles", 3, *spans, tiles, 1, 1),
        *(1, 2, 1, kind, 0, 2),
        *(-1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000),
        *(0, 0, 0),
    )
    assert len(header) == 127
    path.write_bytes(header + root + metadata + tile)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


@contextmanager
def tile_server(colour: Colour) -> Iterator[tuple[str, list[str]]]:
    """A server of tiles of one colour on this machine: its address, and the paths asked for."""
    asked: list[str] = []
    content = picture(colour)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
