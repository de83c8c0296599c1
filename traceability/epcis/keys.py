"""The GS1 keys that things, lots and places are named by: their forms, what may stand below them.

Sources: GS1 General Specifications 3 (forms), 7.9 (check digits); GS1 Digital Link URI Syntax 1.6,
4.7 (which qualifiers follow which key). The resolver's parser knows the whole table of application
identifiers; this one only what an EPC can be, and is quick. Pure rules.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote

from traceability.errors import InvalidIdentifierError
from traceability.gs1.identifiers import check_digit

_UNRESERVED = "-._~"


@dataclass(frozen=True, slots=True)
class _Key:
    """One primary key: the form of its value, its checked digits, what may stand below it.

    `checked` digits at the front end in a check digit, after `skipped` leading ones.
    """

    form: re.Pattern[str]
    checked: int = 0
    skipped: int = 0
    qualifiers: tuple[tuple[str, ...], ...] = ((),)


def form(pattern: str) -> re.Pattern[str]:
    """Compile a form; digits are those of ASCII."""
    return re.compile(pattern, re.ASCII)


_CSET82 = r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]"
KEYS = {
    "00": _Key(form(r"[0-9]{18}"), 18),
    "01": _Key(form(r"[0-9]{14}"), 14, 0, (("22", "10", "21"), ("235",))),
    "253": _Key(form(rf"[0-9]{{13}}{_CSET82}{{0,17}}"), 13),
    "255": _Key(form(r"[0-9]{13,25}"), 13),
    "401": _Key(form(rf"[0-9]{{4}}{_CSET82}{{0,26}}")),
    "402": _Key(form(r"[0-9]{17}"), 17),
    "414": _Key(form(r"[0-9]{13}"), 13, 0, (("254",), ("7040",))),
    "417": _Key(form(r"[0-9]{13}"), 13, 0, (("7040",),)),
    "8003": _Key(form(rf"0[0-9]{{13}}{_CSET82}{{0,16}}"), 14, 1),
    "8004": _Key(form(rf"[0-9]{{4}}{_CSET82}{{0,26}}"), 0, 0, (("7040",),)),
    "8006": _Key(form(r"[0-9]{18}"), 14, 0, (("22", "10", "21"),)),
    "8010": _Key(form(r"[0-9]{4}[#\-/0-9A-Z]{0,26}"), 0, 0, (("8011",),)),
    "8017": _Key(form(r"[0-9]{18}"), 18, 0, (("8019",),)),
    "8018": _Key(form(r"[0-9]{18}"), 18, 0, (("8019",),)),
}
_QUALIFIERS = {
    "10": form(rf"{_CSET82}{{1,20}}"),
    "21": form(rf"{_CSET82}{{1,20}}"),
    "22": form(rf"{_CSET82}{{1,20}}"),
    "235": form(rf"{_CSET82}{{1,28}}"),
    "254": form(rf"{_CSET82}{{1,20}}"),
    "7040": form(rf"[0-9]{_CSET82}{{2}}[\-0-9A-Z_a-z]"),
    "8011": form(r"(?:0|[1-9][0-9]{0,11})"),
    "8019": form(r"[0-9]{1,10}"),
}
# Keys whose bare value names a kind of thing; with more behind the fixed digits, one thing.
CLASSES_WITHOUT_SERIAL = {"253": 13, "255": 13, "8003": 14}


_SAID = {
    "00": "18 digits",
    "01": "14 digits (a shorter GTIN begins with zeros here)",
    "414": "13 digits",
    "417": "13 digits",
}


def write_key(name: str, value: str, below: list[tuple[str, str]]) -> str:
    """Check a key and its qualifiers and write them at the finest level of identification."""
    rule = KEYS[name]
    if not rule.form.fullmatch(value):
        form_of_it = _SAID.get(name, "the form of its key")
        raise InvalidIdentifierError(f"({name}) {value!r} has not {form_of_it}.")
    if rule.checked:
        _check(name, value[rule.skipped : rule.checked])
    if name == "8006" and not 1 <= int(value[14:16]) <= int(value[16:18]):
        raise InvalidIdentifierError(f"(8006) {value}: there is no such piece of that total.")
    names = [qualifier for qualifier, _ in below]
    if not any(_in_order(names, sequence) for sequence in rule.qualifiers):
        raise InvalidIdentifierError(
            f"Below ({name}) the qualifiers {', '.join(names)} are not admitted in this order."
        )
    for qualifier, text in below:
        if not _QUALIFIERS[qualifier].fullmatch(text):
            raise InvalidIdentifierError(f"({qualifier}) {text!r} has not the form it must have.")
    kept = [pair for pair in below if pair[0] != "22"]
    if "21" in names:
        kept = [pair for pair in kept if pair[0] != "10"]
    return "".join(f"/{part}/{_encoded(text)}" for part, text in ((name, value), *kept))


def _in_order(names: list[str], sequence: tuple[str, ...]) -> bool:
    remaining = iter(sequence)
    return all(name in remaining for name in names)


def _check(name: str, digits: str) -> None:
    if check_digit(digits[:-1]) != digits[-1]:
        raise InvalidIdentifierError(
            f"The check digit of ({name}) {digits} is wrong: {digits[-1]} stands where"
            f" {check_digit(digits[:-1])} belongs."
        )
    if not digits.strip("0"):
        raise InvalidIdentifierError(f"({name}) of zeros only identifies nothing.")


def _encoded(text: str) -> str:
    return text if text.isalnum() else quote(text, safe=_UNRESERVED)
