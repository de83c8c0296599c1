"""No route leaks a party's private fields: every GET route, as a stranger and a foreign producer.

A mark is written into every private field there is, also into those of tables made later (a table
`*_private` with a text column that this test does not fill fails it). Then every GET route of the
site is asked, found in its own URL map with real numbers and codes, and no mark may be in an answer
or its headers. A route with an argument that `ARGUMENTS` does not know fails: state what it takes.
"""

import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product as combinations
from urllib.parse import quote
from uuid import uuid4

import pytest
from sqlalchemy import text

from gis.diary import write_entry
from gis.models import Facility, Parcel, Party, PartyPrivate
from gis.registration import submit_application
from gis.zones import list_zones
from tests.applications import content
from tests.product_factories import GTIN, SECRET_ADDRESS, SECRET_NAME, make_scene, square
from traceability import lots, products
from traceability.epcis.capture import Captor
from traceability.labelling.serials import issue_serials
from traceability.recording.keeping import Keeper, Share
from traceability.recording.moves import Load, record_shipping
from traceability.reporting import reports
from web.accounts import add_account

BASE = "https://langbiang.example"
# Filled by the mark of their name; sex has a list of values and would be found everywhere.
LISTED_VALUES = {("dossier_private", "sex"), ("report_private", "consent_text")}


def mark(table: str, column: str) -> str:
    """A text that stands nowhere else, and no search folds."""
    return f"ZQX{table}{column}".replace("_", "")


class Place:
    """What was seeded, and the marks that nobody may see."""

    def __init__(self) -> None:
        self.marks: set[str] = {SECRET_NAME, SECRET_ADDRESS}
        self.arguments: dict[str, list[object]] = {}


