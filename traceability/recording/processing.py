"""Processing: lots become another lot, and what comes out is not more than what went in."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from gis.calendar import local_day
from gis.errors import InvalidInputError
from traceability.epcis.measures import convert, same_kind, unit_named
from traceability.epcis.own import lock_products
from traceability.following.places import Place
from traceability.following.stocks import left_of
from traceability.lots import check_days, find_lot, get_lot
from traceability.models import Event, Lot, Product
from traceability.recording import bodies
from traceability.recording.keeping import (
    Keeper,
    Share,
    capture,
    demand_begun,
    demand_own,
    demand_past,
    lot_uri,
    name_unit,
    place_uri,
    wrong,
)


def record_processing(
    session: Session,
    keeper: Keeper,
    inputs: Sequence[Share],
    product: Product,
    lot_code: str,
    *,
    amount: Decimal,
    unit: str,
    at: datetime,
    place: Place | None = None,
    expires_on: date | None = None,
    run: str | None = None,
    is_demo: bool = False,
) -> tuple[Lot, Event]:
    """Record that lots were made into a lot of a product; flushes.

    The new lot has no fields of its own: they are those of its inputs, at any depth.

    Args:
        session: The transaction.
        keeper: Who records; product and inputs are of the keeper's own.
        inputs: What was used of which lots.
        product: What came out.
        lot_code: Its new lot's number.
        amount: How much came out, in `unit`.
        unit: Such as `kg`, or `gói`; masses are compared with masses, and pieces by the net content
            of the product where that is a mass.
        at: When it was done.
        place: The workshop.
        expires_on: Last day of shelf life.
        run: A name of the run, an absolute URI (transformationID).
        is_demo: Invented for the demonstration.

    Raises:
        InvalidInputError: Nothing in or out, a lot twice, more taken than is left, more out than
            in, a moment to come or before a lot began.
        ConflictError: The product has a lot of this code.
        ForbiddenError: A product is not the keeper's.
    """
    demand_own(session, keeper, product)
    demand_past(at)
    if not inputs:
        raise wrong("inputs", "missing", "Processing uses at least one lot.")
    if amount <= 0:
        raise wrong("amount", "range", "What comes out is more than nothing.")
    if len({share.lot.id for share in inputs}) != len(inputs):
        raise wrong("inputs", "twice", "A lot is named twice among the inputs.")
    demand_begun(session, inputs, at)
    if (existing := find_lot(session, product.id, lot_code)) is not None:
        if any(share.lot.id == existing.id for share in inputs):
            raise wrong("lot_code", "circle", f"Lot {lot_code} cannot be made of itself.")
        raise wrong("lot_code", "taken", f"{product.name} already has a lot {lot_code}.")
    # Two who take from the same lots wait for each other: the second sees what is left.
    lock_products(session, [product, *(share.product for share in inputs)])
    for share in inputs:
        _demand_left(session, keeper, share)
    _demand_balance(inputs, product, amount, unit)
    check_days(None, local_day(at), expires_on)
    event = bodies.body(
        "TransformationEvent",
        at,
        step="commissioning",
        disposition="active",
        read_point=place_uri(keeper, place),
        biz_location=place_uri(keeper, place),
        transformationID=run,
        inputQuantityList=[
            bodies.quantity(lot_uri(keeper, share.product, share.lot), share.amount, share.unit)
            for share in inputs
        ],
        outputQuantityList=[bodies.quantity(lot_uri(keeper, product, lot_code), amount, unit)],
        ilmd=bodies.lot_facts(lot_code, produced_on=local_day(at), expires_on=expires_on),
    )
    # The lot follows the event (`traceability.epcis.begun_lots`).
    [captured] = capture(session, keeper, [event])
    lot = get_lot(session, product.id, lot_code)
    name_unit(lot, unit)
    lot.is_demo = is_demo
    session.flush()
    return lot, captured


def _demand_left(session: Session, keeper: Keeper, share: Share) -> None:
    """Refuse a lot that is not the keeper's, and more of it than is left."""
    demand_own(session, keeper, share.product)
    if share.lot.status != "active":
        raise wrong(
            f"lot-{share.lot.id}",
            "closed",
            f"Lot {share.lot.code} is closed.",
            code=share.lot.code,
        )
    if share.amount is None or share.unit is None or share.lot.unit is None:
        raise wrong(
            f"lot-{share.lot.id}",
            "missing",
            f"Say how much of lot {share.lot.code} was used.",
            code=share.lot.code,
        )
    left = left_of(session, share.product, share.lot)
    if left is not None and convert(share.amount, share.unit, share.lot.unit) > left:
        raise wrong(
            f"lot-{share.lot.id}",
            "left",
            f"Of lot {share.lot.code} only {left} {share.lot.unit} are left.",
            code=share.lot.code,
            left=str(left),
            unit=share.lot.unit,
        )


def _demand_balance(inputs: Sequence[Share], product: Product, amount: Decimal, unit: str) -> None:
    """Refuse more out than in, as far as the two can be compared.

    Water may be added, so litres are not held against kilograms; pieces are weighed by the
    product's net content where that is a mass.
    """
    out = _kilograms(amount, unit, product.net_content)
    went_in = [
        _kilograms(share.amount or Decimal(0), share.unit or "", share.product.net_content)
        for share in inputs
    ]
    if out is not None and all(each is not None for each in went_in):
        total = sum((each for each in went_in if each is not None), Decimal(0))
        if out > total:
            raise wrong(
                "amount",
                "balance",
                f"{out.normalize():f} kg came out of {total.normalize():f} kg: more than went in.",
                out=f"{out.normalize():f}",
                total=f"{total.normalize():f}",
            )
    elif all(share.unit and same_kind(share.unit, unit) for share in inputs):
        total = sum(
            (convert(share.amount or Decimal(0), share.unit or "", unit) for share in inputs),
            Decimal(0),
        )
        if amount > total and unit_named(unit).kind != "count":
            raise wrong(
                "amount",
                "balance",
                f"{amount} {unit} came out of {total} {unit}: more than went in.",
                out=str(amount),
                total=str(total),
            )


def _kilograms(amount: Decimal, unit: str, net_content: str | None) -> Decimal | None:
    if unit_named(unit).kind == "mass":
        return convert(amount, unit, "kg")
    each = read_net_mass(net_content)
    return amount * each if each is not None and unit_named(unit).kind == "count" else None


def read_net_mass(net_content: str | None) -> Decimal | None:
    """Read the mass of one package from its net content (`500 g`, `5 kg`), in kilograms.

    None where it does not begin with a mass.
    """
    words = (net_content or "").replace(",", ".").split()
    if len(words) < 2 or unit_named(words[1].strip("(),;")).kind != "mass":
        return None
    try:
        return convert(Decimal(words[0]), words[1].strip("(),;"), "kg")
    except (ArithmeticError, InvalidInputError):
        return None
