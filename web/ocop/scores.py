"""Scoring: the producer's own sheet, the council's sheets, the result and its reason."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import Response as FlaskResponse
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from etl.attachment_requests import list_attachments
from gis.errors import ConflictError, InvalidInputError, NotFoundError, StaleVersionError
from traceability.models import Assessment, Dossier
from traceability.ocop import desk, evidence, sheets
from traceability.ocop.dossiers import EDITABLE
from traceability.ocop.grading import LEAST_TOTALS, Grade, average, grade, shown
from traceability.ocop.hints import platform_hints
from traceability.ocop.rubric import PART_NAMES, PARTS, STOPS, in_english
from web import access
from web.context import transaction
from web.language import choose
from web.ocop import rights
from web.ocop.reading import read_scores, said
from web.ocop.words import EVIDENCE, KINDS, say, say_hint, say_overtaken

blueprint = Blueprint("ocop_scores", __name__, url_prefix="/ocop/ho-so")


@blueprint.app_template_filter("points")
def points(value: Any) -> str:
    """Points as people read them, never rounded up."""
    text = f"{shown(Fraction(value)).normalize():f}"
    return text.replace(".", ",") if choose() == "vi" else text


@blueprint.app_template_filter("rubric_label")
def rubric_label(label: str) -> str:
    """A label of the rubric in the language of the page."""
    return label if choose() == "vi" else in_english(label)


@blueprint.after_request
def keep_no_copy(response: FlaskResponse) -> FlaskResponse:
    """Dossiers stay out of the caches of an office's shared computer."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.get("/<int:dossier_id>/tu-cham")
@access.roles(*rights.PEOPLE)
def own(dossier_id: int) -> str:
    """The producer's own sheet."""
    with transaction() as session:
        dossier = rights.seen_dossier(session, dossier_id)
        sheet = sheets.find_sheet(session, dossier.id, "self", sheets.OWN)
        return _form(session, dossier, "self", sheet.scores if sheet else {}, sheet)


@blueprint.post("/<int:dossier_id>/tu-cham")
@access.roles(*rights.PEOPLE)
def save_own(dossier_id: int) -> Response | tuple[str, int]:
    """Keep the producer's own sheet; the page tells total, stars and what holds them back."""
    with transaction() as session:
        dossier = rights.seen_dossier(session, dossier_id)
        rubric = sheets.rubric_of(dossier)
        try:
            sheets.save_own_sheet(
                session,
                dossier_id,
                read_scores(rubric),
                by=rights.caller().username,
                version=request.form.get("version", type=int),
            )
        except (InvalidInputError, ConflictError) as error:
            return _refused(session, dossier, "self", error)
        flash(_("Đã lưu bảng tự chấm."))
    anchor = "tong" if request.form.get("stay") else None
    if anchor:
        return redirect(url_for(".own", dossier_id=dossier_id, _anchor=anchor), 303)
    return redirect(url_for("ocop_dossiers.page", dossier_id=dossier_id), 303)


@blueprint.post("/<int:dossier_id>/tinh")
@access.roles(*rights.PEOPLE)
def reckon(dossier_id: int) -> str:
    """Total, stars and reason of what is on the screen, without keeping it: a piece of a page."""
    with transaction() as session:
        dossier = rights.seen_dossier(session, dossier_id)
        rubric = sheets.rubric_of(dossier)
        stops = [each for each in request.form.getlist("stop") if each in rubric.all_stops]
        found = grade(rubric, _accepted(read_scores(rubric), dossier), stops)
        return render_template("ocop/_running.html", grade=found, count=len(rubric.criteria))


@blueprint.get("/<int:dossier_id>/hoi-dong")
@access.roles(*rights.OFFICERS)
def council(dossier_id: int) -> str:
    """The council's sheets side by side, and what they give together."""
    rights.demand_province()
    with transaction() as session:
        dossier = rights.seen_dossier(session, dossier_id)
        found = sheets.council_result(session, dossier)
        rubric = sheets.rubric_of(dossier)
        return render_template(
            "ocop/council.html",
            dossier=dossier,
            product=desk.product_of(session, dossier),
            rubric=rubric,
            council=found,
            stops=STOPS,
            ticked={stop for sheet in found.sheets for stop in sheet.stops},
            totals={sheet.id: sum(sheet.scores.values()) for sheet in found.sheets},
            averages=average([each.scores for each in found.sheets]) if found.sheets else {},
            **_reasons(found.grade),
        )


