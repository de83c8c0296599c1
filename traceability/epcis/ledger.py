"""What is recorded of our things that some events speak of: read at once, in few statements.

The events of a capture are checked one after the other, each against what is recorded and what the
ones before it added: `note` adds it here before it is written.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from traceability.epcis.amounts import Amounts, Runs
from traceability.epcis.begun_lots import Lots
from traceability.epcis.captor import Captor
from traceability.epcis.events import ReadEvent
from traceability.epcis.histories import Histories
from traceability.epcis.own import OwnThing, find_own
from traceability.epcis.rights import Rights


class Ledger:
    """The past of our things in some events, and of their lots, boxes and runs."""

    def __init__(self, session: Session, events: Sequence[ReadEvent], by: Captor) -> None:
        self.by = by
        self._own = find_own(session, (item.key for event in events for item in event.items))
        self.rights = Rights(session, events, self._own, by)
        self.histories = Histories(session, events, self._own)
        self.lots = Lots(session, events, self._own)
        self.amounts = Amounts(session, self._own.values())
        self.runs = Runs(session, events)

    def own(self, event: ReadEvent) -> Mapping[str, OwnThing]:
        """The things of ours that an event names, by their keys."""
        if not self._own:
            return {}
        return {
            item.key: thing
            for item in event.items
            if (thing := self._own.get(item.key)) is not None
        }

    def note(self, event: ReadEvent, sequence: int) -> None:
        """Add an event that was accepted; its lots are brought in line with it."""
        own = self.own(event)
        if own:
            self.lots.follow(event, sequence, own, self.by, self.amounts.is_made)
            self.amounts.note(event, own, self.by.party_id)
        self.histories.note(event, sequence, own, self.by.party_id)
        self.rights.note(event, sequence)
        self.runs.note(event, self.by.party_id)
