"""Whose products a caller may change: a producer their organisation's, an officer the commune's."""

from sqlalchemy.orm import Session

from gis.errors import ForbiddenError
from traceability import products
from traceability.models import Product
from traceability.selling.offering import EditScope, is_within
from web.context import current_account

ROLES = ("producer", "officer", "administrator")


def edit_scope() -> EditScope:
    """Which products the caller may change."""
    account = current_account()
    assert account is not None, "the roles of the route"
    if account.has("administrator") or (account.has("officer") and account.commune_code is None):
        return EditScope()
    if account.has("officer"):
        return EditScope(commune_code=account.commune_code)
    return EditScope(party_id=account.party_id or 0)


def editable_product(session: Session, product_id: int) -> Product:
    """Find a product that the caller may change.

    Raises:
        NotFoundError: There is none of this number.
        ForbiddenError: It is somebody else's.
    """
    product = products.get_product(session, product_id)
    if not is_within(session, edit_scope(), product):
        raise ForbiddenError("This is not a product of your organisation, or of your commune.")
    return product
