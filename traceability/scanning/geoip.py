"""Where a scan comes from, as far as an operator's own file of network addresses tells.

Two kinds of file, known by their ending: `.mmdb` as MaxMind and DB-IP sell them (a place in degrees
for each network), and `.csv` of an operator's own with the columns `network,commune_code` (such as
`203.0.113.0/24,24848`: a cooperative's shop, a provider's exchange). Without a file no place is
known. The address is asked about while a request runs and is kept nowhere.
"""

import csv
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


def open_places(path: Path | None) -> PlaceOf:
    """Open an operator's file once; what it answers may be asked by any thread.

    Raises:
        InvalidInputError: There is no such file, or it is of neither kind.
    """
    if path is None:
        return lambda _address: None
    if path.suffix.lower() == ".csv":
        return _Table(path).find
    return _MaxMind(path).find


class _MaxMind:
    """A MaxMind file of places; the whole of it stays on disk, mapped into memory."""

    def __init__(self, path: Path) -> None:
        try:
            self._reader = maxminddb.open_database(str(path))
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            raise InvalidInputError(
                f"LANGBIANG_GEOIP: {path} is no MaxMind file (.mmdb) and no .csv: {error}."
            ) from error

    def find(self, address: str | None) -> Place | None:
        try:
            found = self._reader.get(address or "")
        except (ValueError, maxminddb.InvalidDatabaseError):
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
