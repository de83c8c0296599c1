"""Errors of products and codes that somebody catches by class."""

from gis.errors import InvalidInputError, NotFoundError


class InvalidIdentifierError(InvalidInputError):
    """A code breaks the rules of its kind: length, characters, check digit, order of parts."""


class ForbiddenLinkError(InvalidInputError):
    """A link leads to a host that is not on the allow-list, or is not https."""


class InvalidEventError(InvalidInputError):
    """An event or a document is not what EPCIS 2.0 says; `errors` holds each place as a pointer."""


class RuleBrokenError(InvalidInputError):
    """A well formed event contradicts what is recorded of products registered here.

    Such as a serial commissioned twice, a child in two parents, more taken out than put in.
    """


class UnknownCodeError(NotFoundError):
    """A code of good form belongs to nothing here: mistyped, of another site, or made up.

    Its `code` is what was asked for.
    """
