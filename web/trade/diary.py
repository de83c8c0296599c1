"""The farm diary: what was applied where, and from when harvesting is right."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from gis.calendar import today
from gis.diary import LONGEST_INTERVAL_DAYS, cancel_entry, find_intervals, get_entry, write_entry
from gis.diary import list_entries as list_lines
from gis.errors import ConflictError, ForbiddenError, InvalidInputError
from traceability.following.places import Place
from web import access
from web.context import current_account, transaction
from web.trade.entries import Entry
from web.trade.keepers import keep_no_copy, keeper, own_areas
from web.trade.words import ACTIVITIES, tell_number

blueprint = Blueprint("trade_diary", __name__, url_prefix="/nhat-ky")
blueprint.after_request(keep_no_copy)


@blueprint.get("")
@access.roles("producer", "officer", "administrator")
def page() -> str:
    """The diary of the caller's growing areas, and a form for the next line."""
    entry = Entry.fresh(done_on=today(), activity="spraying")
    with transaction() as session:
        return _page(session, entry)


@blueprint.post("")
@access.roles("producer", "officer", "administrator")
def write() -> Response | tuple[str, int]:
    """Write a line."""
    entry = Entry.sent()
    account = current_account()
    assert account is not None
    done_on = entry.day("done_on")
    if done_on is None:
        entry.fail("done_on", "missing")
    days = entry.text("phi_days", longest=4)
    if days is not None and not (days.isascii() and days.isdigit()):
        entry.fail("phi_days", "number")
    dose = entry.amount("dose", required=False)
    area_id = entry.number("area")
    product_name = entry.text("product_name")
    ingredient = entry.text("active_ingredient")
    unit = entry.text("unit", longest=20)
    note = entry.text("note", longest=300)
    try:
        with transaction("writing the farm diary") as session:
            areas = own_areas(session, keeper())
            area = next((each for each in areas if each.id == area_id), None)
            if area is None:
                entry.fail("area", "unknown" if area_id else "missing")
            if entry.is_right and area is not None and area.id is not None and done_on is not None:
                line = write_entry(
                    session,
                    area.id,
                    done_on=done_on,
                    activity=entry["activity"],
                    by=account.username,
                    today=today(),
                    product_name=product_name,
                    active_ingredient=ingredient,
                    dose=dose,
                    unit=unit,
                    phi_days=int(days) if days is not None else None,
                    note=note,
                )
                flash(
                    _("Đã ghi nhật ký %(area)s.", area=area.name)
                    if line.earliest_harvest_on is None
                    else _(
                        "Đã ghi nhật ký %(area)s. Thu hoạch sớm nhất ngày %(day)s.",
                        area=area.name,
                        day=f"{line.earliest_harvest_on:%d/%m/%Y}",
                    )
                )
                return redirect(url_for(".page", area=area.id), 303)
    except InvalidInputError as error:
        entry.take(error)
    with transaction() as session:
        return _page(session, entry), 400


@blueprint.post("/<int:entry_id>/huy")
@access.roles("producer", "officer", "administrator")
def cancel(entry_id: int) -> Response:
    """Cancel a line that was written by mistake."""
    account = current_account()
    assert account is not None
    with transaction("cancelling a line of the farm diary") as session:
        line = get_entry(session, entry_id)
        if all(area.id != line.growing_area_id for area in own_areas(session, keeper())):
            raise ForbiddenError("This line is not of one of your growing areas.")
        try:
            cancel_entry(session, entry_id, by=account.username)
            flash(_("Đã huỷ dòng nhật ký; dòng cũ vẫn đọc được."))
        except ConflictError:
            flash(_("Dòng này đã huỷ từ trước."), "error")
        return redirect(url_for(".page", area=line.growing_area_id), 303)


def _page(session: Session, entry: Entry) -> str:
    by = keeper()
    areas = own_areas(session, by)
    named: dict[int, Place] = {area.id: area for area in areas if area.id is not None}
    day = today()
    wanted = entry.number("area")
    shown = [wanted] if wanted is not None and wanted in named else list(named)
    intervals = find_intervals(session, dict.fromkeys(named, day))
    return render_template(
        "trade/diary.html",
        entry=entry,
        areas=areas,
        named=named,
        lines=list_lines(session, shown),
        waiting=[each for each in intervals.values() if day < each.ends_on],
        activities=ACTIVITIES,
        longest_interval=LONGEST_INTERVAL_DAYS,
        today=day,
        amount=tell_number,
        is_lost=not by.is_officer and by.captor.party_id is None,
    )
