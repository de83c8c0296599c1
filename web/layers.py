"""What the tile and feature routes share: which layers a caller reads, parameters, ETags."""

from flask import Response, g, request
from werkzeug.exceptions import Unauthorized

from gis.errors import ForbiddenError, InvalidInputError
from gis.layer import PROVINCIAL_OFFICER, Layer, View
from gis.layers import find_layer
from web.context import current_account


def caller_roles() -> frozenset[str]:
    """The roles of whoever is calling; none for the public.

    An officer who is not limited to one commune reads what spans all of them, too.
    """
    account = current_account()
    if account is None:
        return frozenset()
    if account.has("officer") and account.commune_code is None:
        return account.roles | {PROVINCIAL_OFFICER}
    return account.roles


def readable(name: str) -> tuple[Layer, View]:
    """A layer by its identifier, and how exactly the caller sees it.

    Raises:
        NotFoundError: There is no such layer.
        Unauthorized: It needs a role and nobody is signed in.
        ForbiddenError: The caller has none of its roles.
    """
    layer = find_layer(name)
    roles = caller_roles()
    if not layer.may_read(roles):
        if current_account() is None:
            raise Unauthorized(
                f"The collection {name} needs a role: sign in, or send a personal token."
            )
        raise ForbiddenError(
            f"The collection {name} needs one of the roles {', '.join(sorted(layer.readers))}.",
            roles=sorted(layer.readers),
        )
    return layer, layer.view(roles)


def check_parameters(*known: str) -> None:
    """Refuse query parameters that the operation does not have (Features 1, query-param-unknown).

    Raises:
        InvalidInputError: Naming the first one.
    """
    # The language may be chosen on every page of the site.
    for name in request.args:
        if name not in known and name != "lang":
            raise InvalidInputError(
                f"There is no parameter {name} here. Known: {', '.join(known) or 'none'}.",
                parameter=name,
            )


def caller_commune(layer: Layer) -> str | None:
    """The commune whose rows of this layer the caller may see; None = all of them."""
    account = current_account()
    if account is None or not layer.commune_only(caller_roles()):
        return None
    # Nobody without a commune is limited to one; were it so, no row would match.
    return account.commune_code or ""


def feature_etag(fid: int, version: str, view: View, form: str = "") -> str:
    """The strong tag of one feature as GeoJSON: its version as this reader sees it.

    `form` tells answers of the same version apart that differ in their bytes, such as another
    coordinate system; a change may start from any of them.
    """
    return f"{fid}-{version}-{view[0]}{form and '.' + form}"


def read_feature_etag(tag: str, fid: int) -> tuple[str, View] | None:
    """The version and the view that a tag of this feature names, or None when it is another's."""
    version, _, ending = tag.removeprefix(f"{fid}-").rpartition("-")
    view = next((view for view in View if view[0] == ending.partition(".")[0]), None)
    if view is None or not tag.startswith(f"{fid}-") or not version:
        return None
    return version, view


def answer_cached(etag: str, views: tuple[View, ...], response: Response | None) -> Response:
    """Give an answer its ETag and say who may keep it; without one, answer 304.

    Every keeper must ask again before it shows a copy (`no-cache`), so an edit is never hidden;
    what only some roles see may not be kept by anybody between.
    """
    made = response
    if made is None:
        made = Response(status=304)
        # Nothing follows, so nothing has a type (and is looked at as a page by what comes after).
        del made.headers["Content-Type"]
    made.set_etag(etag)
    private = View.EXACT in views or g.get("account") is not None
    made.headers["Cache-Control"] = "private, no-cache" if private else "no-cache"
    made.vary.update(["Authorization", "Cookie"])
    return made
