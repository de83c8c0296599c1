"""The check of listings against a real https server of the test's own."""

import ssl
import subprocess
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address

import pytest
from sqlalchemy import select

from etl.fetching import Fetcher, is_public
from etl.link_checks import LinkChecker, user_agent
from tests.product_factories import make_scene
from tests.shop_server import Shop
from traceability.gs1.digital_link import parse_path
from traceability.linking import links
from traceability.models import Listing, Report
from traceability.selling import listing_checks, marketplaces

HOSTS = ("voso.vn", "www.voso.vn", "postmart.vn", "evil.example")
NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for the shops' names, and its own authority."""
    path = tmp_path_factory.mktemp("tls") / "shop.pem"
    names = ",".join(f"DNS:{host}" for host in HOSTS)
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    subprocess.run(
        [*made, "-nodes", "-days", "2", "-subj", "/CN=shop", "-addext", f"subjectAltName={names}",
         "-keyout", path, "-out", f"{path}.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_text(path.read_text() + path.with_suffix(".pem.crt").read_text())
    return path


@pytest.fixture
def shop(certificate):
    made = Shop(certificate)
    thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture
def fetcher(shop, certificate):
    return Fetcher(
        user_agent("https://langbiang.example"),
        resolve=lambda host, port: ["127.0.0.1"],
        admits=lambda address: True,
        port=shop.server_address[1],
        context=ssl.create_default_context(cafile=certificate),
    )


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self):
        self.now, self.waits = 1000.0, []

    def __call__(self):
        return self.now

    def pause(self, seconds):
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def scene(session):
    made = make_scene(session)
    session.commit()
    return made


@pytest.fixture
def check(sessions, session, fetcher, clock):
    checker = LinkChecker(sessions, fetcher, clock=clock, pause=clock.pause, run_s=60)

    def run(at=NOON):
        session.expire_all()
        for listing in session.scalars(select(Listing)):
            listing.next_check_at = min(listing.next_check_at, at)
        session.commit()
        done = checker.run(at)
        session.expire_all()
        return done

    return run


def of(session, host):
    return session.scalars(select(Listing).where(Listing.url.contains(host))).one()


VOSO, POSTMART = "/ca-phe-p123", "/p/ca-phe-88.html"


def test_a_listing_that_is_there_is_found(session, scene, shop, check, clock):
    shop.answers = {
        VOSO: (200, {}, b""),
        ("HEAD", POSTMART): (405, {}, b""),
        ("GET", POSTMART): (200, {}, b"x" * 10_000_000),
    }
    assert check() == 2
    for host in ("voso", "postmart"):
        listing = of(session, host)
        assert (listing.http_status, listing.failures) == (200, 0)
        assert listing.last_checked_at == listing.last_found_at == NOON
        assert listing_checks.standing(listing) == "found"
        assert listing.next_check_at == NOON + timedelta(days=3)
    assert shop.agents == {"LangBiangLinkCheck/1.0 (+https://langbiang.example)"}
    asked = [("GET", "voso.vn/robots.txt"), ("HEAD", f"voso.vn{VOSO}")]
    assert [each for each in shop.asked if "voso" in each[1]] == asked
    assert [method for method, _ in shop.asked if method == "GET"].__len__() == 3
    assert all(wait == pytest.approx(5) for wait in clock.waits), "a host is left alone between"


def test_gone_once_is_asked_again_gone_twice_is_hidden_and_reported(session, scene, shop, check):
    shop.answers = {VOSO: (200, {}, b""), POSTMART: (410, {}, b"")}
    check()
    listing = of(session, "postmart")
    assert (listing.http_status, listing.times_gone, listing.dead_since) == (410, 1, None)
    assert listing.next_check_at == NOON + timedelta(hours=6)
    # Something else in between says neither this nor that.
    shop.answers[POSTMART] = (503, {"Retry-After": "7200"}, b"")
    check(NOON + timedelta(hours=6))
    listing = of(session, "postmart")
    assert (listing.times_gone, listing.dead_since) == (1, None)
    assert listing.next_check_at == NOON + timedelta(hours=8), "longer where it asks for longer"
    shop.answers[POSTMART] = (404, {}, b"")
    check(NOON + timedelta(hours=12))
    listing = of(session, "postmart")
    assert listing.dead_since == NOON + timedelta(hours=12)
    assert [each.url for each, _ in marketplaces.list_listings(session, scene.product.id)] == [
        "https://voso.vn/ca-phe-p123"
    ]
    entry = links.get_entry(session, parse_path(f"/01/{scene.product.gtin}"))
    assert [link.href for link in entry.links if link.link_type == links.RETAILERS] == [
        "https://voso.vn/ca-phe-p123"
    ]
    case = session.scalars(select(Report)).one()
    assert (case.kind, case.product_id, case.facts["url"]) == (
        "dead-link", scene.product.id, listing.url,
    )  # fmt: skip
    # It may come back.
    shop.answers[POSTMART] = (200, {}, b"")
    check(NOON + timedelta(days=8))
    assert of(session, "postmart").dead_since is None
    assert len(marketplaces.list_listings(session, scene.product.id)) == 2
    assert session.scalars(select(Report)).one().occurrences == 1


def test_failures_of_the_soft_kind_hide_nothing_and_wait_longer_each_time(
    session, scene, shop, check
):
    shop.answers = {VOSO: (500, {}, b""), POSTMART: (403, {}, b"")}
    at = NOON
    waits = []
    for _ in range(9):
        check(at)
        listing = of(session, "voso")
        waits.append((listing.next_check_at - at) / timedelta(hours=1))
        at = listing.next_check_at
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 168]
    assert of(session, "voso").dead_since is None
    assert listing_checks.standing(of(session, "postmart")) == "failing"
    assert len(marketplaces.list_listings(session, scene.product.id)) == 2


