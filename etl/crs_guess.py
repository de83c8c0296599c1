"""What a file's coordinates look like when it does not say its system.

A guess is shown and never applied: the person answers it with `--crs`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gis.crs import (
    PROVINCE_EXTENTS,
    PROVINCE_ZONES,
    TM3_MERIDIANS,
    VIETNAM,
    is_in_vietnam,
    point_to_wgs84,
)

Point = tuple[float, float]

# Where nothing better is known the platform's own province decides (DESIGN: Lâm Đồng).
_HOME_PROVINCE = "68"
_UTM = {32648: "WGS 84 / UTM 48N", 32649: "WGS 84 / UTM 49N"}


@dataclass(frozen=True)
class Guess:
    """A likely system, and why.

    Attributes:
        crs: `EPSG:n`.
        reason: Half a sentence for a person.
        place: Where the middle of the file would then lie, lon/lat degrees.
    """

    crs: str
    reason: str
    place: Point


def guess_crs(
    points: Sequence[Point],
    *,
    commune_codes: Sequence[str] = (),
    count_known: Callable[[Sequence[Point]], int] | None = None,
) -> Guess | None:
    """Guess the system of a few points of a file.

    Args:
        points: Some of its coordinates as written (x, y), a few dozen, spread over the file.
        commune_codes: Codes of provinces, districts or communes found in its columns; the first two
            digits name the province, and so the VN-2000 zone.
        count_known: Counts how many of some lon/lat points lie in communes the database knows.

    Returns:
        The best guess, or None when nothing fits.
    """
    if not points:
        return None
    xs = sorted(x for x, _ in points)
    ys = sorted(y for _, y in points)
    middle = (xs[len(xs) // 2], ys[len(ys) // 2])
    if all(abs(x) <= 180 and abs(y) <= 90 for x, y in points):
        if is_in_vietnam(*middle):
            return Guess(
                "EPSG:4326", "they are degrees of longitude and latitude in Vietnam", middle
            )
        return Guess("EPSG:4326", "they are within the range of longitude and latitude", middle)
    if is_in_vietnam(middle[1], middle[0]):
        swapped = (middle[1], middle[0])
        return Guess("EPSG:4326", "they are degrees, but latitude stands before longitude", swapped)
    return _guess_projected(points, middle, commune_codes, count_known)


def _guess_projected(
    points: Sequence[Point],
    middle: Point,
    commune_codes: Sequence[str],
    count_known: Callable[[Sequence[Point]], int] | None,
) -> Guess | None:
    candidates = _plausible_zones(middle)
    if not candidates:
        return None
    if count_known is not None:
        hits = {
            code: count_known([point_to_wgs84(x, y, f"EPSG:{code}") for x, y in points])
            for code in candidates
        }
        best = max(hits.values())
        winners = [code for code, count in hits.items() if count == best]
        if best > 0:
            code = _prefer(winners)
            reason = f"{best} of {len(points)} sample points then lie in known communes"
            return Guess(f"EPSG:{code}", reason, candidates[code])
    provinces = {code[:2] for code in commune_codes if code[:2] in PROVINCE_ZONES}
    if len(provinces) == 1:
        province = provinces.pop()
        code = PROVINCE_ZONES[province]
        if code in candidates:
            reason = f"its rows name units of province {province}, whose VN-2000 zone this is"
            return Guess(f"EPSG:{code}", reason, candidates[code])
    for province, (west, south, east, north) in PROVINCE_EXTENTS.items():
        code = PROVINCE_ZONES[province]
        longitude, latitude = candidates.get(code, (0.0, 0.0))
        if west <= longitude <= east and south <= latitude <= north:
            reason = f"they are metres that then lie in province {province}, whose zone this is"
            return Guess(f"EPSG:{code}", reason, candidates[code])
    code = _prefer(list(candidates))
    return Guess(f"EPSG:{code}", "they are metres that fit this system", candidates[code])


def _plausible_zones(middle: Point) -> dict[int, Point]:
    """Find the systems that put a point into Vietnam, within reach of their meridian."""
    found = {}
    for code in (*TM3_MERIDIANS, *_UTM):
        place = point_to_wgs84(*middle, f"EPSG:{code}")
        meridian = TM3_MERIDIANS.get(code)
        reach = 3.2 if meridian is None else 1.8
        centre = meridian if meridian is not None else {32648: 105.0, 32649: 111.0}[code]
        if is_in_vietnam(*place) and place[0] < VIETNAM[2] - 8 and abs(place[0] - centre) <= reach:
            found[code] = place
    return found


def _prefer(codes: Sequence[int]) -> int:
    """Prefer the home province's zone, then its neighbours in the merged province, then others."""
    home = PROVINCE_ZONES[_HOME_PROVINCE]
    order = [home, *(zone for zone in PROVINCE_ZONES.values() if zone != home)]
    return next((code for code in order if code in codes), codes[0])


def explain_guess(guess: Guess | None, points: Sequence[Point], name: str, command: str) -> str:
    """Write the sentence that refuses a file without a system.

    Args:
        guess: The guess, if any.
        points: The sample the guess was made from.
        name: The file.
        command: The command to repeat, without `--crs`.
    """
    x, y = points[len(points) // 2] if points else (float("nan"), float("nan"))
    looks = f"{name} does not say its coordinate system; it holds {x:.10g}, {y:.10g} and the like."
    if guess is None:
        return f"{looks} Nothing used in Vietnam fits. Find out which it is and add --crs EPSG:n."
    longitude, latitude = guess.place
    return (
        f"{looks} Guess: {guess.crs}, because {guess.reason} (middle at {longitude:.5f} E,"
        f" {latitude:.5f} N). If that is right: {command} --crs {guess.crs}"
    )
