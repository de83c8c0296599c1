"""A producer as buyers may know it: `/chu-the/<number>`, by which events name parties."""

from flask import Blueprint, render_template

from gis.calendar import today
from gis.errors import NotFoundError
from traceability import ocop
from traceability.following.origin import public_producer
from traceability.products import ProductFilter, list_products
from web import access
from web.context import transaction
from web.products.words import PRODUCER_KINDS

blueprint = Blueprint("producers", __name__)
_MOST = 200
_LARGEST = 2**63


@blueprint.get("/chu-the/<int:party_id>")
@access.roles("public")
def page(party_id: int) -> str:
    """Who it is and what it makes; nobody is here whose name is not public.

    Raises:
        NotFoundError: No product is made by a party of this number that the public may know.
    """
    day = today()
    with transaction() as session:
        wanted = ProductFilter(on=day, producer_id=party_id)
        cards = list_products(session, wanted, limit=_MOST) if party_id < _LARGEST else []
        party = cards[0].producer if cards else None
        producer = public_producer(session, party) if party is not None else None
        if producer is None or producer.name is None:
            raise NotFoundError(f"There is no public producer {party_id}.")
        return render_template(
            "products/producer.html",
            producer=producer,
            cards=cards,
            kinds=PRODUCER_KINDS,
            holds=ocop.holds,
            today=day,
        )