def test_robots_are_respected(session, scene, shop, check, clock):
    shop.answers = {
        "/robots.txt": (200, {}, b"User-agent: *\nDisallow: /p/\nCrawl-delay: 9"),
        VOSO: (200, {}, b""),
        POSTMART: (404, {}, b""),
    }
    check()
    assert ("HEAD", f"postmart.vn{POSTMART}") not in shop.asked
    listing = of(session, "postmart")
    assert (listing.check_error, listing.http_status) == ("not-allowed", None)
    assert listing_checks.standing(listing) == "unchecked", "said honestly"
    assert clock.waits == [pytest.approx(9)], "as long as the host asks for"


def test_robots_are_respected_where_a_redirect_leads(session, scene, shop, check):
    shop.answers = {
        VOSO: (301, {"Location": "https://www.voso.vn/kin/p123"}, b""),
        "/robots.txt": (200, {}, b"User-agent: *\nDisallow: /kin/"),
        POSTMART: (200, {}, b""),
    }
    check()
    assert of(session, "voso").check_error == "not-allowed"
    assert ("HEAD", "www.voso.vn/kin/p123") not in shop.asked
    assert ("GET", "www.voso.vn/robots.txt") in shop.asked


def test_a_host_that_cannot_say_its_rules_is_left_alone(session, scene, shop, check):
    shop.answers = {"/robots.txt": (503, {}, b""), VOSO: (200, {}, b"")}
    check()
    assert {path for _, path in shop.asked} == {"voso.vn/robots.txt", "postmart.vn/robots.txt"}


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("https://evil.example/x", "redirect-elsewhere"),
        ("http://voso.vn/ca-phe-p123", "redirect-elsewhere"),
        ("https://voso.vn:8443/x", "redirect-elsewhere"),
        ("https://voso.vn@evil.example/x", "redirect-elsewhere"),
        ("https://127.0.0.1/x", "redirect-elsewhere"),
        ("//evil.example/x", "redirect-elsewhere"),
        ("file:///etc/passwd", "redirect-elsewhere"),
        ("/", "redirect-elsewhere"),
        (VOSO, "too-many-redirects"),
        ("https://www.voso.vn/moi-p123", None),
        ("/moi-p123", None),
        ("/cà-phê-p9".encode().decode("latin-1"), None),
    ],
)
def test_redirects_stay_with_the_marketplace(session, scene, shop, check, target, error):
    shop.answers = {
        VOSO: (302, {"Location": target}, b""),
        "/": (200, {}, b""),
        "/moi-p123": (200, {}, b""),
        "/c%C3%A0-ph%C3%AA-p9": (200, {}, b""),
        POSTMART: (200, {}, b""),
    }
    check()
    listing = of(session, "voso")
    assert listing.check_error == error
    assert (listing.failures == 0) == (error is None)
    assert not any("evil" in path for _, path in shop.asked)


