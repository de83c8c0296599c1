"""Who records, what they may record of, and how it gets into the journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid5

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gis.calendar import local_day
from gis.database import wait_for_turn
from gis.errors import ForbiddenError, InvalidInputError, NotFoundError
from gis.models import AdministrativeUnit
from traceability.epcis.capture import Captor, capture_events
from traceability.epcis.measures import PIECES, unit_named
from traceability.following.places import Place
from traceability.following.revocations import find_revocations
from traceability.gs1.trace_link import label_code
from traceability.models import Event, Lot, LotSource, Product
from traceability.recording.bodies import Body, extensions


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who records: the captor, an officer's commune (None: all), the site's public address.

    `form` is drawn when a form is shown: what is sent again from the same form is recorded once.
    """

    captor: Captor
    base: str
    commune_code: str | None = None
    form: UUID | None = None

    @property
    def is_officer(self) -> bool:
        """Whether they act for the authority, not for one party."""
        return not self.captor.roles.isdisjoint({"officer", "administrator"})


@dataclass(frozen=True, slots=True)
class Share:
    """An amount of a lot, in `unit`; no amount means all of it."""

    lot: Lot
    product: Product
    amount: Decimal | None = None
    unit: str | None = None


def wrong(pointer: str, rule: str, sentence: str, **facts: object) -> InvalidInputError:
    """One mistake of what was filled in, with the field it belongs to."""
    return InvalidInputError(
        sentence, errors=[{"pointer": f"/{pointer}", "rule": rule, "detail": sentence, **facts}]
    )


def demand_own(session: Session, keeper: Keeper, product: Product) -> None:
    """Refuse a product that is neither the keeper's party's nor of the officer's commune.

    Raises:
        ForbiddenError: It is somebody else's.
    """
    if keeper.is_officer:
        if keeper.commune_code is None:
            return
        code = session.scalar(
            select(AdministrativeUnit.code).where(AdministrativeUnit.id == product.commune_id)
        )
        if code == keeper.commune_code:
            return
        raise ForbiddenError(f"{product.name} is not of your commune.")
    if keeper.captor.party_id is None or product.producer_id != keeper.captor.party_id:
        raise ForbiddenError(f"{product.name} is not a product of your organisation.")


def demand_begun(session: Session, shares: Sequence[Share], at: datetime) -> None:
    """Refuse what would have happened to a lot before the day it was harvested or made.

    Raises:
        InvalidInputError: A lot began later.
    """
    rows = session.execute(
        select(LotSource.lot_id, func.min(LotSource.harvested_on).label("begun_on"))
        .where(LotSource.lot_id.in_({share.lot.id for share in shares}))
        .group_by(LotSource.lot_id)
    )
    harvests = {row.lot_id: row.begun_on for row in rows}
    for share in shares:
        lot = share.lot
        begun_on = harvests.get(lot.id) or lot.harvested_on or lot.produced_on
        if begun_on is not None and local_day(at) < begun_on:
            raise wrong(
                "at",
                "before-lot",
                f"Lot {lot.code} began on {begun_on}: this cannot have been earlier.",
                code=lot.code,
                day=begun_on.isoformat(),
            )


def product_of(session: Session, lot: Lot) -> Product:
    """The product a lot is a batch of."""
    product = session.get(Product, lot.product_id)
    assert product is not None
    return product


def find_share(
    session: Session, lot_id: int, amount: Decimal | None = None, unit: str | None = None
) -> Share:
    """Bring together a lot, its product and an amount; the unit is the lot's where none is given.

    Raises:
        NotFoundError: When there is no such lot.
    """
    lot = session.get(Lot, lot_id) if 0 < lot_id < 2**63 else None
    if lot is None:
        raise NotFoundError(f"There is no lot {lot_id}.")
    if amount is not None and amount <= 0:
        raise wrong("amount", "range", "An amount is more than nothing.")
    return Share(lot, product_of(session, lot), amount, (unit or lot.unit) if amount else None)


def lot_uri(keeper: Keeper, product: Product, lot: Lot | str) -> str:
    """The address by which events name a lot."""
    code = lot if isinstance(lot, str) else lot.code
    return label_code(product.gtin, product.trace_code, code).uri(keeper.base)


def item_uri(keeper: Keeper, product: Product, serial: str) -> str:
    """The address by which events name one item."""
    return label_code(product.gtin, product.trace_code, None, serial).uri(keeper.base)


def name_unit(lot: Lot, unit: str) -> None:
    """Call the pieces of a new lot what its maker calls them: events only count them."""
    if lot.unit == PIECES and unit_named(unit).kind == "count":
        lot.unit = unit


def place_uri(keeper: Keeper, place: Place | None) -> str | None:
    """The address by which events name a place."""
    return place.uri(keeper.base) if place else None


def capture(session: Session, keeper: Keeper, bodies: Sequence[Body]) -> list[Event]:
    """Put events into the journal; flushes.

    Raises:
        InvalidInputError: An event breaks a rule of EPCIS.
        RuleBrokenError: It contradicts what is recorded.
    """
    marked = [
        {
            "@context": extensions(keeper.base),
            **({"eventID": form_event_id(keeper.form, number)} if keeper.form else {}),
            **body,
        }
        for number, body in enumerate(bodies)
    ]
    events = capture_events(session, marked, by=keeper.captor)
    if find_revocations(session, events):
        # The same content is stored once, so it cannot be said again after it was taken back.
        raise wrong("at", "revoked", "This very event was recorded and revoked: give its minute.")
    return events


def form_event_id(form: UUID, number: int = 0) -> str:
    """The name of an event that a form recorded."""
    return f"urn:uuid:{uuid5(form, str(number))}"


def find_recorded(session: Session, form: UUID) -> Event | None:
    """The first event that a form recorded already, if it was sent before.

    Whoever sends the same form meanwhile waits until this transaction ends.
    """
    wait_for_turn(session, f"form {form}")
    return session.scalar(
        select(Event).where(Event.event_id == form_event_id(form)).order_by(Event.sequence).limit(1)
    )


def demand_past(at: datetime) -> None:
    """Refuse a moment that is still to come.

    Raises:
        InvalidInputError: When it is.
    """
    if at > datetime.now(UTC):
        raise wrong("at", "future", "What is recorded has happened: this moment is still to come.")
