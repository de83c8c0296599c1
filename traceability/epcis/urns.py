"""EPC URNs, such as `urn:epc:id:sgtin:0614141.107346.2018`, as keys. Pure rules.

EPC Tag Data Standard 1.13, 6 and 7: a company prefix of 6 to 12 digits, a reference, a serial with
escapes. Schemes of other bodies than GS1 (aircraft parts, containers, ships, supplies of the US
defence) are checked for their form and keep their URN.
"""

import re
from urllib.parse import unquote

from traceability.epcis.keys import form, write_key
from traceability.errors import InvalidIdentifierError
from traceability.gs1.identifiers import check_digit, element

_PREFIX = r"[0-9]{6,12}"
_PRODUCT_PREFIX = 13
_PARTY_PREFIX = 12

# Schemes of TDS that have no GS1 key: one thing each, its URN is its key.
_OPAQUE = {
    "adi": form(r"[0-9A-HJ-NP-Z]{5,6}\.(?:[0-9A-Z\-]|%2F){0,32}\.(?:%23)?(?:[0-9A-Z\-]|%2F){1,30}"),
    "bic": form(r"[A-Z]{3}[JUZ][0-9]{7}"),
    "gid": form(r"(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)"),
    "imovn": form(r"[0-9]{7}"),
    "usdod": form(r"[0-9A-HJ-NP-Z]{5,6}\.(?:0|[1-9][0-9]{0,10})"),
}


def key_of_urn(urn: str) -> str:
    """Return the key of an EPC URN (`urn:epc:` in front, in any case, is the caller's to see).

    Raises:
        InvalidIdentifierError: An unknown scheme, or a value that breaks its rules.
    """
    parts = urn.split(":", 4)
    if len(parts) != 5:
        raise InvalidIdentifierError(f"{urn!r} is not an EPC URN: urn:epc:id:scheme:value.")
    _, _, kind, scheme, value = parts
    if kind == "id" and (opaque := _OPAQUE.get(scheme)) is not None:
        if not opaque.fullmatch(value):
            raise InvalidIdentifierError(f"{urn!r} has not the form of {scheme}.")
        return f"urn:epc:id:{scheme}:{value}"
    reader = _READERS.get((kind, scheme))
    if reader is None:
        raise InvalidIdentifierError(f"{urn!r}: the Tag Data Standard knows no {kind}:{scheme}.")
    fields = value.split(".")
    try:
        return reader(fields)
    except InvalidIdentifierError as error:
        raise InvalidIdentifierError(f"{urn!r}: {error.detail}") from error


def _demand(fields: list[str], count: int) -> None:
    if len(fields) < count:
        raise InvalidIdentifierError(f"this scheme has {count} parts between dots.")


def _digits(prefix: str, reference: str, length: int) -> str:
    """Join a company prefix and a reference to the digits before the check digit."""
    if not re.fullmatch(_PREFIX, prefix, re.ASCII):
        raise InvalidIdentifierError(f"a company prefix has 6 to 12 digits, not {prefix!r}.")
    if not re.fullmatch(r"[0-9]*", reference, re.ASCII) or len(prefix + reference) != length:
        raise InvalidIdentifierError(f"prefix and reference have {length} digits together.")
    return prefix + reference


def _serial(fields: list[str], longest: int = 20) -> str:
    """Read the last part, which may itself hold dots, with its escapes of TDS 6.3 undone."""
    text = ".".join(fields)
    if not re.fullmatch(r"(?:[!'()*+,\-.0-9:;=A-Z_a-z]|%(?:2[2356Ff]|3[CEFcef]))+", text, re.ASCII):
        raise InvalidIdentifierError(f"{text!r} holds characters that an EPC URN does not admit.")
    return element(unquote(text), longest)


def _gtin(prefix: str, reference: str) -> str:
    """Write the GTIN-14 of a prefix and an item reference that begins with its indicator."""
    digits = _digits(prefix, reference, _PRODUCT_PREFIX)
    body = digits[len(prefix)] + digits[: len(prefix)] + digits[len(prefix) + 1 :]
    return body + check_digit(body)


def _with_check(prefix: str, reference: str, length: int) -> str:
    digits = _digits(prefix, reference, length)
    return digits + check_digit(digits)


def _sgtin(fields: list[str]) -> str:
    _demand(fields, 3)
    return write_key("01", _gtin(fields[0], fields[1]), [("21", _serial(fields[2:]))])


def _upui(fields: list[str]) -> str:
    _demand(fields, 3)
    return write_key("01", _gtin(fields[0], fields[1]), [("235", _serial(fields[2:], 28))])


def _lgtin(fields: list[str]) -> str:
    _demand(fields, 3)
    return write_key("01", _gtin(fields[0], fields[1]), [("10", _serial(fields[2:]))])


def _itip(fields: list[str]) -> str:
    _demand(fields, 5)
    return write_key("8006", _pieces(fields), [("21", _serial(fields[4:]))])


def _pieces(fields: list[str]) -> str:
    piece, total = fields[2], fields[3]
    if not re.fullmatch(r"[0-9]{4}", piece + total, re.ASCII) or len(piece) != 2:
        raise InvalidIdentifierError("piece and total have two digits each.")
    return _gtin(fields[0], fields[1]) + piece + total


