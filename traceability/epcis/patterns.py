"""What a query may ask for by MATCH_…: one thing, or all whose key begins alike. Pure rules.

EPC patterns of the Tag Data Standard (`urn:epc:idpat:sgtin:0614141.107346.*`) and a trailing `*`
behind any URN or Digital Link become beginnings of canonical keys (EPCIS 2.0, 8.2.7.1.1).
"""

import re
from dataclasses import dataclass

from gis.errors import InvalidInputError
from traceability.epcis.epcs import canonical
from traceability.epcis.vocabulary import is_absolute_uri
from traceability.errors import InvalidIdentifierError

_URN = re.compile(r"urn:epc:(?:id|idpat|class):([a-z]+):(.+)", re.IGNORECASE)
_PATH = re.compile(r"^https?://[^/]+(?:/[^/?#]*)*?(/(?:[0-9]{2,4}|t)/[^?#]*)$", re.IGNORECASE)
_PREFIX = re.compile(r"[0-9]{6,12}")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Keys that match: exactly these, and all that begin with one of the prefixes."""

    exact: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()


def read_pattern(value: str) -> Pattern:
    """Read one value of a MATCH parameter.

    Args:
        value: An EPC URN, a Digital Link, an EPC pattern, or one of them ending in `*`.

    Raises:
        InvalidInputError: It is none of these.
    """
    try:
        if "*" not in value:
            return Pattern(exact=(canonical(value),))
        if matched := _URN.fullmatch(value):
            return _from_urn(matched[1].lower(), matched[2].split("."), value)
    except InvalidIdentifierError as error:
        raise InvalidInputError(f"{value!r} cannot be matched: {error.detail}") from error
    beginning = value.removesuffix("*")
    if "*" in beginning or not is_absolute_uri(beginning):
        raise InvalidInputError(f"{value!r} cannot be matched: * may stand at its end only.")
    if matched := _PATH.match(beginning):
        beginning = matched[1]
    return Pattern(prefixes=(beginning,))


def _from_urn(scheme: str, fields: list[str], value: str) -> Pattern:
    prefix, *rest = fields
    stars = [field == "*" for field in rest]
    if (
        not _PREFIX.fullmatch(prefix)
        or not rest
        or "*" in "".join(rest).replace("*", "", len(rest))
    ):
        raise InvalidInputError(f"{value!r} cannot be matched: a pattern is prefix.reference.*")
    if scheme in ("sgtin", "lgtin") and len(rest) == 2:
        if all(stars):
            # The first digit of the item reference stands before the company prefix.
            return Pattern(prefixes=tuple(f"/01/{digit}{prefix}" for digit in range(10)))
        if stars[1]:
            product = canonical(f"urn:epc:idpat:sgtin:{prefix}.{rest[0]}.*")
            if scheme == "lgtin":
                return Pattern(prefixes=(f"{product}/10/",))
            return Pattern(exact=(product,), prefixes=(f"{product}/",))
    if scheme == "sscc" and stars == [True]:
        return Pattern(prefixes=tuple(f"/00/{digit}{prefix}" for digit in range(10)))
    if scheme == "sgln" and len(rest) == 2 and stars[1]:
        if stars[0]:
            return Pattern(prefixes=(f"/414/{prefix}",))
        place = canonical(f"urn:epc:id:sgln:{prefix}.{rest[0]}.0")
        return Pattern(exact=(place,), prefixes=(f"{place}/",))
    if scheme == "giai" and stars == [True]:
        return Pattern(prefixes=(f"/8004/{prefix}",))
    if scheme == "grai" and len(rest) == 2 and stars[1]:
        if stars[0]:
            return Pattern(prefixes=(f"/8003/0{prefix}",))
        return Pattern(prefixes=(canonical(f"urn:epc:idpat:grai:{prefix}.{rest[0]}.*"),))
    if scheme == "gdti" and len(rest) == 2 and stars[1]:
        if stars[0]:
            return Pattern(prefixes=(f"/253/{prefix}",))
        return Pattern(prefixes=(canonical(f"urn:epc:idpat:gdti:{prefix}.{rest[0]}.*"),))
    raise InvalidInputError(
        f"{value!r} cannot be matched: patterns are read for sgtin, lgtin, sscc, sgln, grai, giai"
        " and gdti, with * for the last parts."
    )
