"""What an event may say of products registered here; things of others are recorded as they come."""

from sqlalchemy.orm import Session

from traceability.epcis.captor import Captor
from traceability.epcis.events import ReadEvent


def check_business(session: Session, event: ReadEvent, by: Captor) -> None:
    """Refuse an event that contradicts what is recorded of our own products; locks what it reads.

    Raises:
        RuleBrokenError: With `errors`, each a pointer and a sentence.
    """


def apply_states(session: Session, event: ReadEvent) -> None:
    """Bring the serials that an accepted event names to the state it leaves them in; flushes."""
