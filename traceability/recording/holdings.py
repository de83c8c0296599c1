"""What a party holds that is not its own: it received the item, or a box that the item was in."""

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from gis.errors import ForbiddenError
from traceability.linking.links import product_codes
from traceability.models import Event, EventItem, Product
from traceability.recording.keeping import Keeper, demand_own

_TAKEN_IN = ("receiving", "accepting", "arriving", "unpacking")


def demand_held(session: Session, keeper: Keeper, product: Product, serial: str) -> None:
    """Refuse an item that is neither of the keeper's own product nor was received by them.

    Raises:
        ForbiddenError: It is somebody else's, as far as is recorded.
    """
    try:
        demand_own(session, keeper, product)
    except ForbiddenError:
        if keeper.captor.party_id is None or not _received(session, keeper, product, serial):
            raise


def _received(session: Session, keeper: Keeper, product: Product, serial: str) -> bool:
    keys = [code.path for code in product_codes(product, None, serial)]
    packed, box = aliased(EventItem), aliased(EventItem)
    boxes = (
        select(box.key)
        .join(packed, packed.event_sequence == box.event_sequence)
        .where(packed.key.in_(keys), packed.role == "child", box.role == "parent")
    )
    things = [*keys, *session.scalars(boxes)]
    taken = (
        select(Event.sequence)
        .join(EventItem, EventItem.event_sequence == Event.sequence)
        .where(
            EventItem.key.in_(things),
            EventItem.role.in_(("epc", "parent")),
            Event.party_id == keeper.captor.party_id,
            Event.biz_step.in_(_TAKEN_IN),
            Event.corrects.is_(None),
        )
        .limit(1)
    )
    return session.scalar(taken) is not None
