"""What came of a form: words for whoever sent it, and where to go next."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Done:
    """What was recorded, in words, and the page that shows it."""

    words: str
    address: str
