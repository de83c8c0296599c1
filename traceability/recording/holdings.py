"""What a party may go on with that is not its own: what was sent to it (`epcis/rights.py`)."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.errors import ForbiddenError
from gis.models import AdministrativeUnit, Party
from traceability.epcis.custody import Custody
from traceability.epcis.epcs import canonical
from traceability.epcis.own import OwnThing
from traceability.labelling.serials import find_serial
from traceability.linking.links import product_codes
from traceability.models import Event, EventItem, Product
from traceability.recording.keeping import Keeper, demand_own

_SENT = ("shipping", "departing")
_TAKEN_IN = ("receiving", "accepting", "arriving", "unpacking")


def demand_held(session: Session, keeper: Keeper, product: Product, serial: str) -> None:
    """Refuse an item that is neither of the keeper's own product nor was sent to them.

    Raises:
        ForbiddenError: It is somebody else's, as far as is recorded.
    """
    if not is_held(session, keeper, product, serial):
        demand_own(session, keeper, product)


def is_held(session: Session, keeper: Keeper, product: Product, serial: str) -> bool:
    """Whether an item is of the keeper's own product, or was sent to them."""
    try:
        demand_own(session, keeper, product)
    except ForbiddenError:
        thing = OwnThing(product, None, serial)
        holders = Custody(session, thing.journal_keys()).holders(thing)
        return keeper.captor.party_id in holders
    return True


def is_box_held(session: Session, keeper: Keeper, uri: str) -> bool:
    """Whether a box may be sent on or opened: packed by the keeper's party, or sent and received.

    A box that nobody packed here is nobody's secret; the province's officers may open any.
    """
    if keeper.is_officer and keeper.commune_code is None:
        return True
    key = canonical(uri)
    rows = session.execute(
        select(Event.party_id, Event.biz_step, AdministrativeUnit.code)
        .join(EventItem, EventItem.event_sequence == Event.sequence)
        .outerjoin(Party, Party.id == Event.party_id)
        .outerjoin(AdministrativeUnit, AdministrativeUnit.id == Party.commune_id)
        .where(
            EventItem.key == key,
            EventItem.role.in_(("epc", "parent")),
            Event.biz_step.in_(("packing", "repackaging", *_SENT, *_TAKEN_IN)),
            Event.corrects.is_(None),
        )
    ).all()
    packers = {row.party_id for row in rows if row.biz_step not in (*_SENT, *_TAKEN_IN)}
    if not packers or keeper.captor.party_id in packers:
        return True
    if keeper.is_officer:
        return any(row.code == keeper.commune_code for row in rows if row.party_id in packers)
    is_sent = any(row.biz_step in _SENT and row.party_id in {*packers, None} for row in rows)
    return is_sent and any(
        row.biz_step in _TAKEN_IN and row.party_id == keeper.captor.party_id for row in rows
    )


def is_known(session: Session, product: Product, serial: str) -> bool:
    """Whether an item of a product was ever issued a label, or is named by any event."""
    if find_serial(session, product.id, serial) is not None:
        return True
    keys = [code.path for code in product_codes(product, None, serial)]
    return session.scalar(select(EventItem.key).where(EventItem.key.in_(keys)).limit(1)) is not None
