"""Pictures that people sent, made anew from their pixels: nothing else of the file is passed on.

What a camera wrote beside the picture (place, owner, time) is gone, since only pixels are written
again; which way is up is kept by turning them. Only the worker comes here.
"""

import io
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

KINDS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "AVIF": "image/avif"}
# A JPEG that carries a second picture (depth, brightness of HDR), as new phones make them: its
# first one is the photo.
_WITHIN_JPEG = "MPO"
# The largest sensors of phones have 200 megapixels, but send 50 at most unless asked otherwise.
MAX_PIXELS = 64_000_000
MAX_SIDE = 16_000
MIN_SIDE = 64
# Issue of the page's weight: one picture of at most 60 kB in each format.
PHOTO_BYTES = 60_000
PHOTO_WIDTH = 720
PHOTO_HEIGHT = 720
# (best, worst) quality that is looked at before the picture is made smaller, and the encoder's way.
_QUALITIES = {"avif": (62, 34), "webp": (82, 45), "jpeg": (84, 45)}
_OPTIONS: dict[str, dict[str, object]] = {
    "avif": {"format": "AVIF", "speed": 6},
    "webp": {"format": "WEBP", "method": 5},
    "jpeg": {"format": "JPEG", "optimize": True, "progressive": True},
}
_SHRINK = 0.82
# What iPhones send (ISO 23008-12, by the brand in the file's head): no free decoder comes along.
_HEIC_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"))


class RefusedPictureError(Exception):
    """A picture that is not taken; `reason` is one of `etl.attachment_requests.REASONS`."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Picture:
    """Encoded pictures of one size in pixels, by format (`avif`, `webp`, `jpeg`, `png`)."""

    width: int
    height: int
    files: dict[str, bytes]


def open_picture(path: Path, *, longest: int) -> tuple[Image.Image, str]:
    """Decode a picture: upright, sRGB, without transparency.

    Args:
        path: The file; its kind is told by its content.
        longest: The side in pixels that is enough, to decode a large JPEG at a lower scale.

    Returns:
        The pixels (mode RGB), at least as large as `longest` where the file is; and the kind, such
        as `image/jpeg`.

    Raises:
        RefusedPictureError: Not a picture of a known kind, damaged, too large or too small.
    """
    try:
        with warnings.catch_warnings():
            # Our own limit is below the one that Pillow warns of.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image: Image.Image = Image.open(path, formats=list(KINDS))
    except Image.DecompressionBombError as error:
        raise RefusedPictureError("too-many-pixels") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise RefusedPictureError("heic" if _is_heic(path) else "unknown-kind") from error
    with image:
        kind = KINDS["JPEG" if image.format == _WITHIN_JPEG else str(image.format)]
        width, height = image.size
        # The header says so before one pixel is unpacked.
        if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
            raise RefusedPictureError("too-many-pixels")
        if min(width, height) < MIN_SIDE:
            raise RefusedPictureError("too-small")
        try:
            image.draft("RGB", (longest, longest))
            image.load()
            upright = ImageOps.exif_transpose(_reduced(_in_eights(image), longest))
            return _flat(_srgb(upright)), kind
        except (OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:
            raise RefusedPictureError("damaged") from error


def product_photo(path: Path) -> Picture:
    """Make a product's picture in three formats of one size, each at most `PHOTO_BYTES`.

    Raises:
        RefusedPictureError: As `open_picture`.
    """
    image, _ = open_picture(path, longest=2 * PHOTO_WIDTH)
    image.thumbnail((PHOTO_WIDTH, PHOTO_HEIGHT), Image.Resampling.LANCZOS)
    while True:
        files: dict[str, bytes] = {}
        for name in _QUALITIES:
            data, fits = _squeeze(_encoder(image, name), name)
            if not fits:
                break
            files[name] = data
        else:
            return Picture(image.width, image.height, files)
        # Bytes go with the area; a little less than what would just fit.
        smaller = max(min(math.sqrt(PHOTO_BYTES / len(data)) * 0.95, _SHRINK), 0.5)
        size = max(round(image.width * smaller), 1), max(round(image.height * smaller), 1)
        image = image.resize(size, Image.Resampling.LANCZOS)


def plain_picture(path: Path, *, longest: int) -> tuple[Picture, str]:
    """Make one picture anew: a PNG stays one (drawings, scans), all else becomes JPEG.

    Args:
        path: The file.
        longest: No side has more pixels afterwards.

    Returns:
        The picture with one file, and its kind.

    Raises:
        RefusedPictureError: As `open_picture`.
    """
    image, kind = open_picture(path, longest=longest)
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    if kind == "image/png":
        image.save(out, "PNG", optimize=True)
        return Picture(image.width, image.height, {"png": out.getvalue()}), kind
    image.save(out, "JPEG", quality=84, optimize=True, progressive=True)
    return Picture(image.width, image.height, {"jpeg": out.getvalue()}), "image/jpeg"


def _is_heic(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(12)
    return head[4:8] == b"ftyp" and head[8:] in _HEIC_BRANDS


def _encoder(image: Image.Image, name: str) -> Callable[[int], bytes]:
    def encode(quality: int) -> bytes:
        out = io.BytesIO()
        image.save(out, quality=quality, **_OPTIONS[name])  # type: ignore[arg-type]
        return out.getvalue()

    return encode


def _squeeze(encode: Callable[[int], bytes], name: str) -> tuple[bytes, bool]:
    """The best quality that fits, found by halving; else the worst, and that it does not fit."""
    best, worst = _QUALITIES[name]
    data = encode(best)
    if len(data) <= PHOTO_BYTES:
        return data, True
    fits = encode(worst)
    if len(fits) > PHOTO_BYTES:
        return fits, False
    low, high = worst + 1, best - 1
    while low <= high:
        middle = (low + high) // 2
        data = encode(middle)
        if len(data) <= PHOTO_BYTES:
            fits, low = data, middle + 1
        else:
            high = middle - 1
    return fits, True


def _in_eights(image: Image.Image) -> Image.Image:
    """A picture in eight bits a colour, without a palette: 16 bits would be cut, not scaled."""
    if image.mode.startswith("I"):
        scaled = (np.asarray(image).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8)
        return Image.fromarray(scaled)
    if image.mode in ("P", "PA", "LA", "1"):
        return image.convert("RGBA")
    return image


def _reduced(image: Image.Image, longest: int) -> Image.Image:
    """A picture brought near its size before anything else copies it, its notes kept."""
    factor = min(max(image.size) // (2 * longest), 64)
    return image.reduce(factor) if factor > 1 else image


def _srgb(image: Image.Image) -> Image.Image:
    """Turn the colours of a wide-gamut camera into those that every screen shows."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "CMYK", "L"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(
            image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        # A profile that says nothing: the numbers are taken as they are.
        return image
    return turned or image


def _flat(image: Image.Image) -> Image.Image:
    """Lay a picture with transparency on white, in RGB; its notes and profile stay behind."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        return ground
    clean = image.convert("RGB") if image.mode != "RGB" else image.copy()
    clean.info = {}
    return clean
