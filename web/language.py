"""Vietnamese and English: `?lang=en` is remembered; else what the browser prefers among the two."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, g, request, session
from flask_babel import (
    Babel,
    format_date,
    format_datetime,
    format_decimal,
    get_locale,
    get_translations,
)

LANGUAGES = ("vi", "en")


def install(app: Flask) -> None:
    """Choose the language of each request and remember a choice that was made."""
    Babel(app, locale_selector=choose)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    # Flask-Babel looks for the catalogue at each sentence; a page has a hundred in one language.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: _catalogue().ugettext(text),
        lambda one, many, number: _catalogue().ungettext(one, many, number),
        newstyle=True,
    )
    app.jinja_env.globals["language"] = lambda: str(get_locale() or "vi")[:2]
    app.jinja_env.globals["in_language"] = in_language
    app.jinja_env.filters["decimal"] = decimal
    app.jinja_env.filters["amount"] = amount
    app.jinja_env.filters["day"] = day
    app.jinja_env.filters["moment"] = moment

    @app.after_request
    def vary(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.vary.update(["Accept-Language", "Cookie"])
            response.headers.setdefault("Content-Language", choose())
        return response


def choose() -> str:
    """The language of this request.

    A browser's preference counts only when it does not know Vietnamese at all: many phones sold in
    Vietnam are left in English, and their owners read Vietnamese. So the answer is Vietnamese
    unless somebody asked for English.
    """
    if "language" in g:
        return str(g.language)
    asked = request.args.get("lang")
    if asked in LANGUAGES:
        session["language"] = asked
        session.permanent = True
    g.language = asked if asked in LANGUAGES else session.get("language", "vi")
    if g.language not in LANGUAGES:
        g.language = "vi"
    return str(g.language)


def _catalogue() -> Any:
    """The sentences of this request's language, found once."""
    if "catalogue" not in g:
        g.catalogue = get_translations()
    return g.catalogue


def in_language(language: str) -> str:
    """The address of this page in a language, with its filters, relative to the page."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return f"?{urlencode([*kept, ('lang', language)])}"


def decimal(value: float | Decimal | None, digits: int = 0) -> str:
    """A number as the language writes it: 1.234,5 in Vietnamese; a dash when there is none."""
    if value is None:
        return "–"
    places = f".{'0' * digits}" if digits else ""
    return str(format_decimal(value, format=f"#,##0{places}"))


def amount(value: Decimal | str | None) -> str:
    """An amount as the language writes it: 1.234,5, without zeros nobody wrote; a dash for none."""
    return "–" if value is None else str(format_decimal(Decimal(value), format="#,##0.###"))


def day(value: date | None) -> str:
    """A day as the language writes it: 22/11/2026 in Vietnamese; a dash when there is none."""
    if value is None:
        return "–"
    return str(format_date(value, "dd/MM/yyyy" if choose() == "vi" else "d MMM yyyy"))


def moment(value: datetime | None) -> str:
    """An instant as the language writes it, in Vietnam's time; a dash when there is none."""
    if value is None:
        return "–"
    return str(
        format_datetime(value, "HH:mm dd/MM/yyyy" if choose() == "vi" else "d MMM yyyy HH:mm")
    )
