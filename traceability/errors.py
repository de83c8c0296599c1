"""Errors of products and codes that somebody catches by class."""

from gis.errors import InvalidInputError


class InvalidIdentifierError(InvalidInputError):
    """A code breaks the rules of its kind: length, characters, check digit, order of parts."""


class ForbiddenLinkError(InvalidInputError):
    """A link leads to a host that is not on the allow-list, or is not https."""