@blueprint.post("/<int:dossier_id>/hoi-dong")
@access.roles(*rights.OFFICERS)
def close(dossier_id: int) -> Response:
    """Close the council: the average becomes the result."""
    rights.demand_province()
    with said(), transaction() as session:
        rights.seen_dossier(session, dossier_id)
        sheets.close_council(
            session,
            dossier_id,
            by=rights.caller().username,
            stops=request.form.getlist("stop"),
        )
        flash(_("Đã chốt kết quả của hội đồng."))
        return redirect(url_for(".result", dossier_id=dossier_id), 303)
    return redirect(url_for(".council", dossier_id=dossier_id), 303)


@blueprint.get("/<int:dossier_id>/hoi-dong/phieu")
@access.roles(*rights.OFFICERS)
def sheet(dossier_id: int) -> str:
    """A council member's sheet: a new one, or one of those there are."""
    rights.demand_province()
    with transaction() as session:
        dossier = rights.seen_dossier(session, dossier_id)
        asked = request.args.get("so", type=int)
        found = None
        if asked is not None:
            members = sheets.council_result(session, dossier).sheets
            found = next((each for each in members if each.id == asked), None)
            if found is None:
                raise NotFoundError(f"The dossier has no sheet {asked}.")
        return _form(session, dossier, "council", found.scores if found else {}, found)


@blueprint.post("/<int:dossier_id>/hoi-dong/phieu")
@access.roles(*rights.OFFICERS)
def save_sheet(dossier_id: int) -> Response | tuple[str, int]:
    """Keep a council member's sheet."""
    rights.demand_province()
    with transaction() as session:
        dossier = rights.seen_dossier(session, dossier_id)
        try:
            sheets.save_member_sheet(
                session,
                dossier_id,
                request.form.get("member", ""),
                read_scores(sheets.rubric_of(dossier)),
                by=rights.caller().username,
                stops=request.form.getlist("stop"),
                version=request.form.get("version", type=int),
            )
        except (InvalidInputError, ConflictError) as error:
            return _refused(session, dossier, "council", error)
        flash(_("Đã lưu phiếu chấm."))
    return redirect(url_for(".council", dossier_id=dossier_id), 303)


@blueprint.post("/<int:dossier_id>/hoi-dong/phieu/<int:sheet_id>/xoa")
@access.roles(*rights.OFFICERS)
def remove_sheet(dossier_id: int, sheet_id: int) -> Response:
    """Take a member's sheet out before the council closes."""
    rights.demand_province()
    with said(), transaction() as session:
        rights.seen_dossier(session, dossier_id)
        sheets.remove_member_sheet(session, dossier_id, sheet_id, by=rights.caller().username)
        flash(_("Đã bỏ phiếu chấm."))
    return redirect(url_for(".council", dossier_id=dossier_id), 303)


@blueprint.get("/<int:dossier_id>/ket-qua")
@access.roles(*rights.PEOPLE)
def result(dossier_id: int) -> str:
    """The result for everybody concerned: total, parts, stars, each gate met or not."""
    with transaction() as session:
        dossier = rights.seen_dossier(session, dossier_id)
        rubric = sheets.rubric_of(dossier)
        found = sheets.council_result(session, dossier)
        is_council = found.grade is not None and dossier.status in (
            "graded",
            "recognised",
            "rejected",
        )
        own = sheets.find_sheet(session, dossier.id, "self", sheets.OWN)
        shown_grade: Grade | None = found.grade if is_council else None
        scores: Mapping[str, Any] = {}
        if is_council:
            scores = average([each.scores for each in found.sheets])
        elif own is not None:
            scores, shown_grade = own.scores, sheets.own_grade(session, dossier)
        return render_template(
            "ocop/result.html",
            dossier=dossier,
            product=desk.product_of(session, dossier),
            rubric=rubric,
            grade=shown_grade,
            is_council=is_council,
            members=len(found.sheets),
            scores=scores,
            own=own.scores if own else {},
            part_names=PART_NAMES,
            parts=PARTS,
            stop_words=STOPS,
            kinds=KINDS,
            **_reasons(shown_grade),
        )