def _sscc(fields: list[str]) -> str:
    _demand(fields, 2)
    prefix, reference = fields[0], ".".join(fields[1:])
    digits = _digits(prefix, reference, 17)
    body = digits[len(prefix)] + digits[: len(prefix)] + digits[len(prefix) + 1 :]
    return write_key("00", body + check_digit(body), [])


def _sgln(fields: list[str]) -> str:
    _demand(fields, 3)
    extension = _serial(fields[2:])
    # TDS 7.3: an extension of one zero says that there is none.
    below = [] if extension == "0" else [("254", extension)]
    return write_key("414", _with_check(fields[0], fields[1], _PARTY_PREFIX), below)


def _pgln(fields: list[str]) -> str:
    _exactly(fields, 2)
    return write_key("417", _with_check(fields[0], fields[1], _PARTY_PREFIX), [])


def _grai(fields: list[str]) -> str:
    _demand(fields, 3)
    return write_key("8003", _asset_type(fields) + _serial(fields[2:], 16), [])


def _asset_type(fields: list[str]) -> str:
    return "0" + _with_check(fields[0], fields[1], _PARTY_PREFIX)


def _giai(fields: list[str]) -> str:
    _demand(fields, 2)
    return write_key("8004", _owner(fields[0]) + _serial(fields[1:], 24), [])


def _ginc(fields: list[str]) -> str:
    _demand(fields, 2)
    return write_key("401", _owner(fields[0]) + _serial(fields[1:], 24), [])


def _owner(prefix: str) -> str:
    if not re.fullmatch(_PREFIX, prefix, re.ASCII):
        raise InvalidIdentifierError(f"a company prefix has 6 to 12 digits, not {prefix!r}.")
    return prefix


def _gsrn(fields: list[str]) -> str:
    _exactly(fields, 2)
    return write_key("8018", _with_check(fields[0], fields[1], 17), [])


def _gsrnp(fields: list[str]) -> str:
    _exactly(fields, 2)
    return write_key("8017", _with_check(fields[0], fields[1], 17), [])


def _gsin(fields: list[str]) -> str:
    _exactly(fields, 2)
    return write_key("402", _with_check(fields[0], fields[1], 16), [])


def _gdti(fields: list[str]) -> str:
    _demand(fields, 3)
    return write_key("253", _document_type(fields) + _serial(fields[2:], 17), [])


def _document_type(fields: list[str]) -> str:
    return _with_check(fields[0], fields[1], _PARTY_PREFIX)


def _sgcn(fields: list[str]) -> str:
    _exactly(fields, 3)
    if not re.fullmatch(r"[0-9]{1,12}", fields[2], re.ASCII):
        raise InvalidIdentifierError("the serial of a coupon has 1 to 12 digits.")
    return write_key("255", _document_type(fields) + fields[2], [])


def _cpi(fields: list[str]) -> str:
    _exactly(fields, 3)
    return write_key("8010", _part(fields), [("8011", fields[2])])


def _part(fields: list[str]) -> str:
    if not re.fullmatch(r"(?:[0-9A-Z\-]|%2[3Ff])+", fields[1], re.ASCII):
        raise InvalidIdentifierError(f"{fields[1]!r} holds characters that a part has not.")
    return _owner(fields[0]) + unquote(fields[1])


def _exactly(fields: list[str], count: int) -> None:
    if len(fields) != count:
        raise InvalidIdentifierError(f"this scheme has {count} parts between dots.")


def _star(fields: list[str], count: int) -> None:
    # EPCIS admits one pattern only: everything fixed but the serial.
    if len(fields) != count or fields[-1] != "*":
        raise InvalidIdentifierError("a pattern in an event leaves open the serial, only that: .*")


def _any_item(fields: list[str]) -> str:
    _star(fields, 3)
    return write_key("01", _gtin(fields[0], fields[1]), [])


def _any_pieces(fields: list[str]) -> str:
    _star(fields, 5)
    return write_key("8006", _pieces(fields), [])


def _any_asset(fields: list[str]) -> str:
    _star(fields, 3)
    return write_key("8003", _asset_type(fields), [])


def _any_document(fields: list[str]) -> str:
    _star(fields, 3)
    return write_key("253", _document_type(fields), [])


def _any_coupon(fields: list[str]) -> str:
    _star(fields, 3)
    return write_key("255", _document_type(fields), [])


def _any_part(fields: list[str]) -> str:
    _star(fields, 3)
    return write_key("8010", _part(fields), [])


_READERS = {
    ("id", "sgtin"): _sgtin,
    ("id", "upui"): _upui,
    ("id", "itip"): _itip,
    ("id", "sscc"): _sscc,
    ("id", "sgln"): _sgln,
    ("id", "pgln"): _pgln,
    ("id", "grai"): _grai,
    ("id", "giai"): _giai,
    ("id", "ginc"): _ginc,
    ("id", "gsrn"): _gsrn,
    ("id", "gsrnp"): _gsrnp,
    ("id", "gsin"): _gsin,
    ("id", "gdti"): _gdti,
    ("id", "sgcn"): _sgcn,
    ("id", "cpi"): _cpi,
    ("class", "lgtin"): _lgtin,
    ("idpat", "sgtin"): _any_item,
    ("idpat", "upui"): _any_item,
    ("idpat", "itip"): _any_pieces,
    ("idpat", "grai"): _any_asset,
    ("idpat", "gdti"): _any_document,
    ("idpat", "sgcn"): _any_coupon,
    ("idpat", "cpi"): _any_part,
}
