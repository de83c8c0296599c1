"""Backgrounds of the map: what an administrator may put there, and in which order they lie.

An address is read strictly because it ends in the page's Content-Security-Policy: https only (http
for this very machine), a plain host, no credentials, and only the placeholders of its kind.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError, NotFoundError
from gis.models import Background

KINDS = ("xyz", "wmts", "pmtiles", "cog")
SUFFIXES = {"pmtiles": (".pmtiles",), "cog": (".tif", ".tiff")}
# Files that the site serves itself come under one folder of the files folder, or where the
# administrator says.
FOLDER = "backgrounds"
MAX_ADDRESS = 2000
MAX_NAME, MAX_ATTRIBUTION = 80, 300
_MOST = 50
_PLACES = {
    "xyz": ({"{z}", "{x}", "{y}"}, {"{z}", "{x}", "{-y}"}),
    "wmts": ({"{TileMatrix}", "{TileRow}", "{TileCol}"},),
}
# One host for each letter or digit, as tile servers name them: {a-c}.
_RANGE = re.compile(r"\{([a-z]-[a-z]|[0-9]-[0-9])\}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# What may stand in an address besides placeholders (RFC 3986), without what quotes or separates.
_PLAIN = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&()*+,;=%{}]+")
_LOCAL = ("localhost", "127.0.0.1", "[::1]")
# The first bytes of a file of each kind: TIFF in both byte orders, BigTIFF, PMTiles 3.
_MAGIC = {
    "cog": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "pmtiles": (b"PMTiles\x03",),
}


@dataclass(frozen=True, slots=True)
class BackgroundWish:
    """A background as somebody typed it; `check` says what is wrong with it."""

    name: str
    kind: str
    address: str | None = None
    file: str | None = None
    attribution: str = ""
    opacity: float = 1.0
    min_zoom: int = 0
    max_zoom: int = 22
    position: int = 0
    is_shown: bool = False
    is_public: bool = True
    is_active: bool = True

    def check(self, files: Path) -> None:
        """See that it can be served and shown.

        Args:
            files: The files folder, in which `file` must lie.

        Raises:
            InvalidInputError: Naming the field as `parameter`.
        """
        if not 0 < len(self.name) <= MAX_NAME:
            raise _wrong("name", f"a name of at most {MAX_NAME} letters is needed")
        if self.kind not in KINDS:
            raise _wrong("kind", f"one of {', '.join(KINDS)}")
        if len(self.attribution) > MAX_ATTRIBUTION:
            raise _wrong("attribution", f"at most {MAX_ATTRIBUTION} letters")
        if not 0 <= self.opacity <= 1:
            raise _wrong("opacity", "from 0 to 1")
        if not 0 <= self.min_zoom <= self.max_zoom <= 24:
            raise _wrong("max_zoom", "zooms go from 0 to 24, the least first")
        if not -1000 <= self.position <= 1000:
            raise _wrong("position", "from -1000 to 1000")
        if (self.address is None) == (self.file is None):
            raise _wrong("address", "give either an address or a file")
        if self.address is not None:
            check_address(self.kind, self.address)
        if self.file is not None:
            check_file(self.kind, files, self.file)


def check_address(kind: str, address: str) -> None:
    """See that an address is of its kind and safe to stand in the page's policy.

    Raises:
        InvalidInputError: Saying what is wrong with it.
    """
    origins_of(address)
    placeholders = re.findall(r"\{[^{}]*\}", address)
    if address.count("{") != len(placeholders) or address.count("}") != len(placeholders):
        raise _wrong("address", "its braces do not pair")
    used = [one for one in placeholders if not _RANGE.fullmatch(one)]
    if kind in _PLACES:
        if not any(set(used) == wanted and len(used) == 3 for wanted in _PLACES[kind]):
            listed = " ".join(sorted(_PLACES[kind][0]))
            raise _wrong("address", f"it needs {listed}, each once, and no other placeholder")
        host = urlsplit(address).netloc
        if any(one in host for one in used):
            raise _wrong("address", "placeholders of the tile stand behind the host")
        return
    if placeholders:
        raise _wrong("address", "an address of one file has no placeholders")
    if PurePosixPath(urlsplit(address).path).suffix.lower() not in SUFFIXES[kind]:
        raise _wrong("address", f"it must end in {' or '.join(SUFFIXES[kind])}")


def origins_of(address: str) -> tuple[str, ...]:
    """The origins (scheme, host, port) that an address leads to; several where it has a range.

    Raises:
        InvalidInputError: It is no https address of a plain host.
    """
    if len(address) > MAX_ADDRESS or not _PLAIN.fullmatch(address):
        raise _wrong(
            "address",
            f"at most {MAX_ADDRESS} plain letters and signs, without spaces, quotes or accents",
        )
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise _wrong("address", "it is not an address") from error
    if "@" in parts.netloc:
        raise _wrong("address", "no name and password in it: everybody would read them")
    if parts.fragment or "#" in address:
        raise _wrong("address", "without #")
    hosts = _expanded(parts.netloc.rpartition(":")[0] if port is not None else parts.netloc)
    is_local = all(host in _LOCAL for host in hosts)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
        raise _wrong("address", "it must begin with https://")
    if not all(_is_host(host) for host in hosts):
        raise _wrong("address", "the host is not written as a plain name or number")
    if port == 0 or parts.netloc.endswith(":"):
        raise _wrong("address", "the port is not a number from 1 to 65535")
    end = f":{port}" if port is not None else ""
    return tuple(f"{parts.scheme}://{host}{end}" for host in hosts)


def _expanded(host: str) -> list[str]:
    """The hosts that `{a-c}.tiles.example` stands for; at most ten."""
    ranges = _RANGE.findall(host)
    if not ranges:
        return [host.lower()]
    first, _, last = ranges[0].partition("-")
    count = ord(last) - ord(first) + 1
    if len(ranges) > 1 or not 0 < count <= 10:
        raise _wrong("address", "one range of hosts such as {a-c}, of at most ten")
    return [_RANGE.sub(chr(ord(first) + at), host).lower() for at in range(count)]


def _is_host(host: str) -> bool:
    if host.startswith("["):
        try:
            return host.endswith("]") and IPv6Address(host[1:-1]).scope_id is None
        except ValueError:
            return False
    labels = host.split(".")
    if labels[-1].isdigit():
        try:
            return str(ip_address(host)) == host
        except ValueError:
            return False
    return len(host) <= 253 and all(_LABEL.fullmatch(label) for label in labels)


def check_file(kind: str, files: Path, relative: str) -> Path:
    """Find the file of a background in the files folder, and see that it begins as its kind does.

    Args:
        kind: `cog` or `pmtiles`.
        files: The files folder.
        relative: A path in it.

    Returns:
        The file, symbolic links followed.

    Raises:
        InvalidInputError: It is not there, lies outside, or is another kind of file.
    """
    if kind not in SUFFIXES:
        raise _wrong("file", "only PMTiles and orthophotos (COG) are served as files")
    if len(relative) > 500 or "\0" in relative or PurePosixPath(relative).is_absolute():
        raise _wrong("file", "a path inside the files folder")
    folder = files.resolve()
    file = (folder / relative).resolve()
    if not file.is_relative_to(folder) or not file.is_file():
        raise _wrong("file", f"there is no file {relative} in the files folder")
    if file.suffix.lower() not in SUFFIXES[kind]:
        raise _wrong("file", f"it must end in {' or '.join(SUFFIXES[kind])}")
    # Bytes are compared, nothing is parsed: the browser of whoever looks at it does that.
    with file.open("rb") as stream:
        start = stream.read(8)
    if not start.startswith(_MAGIC[kind]):
        names = {"cog": "a GeoTIFF", "pmtiles": "PMTiles of version 3"}
        raise _wrong("file", f"{file.name} is not {names[kind]}")
    return file


def list_backgrounds(session: Session, *, staff: bool) -> list[Background]:
    """The backgrounds in use, the lowest first.

    Args:
        session: Reads only.
        staff: Whether those are wanted too that are not for everybody.
    """
    query = select(Background).where(Background.is_active)
    if not staff:
        query = query.where(Background.is_public)
    return list(session.scalars(query.order_by(Background.position, Background.id)))


def list_all(session: Session) -> list[Background]:
    """Every background, for who administers them, the lowest first."""
    return list(session.scalars(select(Background).order_by(Background.position, Background.id)))


def get_background(session: Session, background_id: int) -> Background:
    """One background.

    Raises:
        NotFoundError: There is none of this number.
    """
    found = session.get(Background, background_id)
    if found is None:
        raise NotFoundError(f"There is no background {background_id}.")
    return found


def save_background(
    session: Session,
    wish: BackgroundWish,
    files: Path,
    *,
    actor: str,
    background_id: int | None = None,
) -> Background:
    """Make a background, or write one anew. Flushes.

    Args:
        session: The open transaction.
        wish: What it shall be.
        files: The files folder.
        actor: Who does it.
        background_id: Which one; None makes one.

    Raises:
        InvalidInputError: Something does not fit.
        NotFoundError: There is none of this number.
    """
    wish.check(files)
    if background_id is None:
        if session.scalars(select(func.count()).select_from(Background)).one() >= _MOST:
            raise _wrong("name", f"there are {_MOST} backgrounds already: remove one first")
        background = Background(created_by=actor)
        session.add(background)
    else:
        background = get_background(session, background_id)
        background.updated_at = func.now()
    for name in BackgroundWish.__dataclass_fields__:
        setattr(background, name, getattr(wish, name))
    session.flush()
    return background


def delete_background(session: Session, background_id: int) -> None:
    """Take a background off the map; its file stays where it is. Flushes.

    Raises:
        NotFoundError: There is none of this number.
    """
    session.delete(get_background(session, background_id))
    session.flush()


def policy_sources(
    backgrounds: Sequence[Background | BackgroundWish],
) -> dict[str, tuple[str, ...]]:
    """The foreign origins that a page showing backgrounds loads from, by policy directive.

    Tiles are pictures; PMTiles and COG are fetched piece by piece. Files of the site are its own.
    """
    sources: dict[str, set[str]] = {"img-src": set(), "connect-src": set()}
    for background in backgrounds:
        if background.address is not None:
            directive = "img-src" if background.kind in _PLACES else "connect-src"
            sources[directive].update(origins_of(background.address))
    return {directive: tuple(sorted(origins)) for directive, origins in sources.items()}


def _wrong(name: str, sentence: str) -> InvalidInputError:
    return InvalidInputError(f"{name}: {sentence}.", parameter=name)
