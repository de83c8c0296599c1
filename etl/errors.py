"""The errors of loading that somebody catches or that deserve a name of their own."""

from gis.errors import CrsMismatchError, InvalidInputError


class UnreadableFileError(InvalidInputError):
    """A file cannot be read at all: nothing of it was loaded."""


class UnknownCrsError(CrsMismatchError):
    """A file does not say its coordinate system; the sentence holds the guess and the command.

    Context: `guess` (EPSG:n) and `because`, or None.
    """
