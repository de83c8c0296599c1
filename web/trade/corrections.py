"""Correcting an event: it is revoked, and what is right is recorded in its place."""

from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gis.calendar import VIETNAM
from gis.errors import ConflictError, InvalidInputError
from traceability.epcis.epcs import canonical
from traceability.epcis.measures import PIECES, unit_of
from traceability.following.finding import thing_of
from traceability.following.journal_pages import make_event_cards
from traceability.models import Event
from traceability.recording.corrections import (
    amounts_of,
    corrected_body,
    demand_correctable,
    get_event,
    record_correction,
)
from traceability.recording.keeping import Keeper
from web import access
from web.context import transaction
from web.trade.entries import Entry
from web.trade.keepers import keep_no_copy, keeper
from web.trade.lots import page_of_event
from web.trade.words import EVENT_WORDS, kind_of, write_number

blueprint = Blueprint("trade_corrections", __name__, url_prefix="/san-xuat/dinh-chinh")
blueprint.after_request(keep_no_copy)


@blueprint.get("/<int:sequence>")
@access.roles("producer", "officer", "administrator")
def form(sequence: int) -> str:
    """The form of a correction: what was recorded, to be taken back or put right."""
    with transaction() as session:
        event = get_event(session, sequence)
        demand_correctable(session, keeper(), event)
        entry = Entry.fresh(what="wrong")
        entry.values["at"] = f"{event.event_time.astimezone(VIETNAM):%Y-%m-%dT%H:%M}"
        for (name, place), (_epc, amount, _code) in amounts_of(event).items():
            entry.values[f"{name}-{place}"] = write_number(amount)
        return _page(session, event, entry)


@blueprint.post("/<int:sequence>")
@access.roles("producer", "officer", "administrator")
def send(sequence: int) -> Response | tuple[str, int]:
    """Record the correction."""
    entry = Entry.sent()
    # Its events are named by the correction itself: a form's number would name them all alike.
    by = keeper()
    try:
        with transaction(f"correcting event {sequence}") as session:
            event = get_event(session, sequence)
            demand_correctable(session, by, event)
            if _record(session, by, event, entry):
                flash(_("Đã đính chính. Sự kiện cũ vẫn còn trong sổ và được đánh dấu đã huỷ."))
                return redirect(page_of_event(session, event), 303)
    except InvalidInputError as error:
        entry.take(error)
    except ConflictError:
        flash(_("Sự kiện này đã được đính chính trước đó."), "error")
        return redirect(url_for("trade_lots.index"), 303)
    with transaction() as session:
        page = _page(session, get_event(session, sequence), entry)
    return page, 400


def _record(session: Session, by: Keeper, event: Event, entry: Entry) -> bool:
    why = entry.text("why", required=True, longest=300)
    if entry["what"] == "never":
        if why is None:
            return False
        record_correction(session, by, event, why=why)
        return True
    at = entry.moment()
    shown = f"{event.event_time.astimezone(VIETNAM):%Y-%m-%dT%H:%M}"
    amounts: dict[tuple[str, int], Decimal] = {}
    for (name, place), (_epc, amount, _code) in amounts_of(event).items():
        given = entry.amount(f"{name}-{place}")
        if given is not None and given != amount:
            amounts[name, place] = given
    if not entry.is_right or why is None:
        return False
    # A minute that nobody touched keeps its seconds.
    moved = at if entry["at"].strip() != shown else None
    record_correction(
        session, by, event, why=why, corrected=corrected_body(event, at=moved, amounts=amounts)
    )
    return True


def _page(session: Session, event: Event, entry: Entry) -> str:
    [card] = make_event_cards(session, [event])
    lines: list[dict[str, Any]] = []
    for (name, place), (epc, _amount, code) in amounts_of(event).items():
        thing = thing_of(session, canonical(epc))
        unit = unit_of(code).name
        if unit == PIECES and thing.lot is not None and thing.lot.unit is not None:
            unit = thing.lot.unit
        lines.append({"field": f"{name}-{place}", "list": name, "thing": thing, "unit": unit})
    return render_template(
        "trade/correction.html",
        card=card,
        kind=EVENT_WORDS[kind_of(event)],
        is_recall=event.disposition == "recalled",
        lines=lines,
        entry=entry,
        back=page_of_event(session, event),
    )
