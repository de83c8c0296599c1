"""Receipt codes that people keep: a farmer's `LB-7K3Q-9MHD`. Pure rules, no database.

Two letters in front say what was received; the eight characters behind them are of one form.
"""

import re
import secrets

from gis.errors import InvalidInputError

PREFIX = "LB"
# Crockford's base32: no I, L, O or U, so nothing is misread from paper or over the phone.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015.]+")
_LENGTH = 8


def new_receipt(prefix: str = PREFIX) -> str:
    """Draw a receipt code: 35 random bits and a check character."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(_LENGTH - 1))
    return _written(body + check_character(body), prefix)


def read_receipt(value: str, prefix: str = PREFIX) -> str:
    """Read a receipt code as people write it and return its one written form.

    Case, spaces, hyphens and a missing prefix do not matter; I and L read as 1, O as 0.

    Raises:
        InvalidInputError: Wrong length or characters, or a wrong check character.
    """
    compact = _SEPARATORS.sub("", value).upper()
    if len(compact) == _LENGTH + len(prefix) and compact.startswith(prefix):
        compact = compact[len(prefix) :]
    body = compact.translate(_LOOKALIKES)
    if len(body) != _LENGTH or not set(body) <= _VALUES.keys():
        raise InvalidInputError(
            f"A receipt code has the form {prefix}-7K3Q-9MHD; {value!r} has not."
        )
    if check_character(body[:-1]) != body[-1]:
        raise InvalidInputError(
            f"{value!r} is not a receipt code: one character or two were misread."
        )
    return _written(body, prefix)


def check_character(body: str) -> str:
    """Compute the check character: the sum over GF(32) of 2^(n-i+1) times c(i).

    One wrong character, or two exchanged, is always found (all weights differ and none is 0).
    """
    total = 0
    for character in body:
        total = (total ^ _VALUES[character]) << 1
        # Reduced by the primitive polynomial x^5 + x^2 + 1.
        total = total ^ 0b100101 if total & 32 else total
    return ALPHABET[total]


def _written(body: str, prefix: str) -> str:
    return f"{prefix}-{body[:4]}-{body[4:]}"