def test_names_that_lead_inside_are_refused_before_any_connection(session, scene, shop, check):
    guarded = Fetcher("x", resolve=lambda host, port: ["127.0.0.1"], port=shop.server_address[1])
    due = listing_checks.list_due(session, datetime.now(UTC) + timedelta(days=1), limit=9)[0]
    answer = LinkChecker(lambda: None, guarded).ask(due)
    assert (answer.http_status, answer.error) == (None, "private-address")
    mixed = Fetcher("x", resolve=lambda host, port: ["203.119.8.1", "10.0.0.1"])
    assert LinkChecker(lambda: None, mixed).ask(due).error == "private-address"

    def unknown(host, port):
        raise OSError("no such name")

    assert LinkChecker(lambda: None, Fetcher("x", resolve=unknown)).ask(due).error == "no-host"
    assert shop.asked == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.119.8.1", True),
        ("2405:4800::1", True),
        *((each, False) for each in (
            "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
            "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1",
            "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
            "2002:7f00:1::", "fec0::1", "198.18.0.1",
        )),
    ],
)  # fmt: skip
def test_only_the_open_internet_is_asked(address, expected):
    assert is_public(ip_address(address)) is expected


def test_a_certificate_that_nobody_vouches_for_is_no_answer(session, scene, shop, sessions):
    plain = Fetcher(
        "x", resolve=lambda *_: ["127.0.0.1"], admits=lambda _: True, port=shop.server_address[1]
    )
    due = listing_checks.list_due(session, datetime.now(UTC) + timedelta(days=1), limit=9)[0]
    assert LinkChecker(sessions, plain).ask(due).error == "no-certificate"
    assert shop.asked == []


def test_an_answer_that_drips_is_cut(session, scene, shop, fetcher):
    shop.answers = {"/robots.txt": (404, {}, b"")}
    shop.dripping = {VOSO}
    due = next(
        each
        for each in listing_checks.list_due(session, datetime.now(UTC) + timedelta(1), limit=9)
        if VOSO in each.url
    )
    checker = LinkChecker(lambda: None, replace(fetcher, whole_s=0.3), between_s=0)
    began = time.monotonic()
    assert checker.ask(due).error == "timeout"
    assert time.monotonic() - began < 15


def test_retry_after_may_be_a_date_but_never_for_ever(session, scene, shop, check):
    late = format_datetime(datetime.now(UTC) + timedelta(days=400), usegmt=True)
    shop.answers = {VOSO: (429, {"Retry-After": late}, b""), POSTMART: (200, {}, b"")}
    check()
    assert of(session, "voso").next_check_at == NOON + timedelta(days=7)


def test_a_host_that_has_enough_is_left_alone_as_a_whole(session, scene, shop, check, clock):
    other = f"{VOSO}4"
    marketplaces.list_on_marketplace(session, scene.product, "voso", f"https://voso.vn{other}")
    session.commit()
    shop.answers = {
        VOSO: (429, {"Retry-After": "7200"}, b""),
        other: (200, {}, b""),
        POSTMART: (200, {}, b""),
    }
    assert check() == 2
    assert [each for each in shop.asked if "voso" in each[1]] == [
        ("GET", "voso.vn/robots.txt"), ("HEAD", f"voso.vn{VOSO}"),
    ], "neither the same again by GET nor its neighbour"  # fmt: skip
    listings = session.scalars(select(Listing).where(Listing.url.contains("voso"))).all()
    asked = {each.url.removeprefix("https://voso.vn"): each for each in listings}
    assert asked[VOSO].next_check_at == NOON + timedelta(hours=2)
    assert asked[other].last_checked_at is None
    clock.now += 7200
    check(NOON + timedelta(hours=1))
    assert ("HEAD", f"voso.vn{other}") in shop.asked


def test_what_is_retired_invented_or_changed_is_left_alone(session, scene, shop, check, sessions):
    voso, postmart = of(session, "voso"), of(session, "postmart")
    marketplaces.retire_listing(session, voso, NOON)
    postmart.is_demo = True
    session.commit()
    assert check() == 0
    assert shop.asked == []


def test_a_run_ends_in_time_and_the_rest_waits(session, scene, shop, sessions, fetcher, clock):
    for number in range(9):
        marketplaces.list_on_marketplace(
            session, scene.product, "voso", f"https://voso.vn/ca-phe-p9{number}"
        )
    session.commit()
    checker = LinkChecker(sessions, fetcher, clock=clock, pause=clock.pause, run_s=15)
    began = clock.now
    done = checker.run(datetime.now(UTC) + timedelta(minutes=1))
    assert 2 <= done <= 8
    assert clock.now - began < 30