def _refused(
    session: Session, dossier: Dossier, kind: str, error: InvalidInputError | ConflictError
) -> tuple[str, int]:
    """The form with all that was chosen in it, and why it was not kept.

    Who was overtaken sees what is kept beside each choice that differs, and decides.
    """
    given = _given()
    if isinstance(error, StaleVersionError):
        kept = session.get_one(Assessment, error.context["sheet"])
        codes = [each.code for each in sheets.rubric_of(dossier).criteria]
        differing = [code for code in codes if kept.scores.get(code) != given.get(code)]
        flash(say_overtaken(differing, is_council=kind == "council"), "error")
        return _form(session, dossier, kind, given, None, kept), 412
    flash(say(error), "error")
    status = 409 if isinstance(error, ConflictError) else 422
    return _form(session, dossier, kind, given, None), status


def _form(
    session: Session,
    dossier: Dossier,
    kind: str,
    scores: Mapping[str, int],
    found: Assessment | None,
    overtaken_by: Assessment | None = None,
) -> str:
    rubric = sheets.rubric_of(dossier)
    can_edit = dossier.status in (EDITABLE if kind == "self" else ("checked",))
    stops = (
        request.form.getlist("stop") if request.method == "POST" else found.stops if found else ()
    )
    ticked = [each for each in stops if each in rubric.all_stops]
    product = desk.product_of(session, dossier)
    return render_template(
        "ocop/sheet.html",
        dossier=dossier,
        product=product,
        hints=platform_hints(session, product, rubric),
        proofs=_proofs(session, dossier),
        say_hint=say_hint,
        evidence_kinds=EVIDENCE,
        rubric=rubric,
        kind=kind,
        scores=scores,
        sheet=found,
        member=request.form.get("member") or (found.member if found else None),
        version=overtaken_by.version
        if overtaken_by
        else request.form.get("version") or (found.version if found else 0),
        kept=overtaken_by.scores if overtaken_by else None,
        ticked=ticked,
        stop_words=STOPS,
        can_edit=can_edit,
        part_names=PART_NAMES,
        parts=PARTS,
        count=len(rubric.criteria),
        grade=grade(rubric, _accepted(scores, dossier), ticked),
        least_totals=LEAST_TOTALS,
    )


def _proofs(session: Session, dossier: Dossier) -> dict[str, list[tuple[Any, Any]]]:
    """The files that prove each criterion; none about a person."""
    files = evidence.list_evidence(session, dossier.id, with_sensitive=False)
    kept = list_attachments(session, [each.attachment_id for each in files])
    proofs: dict[str, list[tuple[Any, Any]]] = {}
    for each in files:
        if each.criterion is not None and each.attachment_id in kept:
            proofs.setdefault(each.criterion, []).append((each, kept[each.attachment_id]))
    return proofs


def _given() -> dict[str, int]:
    """What a refused form held, as far as it is numbers: shown again, nothing is lost."""
    return {
        name[2:]: int(value)
        for name, value in request.form.items()
        if name.startswith("s-") and value.isascii() and value.isdigit() and len(value) < 4
    }


def _accepted(scores: Mapping[str, int], dossier: Dossier) -> dict[str, int]:
    """Of scores on a screen those that the rubric gives."""
    known = {each.code: each.accepted for each in sheets.rubric_of(dossier).criteria}
    return {code: value for code, value in scores.items() if value in known.get(code, ())}


def _reasons(found: Grade | None) -> dict[str, Any]:
    """The gates by level and the next totals, for the page that explains."""
    return {"least_totals": LEAST_TOTALS, "held_back": found.is_held_back if found else False}