@pytest.fixture
def place(session) -> Place:
    made = Place()
    scene = make_scene(session)
    for party in (scene.cooperative, scene.household):
        session.add(PartyPrivate(party_id=party.id))
    application = submit_application(
        session, uuid4(), content(crop="ca-phe"), actor="applicant"
    ).application
    area = scene.areas[1]
    area.attributes = {"chu_ho": made_mark(made, "growing_area", "attributes")}
    session.add_all(
        (
            Parcel(
                name=made_mark(made, "parcel", "name"),
                code="T1",
                party_id=scene.household.id,
                boundary=square(108.61, 12.1, 0.002),
                attributes={"chu": made_mark(made, "parcel", "attributes")},
            ),
            Facility(
                name="Kho",
                kind="packing-house",
                party_id=scene.household.id,
                location="SRID=4326;POINT(108.5 12.0)",
                attributes={"chu": made_mark(made, "facility", "attributes")},
            ),
        )
    )
    write_entry(
        session,
        area.id,
        done_on=date(2026, 10, 1),
        activity="spraying",
        by=made_mark(made, "diary_entry", "by"),
        today=date(2026, 11, 22),
        product_name="Thuốc A",
        phi_days=20,
        note=made_mark(made, "diary_entry", "note"),
    )
    hidden = products.register_product(
        session,
        name="Hồng treo",
        producer_id=scene.household.id,
        commune_id=scene.commune.id,
        attributes={"chu": made_mark(made, "product", "attributes")},
    )
    hidden_lot = lots.make_lot(
        session,
        hidden,
        "H1",
        [lots.Source(area.id, Decimal(10), date(2026, 10, 5))],
        quantity=Decimal(10),
        unit="kg",
        attributes={"nguoi_hai": made_mark(made, "lot", "attributes")},
    )
    (serial,) = issue_serials(session, hidden, 1, hidden_lot)
    keeper = Keeper(Captor("officer", None, frozenset({"administrator"})), BASE)
    record_shipping(
        session,
        keeper,
        Load(shares=[Share(scene.lot, scene.product)]),
        at=datetime.now(UTC) - timedelta(hours=1),
        receiver=scene.household,
        paper=made_mark(made, "shipping", "paper"),
    )
    filed = reports.file_report(
        session,
        product_id=hidden.id,
        lot_id=hidden_lot.id,
        serial=serial,
        kind="fake",
        text=made_mark(made, "report", "text"),
        contact=made_mark(made, "report", "contact"),
        place=scene.commune.id,
        photo_id=None,
    )
    reports.comment_report(session, filed, made_mark(made, "report", "note"), actor="officer")
    dossier = session.scalar(
        text(
            "INSERT INTO traceability.dossier (product_id, party_id, commune_id, kind,"
            " applicant_kind, ocop_set, rubric_version, created_by) SELECT :product, :party,"
            " :commune, 'first', 'household', 13, max(version), 'p' FROM traceability.rubric"
            " RETURNING id"
        ),
        {
            "product": hidden.id,
            "party": scene.household.id,
            "commune": scene.commune.id,
        },
    )
    session.execute(
        text(
            "INSERT INTO traceability.dossier_private (dossier_id, representative) VALUES (:d, '')"
        ),
        {"d": dossier},
    )
    fill_private_tables(session, made)
    password = add_account(session, "chunha", ["farmer"])
    made.marks.add(password)
    made.marks |= set(
        session.execute(
            text("SELECT unnest(ARRAY[password_hash, session_key]) FROM web.account")
        ).scalars()
    )
    session.commit()
    ids = [scene.product.id, hidden.id]
    zones = [zone.code or str(zone.id) for zone in list_zones(session)]
    events = session.execute(
        text("SELECT coalesce(event_id, hash_id), sequence FROM traceability.event")
    ).all()
    listings = session.scalars(text("SELECT id FROM traceability.listing")).all()
    codes = [
        f"01/{GTIN}",
        f"01/{GTIN}/10/L2610",
        f"t/{hidden.trace_code}",
        f"t/{hidden.trace_code}/lo/H1",
        f"t/{hidden.trace_code}/tem/{serial}",
    ]
    made.arguments = {
        "product_id": ids,
        "party_id": [scene.cooperative.id, scene.household.id],
        "lot_id": [scene.lot.id, hidden_lot.id],
        "lot_code": ["L2610", "H1"],
        "area_id": [each.id for each in scene.areas],
        "fid": [each.id for each in scene.areas],
        "receipt": [application.receipt],
        "uuid": [application.uuid],
        "ticket": [filed.ticket],
        "number": ["3981/QĐ-UBND"],
        "listing_id": listings,
        "dossier_id": [dossier],
        "event_id": [event_id for event_id, _ in events],
        "sequence": [sequence for _, sequence in events],
        "epc": [f"{BASE}/{code}" for code in codes],
        "rest": [code.split("/", 1)[1] for code in codes],
        "key": ["01"],
        "z": [12],
        "row": [1911],
        "column": [3283, 3284],
    }
    made.arguments |= {
        "codes_api.get_code/code": codes,
        "growing_areas.page/code": ["VN-LDOR-0007", *(each.id for each in scene.areas)],
        "units.page/code": ["24848"],
        "valid_from": ["2025-07-01"],
        "zones.page/code": zones or ["Z1"],
        "problems.problem_page/slug": ["not-found"],
        "step": ["thu-hoach"],
        "epcis_discovery.one_value/collection": ["bizSteps", "readPoints", "epcs"],
        "epcis_discovery.values/collection": ["bizSteps", "readPoints", "bizLocations", "epcs"],
        "epcis_events.events_of_value/collection": ["bizSteps", "readPoints"],
        "epcis_discovery.one_value/name": ["shipping"],
        "epcis_events.events_of_type/name": ["ObjectEvent"],
        "epcis_events.events_of_value/name": ["shipping"],
        "ogc_tilesets.matrix_set/name": ["WebMercatorQuad"],
        "history_api.list_feature_revisions/name": ["growing-areas"],
        "map_panels.list_matches/name": ["growing-areas"],
        "name": [
            "growing-areas",
            "parcels",
            "facilities",
            "administrative-units",
            "high-tech-zones",
            "applications",
        ],
        "exports.fetch/name": ["x.csv"],
        "photos.serve/name": ["x"],
        "kind": ["pdf"],
        "file": ["consumer.css"],
    }
    # What nothing was made of here: their numbers are asked for all the same.
    for name in (
        "background_id",
        "batch_id",
        "run_id",
        "job_id",
        "snapshot_id",
        "import_id",
        "change",
        "certificate_id",
        "evidence_id",
    ):
        made.arguments[name] = [1]
    made.arguments["token"] = ["0" * 32]
    return made


def made_mark(made: Place, table: str, column: str) -> str:
    made.marks.add(mark(table, column))
    return mark(table, column)


def fill_private_tables(session, made: Place) -> None:
    """Write a mark into every text column of every table of private fields."""
    columns = session.execute(
        text(
            "SELECT table_schema, table_name, column_name, data_type"
            " FROM information_schema.columns"
            " WHERE table_name LIKE '%\\_private' AND data_type IN ('text', 'ARRAY')"
        )
    ).all()
    assert {table for _, table, _, _ in columns} >= {
        "party_private",
        "application_private",
        "report_private",
        "dossier_private",
    }
    for schema, table, column, kind in columns:
        if (table, column) in LISTED_VALUES or kind == "ARRAY":
            continue
        session.execute(
            text(f'UPDATE "{schema}"."{table}" SET "{column}" = :mark'),
            {"mark": made_mark(made, table, column)},
        )
        rows = session.scalar(text(f'SELECT count(*) FROM "{schema}"."{table}"'))
        assert rows, f"nothing was seeded in {schema}.{table}"


