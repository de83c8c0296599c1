"""Where a scan comes from, as far as an operator's own file of network addresses tells.

Two kinds of file, known by their ending: `.mmdb` as MaxMind and DB-IP sell them (a place in degrees
for each network), and `.csv` of an operator's own with the columns `network,commune_code` (such as
`203.0.113.0/24,24848`: a cooperative's shop, a provider's exchange). Without a file no place is
known. The address is asked about while a request runs and is kept nowhere.

Operators get a new file each month and lay it over the old one: it is taken within a minute. While
it is half written, broken or gone, what was read before goes on.
"""

import csv
import logging
import time
import weakref
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

import maxminddb

from gis.errors import InvalidInputError

# The code of a commune, or longitude and latitude in degrees.
Place = str | tuple[float, float]
PlaceOf = Callable[[str | None], Place | None]
_MOST_ROWS = 1_000_000
# A place known to no better than this (km around it) may be another commune, or another province.
_COARSEST_KM = 50
# How often the file is looked at; a running site need not be started again for a new one.
CHECK_S = 60.0

log = logging.getLogger(__name__)


def open_places(path: Path | None) -> PlaceOf:
    """Open an operator's file and follow its changes; any thread may ask what it answers.

    Raises:
        InvalidInputError: There is no such file, or it is of neither kind.
    """
    if path is None:
        return lambda _address: None
    return _Followed(path).find


class _Followed:
    """The places of a file, and those of what replaces it while the site runs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mark = _mark(path)
        self._places = _open(path)
        self._next_look = time.monotonic() + CHECK_S

    def find(self, address: str | None) -> Place | None:
        if time.monotonic() >= self._next_look:
            # First: other threads go on with what there is meanwhile.
            self._next_look = time.monotonic() + CHECK_S
            self._look()
        return self._places.find(address)

    def _look(self) -> None:
        mark = _mark(self._path)
        if mark == self._mark:
            return
        self._mark = mark
        try:
            self._places = _open(self._path)
        except InvalidInputError as error:
            log.warning("%s What was read before is used.", error.detail)


def _mark(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _open(path: Path) -> "_MaxMind | _Table":
    return _Table(path) if path.suffix.lower() == ".csv" else _MaxMind(path)


class _MaxMind:
    """A MaxMind file of places; all of it stays on disk."""

    def __init__(self, path: Path) -> None:
        try:
            # Read, not mapped: a new file copied over a mapped one ends the process (SIGBUS).
            self._reader = maxminddb.open_database(str(path), maxminddb.MODE_FILE)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            raise InvalidInputError(
                f"LANGBIANG_GEOIP: {path} is no MaxMind file (.mmdb) and no .csv: {error}."
            ) from error
        weakref.finalize(self, self._reader.close)

    def find(self, address: str | None) -> Place | None:
        try:
            found = self._reader.get(address or "")
        except Exception:
            # No address, or bytes of a file that is being replaced: no place is worth a scan.
            return None
        place = found.get("location") if isinstance(found, dict) else None
        if not isinstance(place, dict):
            return None
        lon, lat = place.get("longitude"), place.get("latitude")
        radius = place.get("accuracy_radius")
        if isinstance(radius, int | float) and radius > _COARSEST_KM:
            return None
        if not (isinstance(lon, int | float) and isinstance(lat, int | float)):
            return None
        # A hundredth of a degree, 1.1 km, is more than such files know.
        return round(float(lon), 2), round(float(lat), 2)


class _Table:
    """An operator's own networks, in memory; of networks within each other the narrowest counts."""

    def __init__(self, path: Path) -> None:
        # By version and length of prefix: the prefix as a number, and the commune's code.
        self._codes: dict[tuple[int, int], dict[int, str]] = {}
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                for number, row in enumerate(csv.DictReader(file), 2):
                    self._take(path, number, row)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise InvalidInputError(f"LANGBIANG_GEOIP: {path} cannot be read: {error}.") from error
        self._lengths = sorted(self._codes, reverse=True)

    def find(self, address: str | None) -> Place | None:
        try:
            given = _unmapped(ip_address(address or ""))
        except ValueError:
            return None
        for version, length in self._lengths:
            if version == given.version:
                prefix = int(given) >> (given.max_prefixlen - length)
                if code := self._codes[version, length].get(prefix):
                    return code
        return None

    def _take(self, path: Path, number: int, row: dict[str, str | None]) -> None:
        if number > _MOST_ROWS:
            raise InvalidInputError(f"LANGBIANG_GEOIP: {path} has more than {_MOST_ROWS} rows.")
        code = (row.get("commune_code") or "").strip()
        try:
            network = ip_network((row.get("network") or "").strip())
        except ValueError as error:
            raise InvalidInputError(f"LANGBIANG_GEOIP: {path}, line {number}: {error}.") from error
        if not code:
            raise InvalidInputError(f"LANGBIANG_GEOIP: {path}, line {number}: no commune_code.")
        prefix = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
        self._codes.setdefault((network.version, network.prefixlen), {})[prefix] = code


def _unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    # Behind some proxies an IPv4 address comes as ::ffff:203.0.113.7.
    return getattr(address, "ipv4_mapped", None) or address
