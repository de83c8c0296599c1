"""The site over entries of every kind, made once for all tests here: they only read."""

import pytest
from sqlalchemy.orm import sessionmaker

from gis.settings import Settings
from tests.product_factories import GTIN, make_scene
from tests.resolver_entries import ALLOWED, BASE, ENTRIES
from traceability.labelling.serials import issue_serials
from traceability.linking.link_documents import register_document
from web import create_app


@pytest.fixture(scope="module")
def standing(engine, tmp_path_factory):
    """The site over those entries and a product with a lot and a serial, for all tests here.

    They only read; what stands is rolled back at the end.
    """
    settings = Settings(home=tmp_path_factory.mktemp("resolver"), public_url=BASE)
    with engine.connect() as connection:
        outer = connection.begin()
        sessions = sessionmaker(
            connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        )
        with sessions.begin() as session:
            register_document(session, {"entries": ENTRIES}, ALLOWED)
            scene = make_scene(session)
            (serial,) = issue_serials(session, scene.product, 1, scene.lot)
            own, item = f"/t/{scene.product.trace_code}", f"/01/{GTIN}"
        paths = [item, f"{item}/10/L2610", f"{item}/10/L2610/21/{serial}", own, f"{own}/lo/L2610"]
        yield create_app(settings, sessions), paths
        outer.rollback()


@pytest.fixture
def product_paths(standing):
    """The paths of a product registered here, its lot, an issued serial, its own code, its lot."""
    return standing[1]


@pytest.fixture
def resolve(standing):
    """Ask the resolver, raw addresses as they are."""
    client = standing[0].test_client()

    def ask(address, method="GET", accept="*/*", **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.open(address, method=method, headers={"Accept": accept, **named})

    return ask


@pytest.fixture
def leads(resolve):
    """Where an address leads, without the site."""

    def ask(address, **headers):
        answer = resolve(address, **headers)
        assert answer.status_code == 307, (address, answer.status_code, answer.text)
        return answer.headers["Location"].removeprefix("https://a.example/")

    return ask