def addresses(app, arguments: dict[str, list[object]]) -> Iterator[tuple[str, str]]:
    """Every GET address of the site: endpoint and path."""
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        names = sorted(rule.arguments)
        missing = [
            name
            for name in names
            if f"{rule.endpoint}/{name}" not in arguments and name not in arguments
        ]
        assert not missing, f"{rule.rule}: state what {missing} of {rule.endpoint} may be"
        choices = [arguments.get(f"{rule.endpoint}/{name}", arguments.get(name)) for name in names]
        for values in combinations(*choices):
            path = rule.rule
            for name, value in zip(names, values, strict=True):
                start = min(
                    found
                    for found in (path.find(f"<{name}>"), path.find(f":{name}>"))
                    if found >= 0
                )
                begin = path.rindex("<", 0, start + 1)
                path = (
                    path[:begin] + quote(str(value), safe="/:") + path[path.index(">", begin) + 1 :]
                )
            yield rule.endpoint, path


# The same routes asked in other ways: other formats, searches by half a name, larger pages.
MORE = (
    "/api/v1/search?q=Nguyễn Thị Riêng",
    "/api/v1/search?q=ZQX",
    "/api/v1/products?q=Riêng",
    "/api/v1/products?limit=1000",
    "/san-pham?q=Riêng",
    "/api/v1/lots?limit=1000",
    "/api/v1/links?limit=1000",
    "/api/v1/growing-areas?limit=1000",
    "/ogc/collections/growing-areas/items?limit=1000",
    "/ogc/collections/growing-areas/items?limit=1000&f=html",
    "/ogc/collections/facilities/items?limit=1000",
    "/vung-trong?q=Riêng",
    "/epcis/events?perPage=100",
    "/truy-vet?ma=/01/{gtin}/10/L2610",
    "/truy-vet/tai-ve.json?ma=/01/{gtin}/10/L2610",
    "/truy-vet/tai-ve.csv?ma=/01/{gtin}/10/L2610",
    "/api/v1/trace?code=/01/{gtin}/10/L2610",
    "/01/{gtin}?linkType=linkset",
    "/01/{gtin}?linkType=all",
    "/san-pham?lang=en",
    "/bao-cao?ma=/01/{gtin}/10/L2610",
    "/api/v1/reports?trang-thai=tat-ca",
    "/canh-bao?trang-thai=tat-ca",
)
ACCEPTED = (
    "text/html",
    "application/json",
    "application/ld+json",
    "application/linkset+json",
)


def find_leaks(callers, asked, marks, forms):
    """Ask every address as every caller; what leaked, and what broke."""
    leaks, broken = [], []
    for caller, client in callers.items():
        for path in sorted(asked):
            for accept in forms(path):
                answer = client.get(path, headers={"Accept": accept})
                if answer.status_code >= 500 and answer.status_code != 503:
                    broken.append((caller, path, answer.status_code))
                body = answer.data
                if answer.headers.get("Content-Encoding") == "gzip":
                    body = zlib.decompress(body, 31)
                whole = body + str(answer.headers).encode()
                leaks += [(caller, path, accept, one) for one in marks if one in whole]
    return leaks, broken


def written(marks):
    """The marks as bodies and headers may hold them: plain, in addresses, escaped."""
    found = [one.encode() for one in marks]
    found += [quote(one).encode() for one in marks if quote(one) != one]
    return found + [one.encode("unicode_escape") for one in marks if not one.isascii()]


def test_no_route_tells_a_stranger_a_private_field(app, place):
    asked = {path for _, path in addresses(app, place.arguments)}
    asked |= {path.format(gtin=GTIN) for path in MORE}
    assert len(asked) > 250

    def forms(path):
        return ACCEPTED[1:2] if path.startswith(("/api", "/ogc", "/epcis")) else ACCEPTED[:1]

    callers = {"a stranger": app.test_client()}
    leaks, broken = find_leaks(callers, asked, written(place.marks), forms)
    assert leaks == []
    assert broken == []


@pytest.mark.long
def test_no_route_tells_a_foreign_producer_in_any_form(app, session, sign_in, place):
    own = Party(kind="cooperative", name="HTX Khác")
    session.add(own)
    session.flush()
    producer = sign_in("producer")
    session.execute(
        text("UPDATE web.account SET party_id = :party WHERE username LIKE 'producer-%'"),
        {"party": own.id},
    )
    session.commit()
    callers = {"a stranger": app.test_client(), "a foreign producer": producer}
    asked = {path for _, path in addresses(app, place.arguments)}
    asked |= {path.format(gtin=GTIN) for path in MORE}

    def forms(path):
        several = ("/san-pham", "/01", "/t/", "/ogc", "/chung")
        return ACCEPTED if path.startswith(several) else ACCEPTED[:2]

    leaks, broken = find_leaks(callers, asked, written(place.marks), forms)
    assert leaks == []
    assert broken == []
