import pytest

from gis.errors import InvalidInputError
from traceability.errors import ForbiddenLinkError
from traceability.linking.link_types import link_type
from traceability.linking.links import AllowedHosts
from traceability.selling.marketplaces import check_listing_url

ALLOWED = AllowedHosts(frozenset({"gov.example", "lan.example:8080"}), ("voso.vn",))


@pytest.mark.parametrize(
    ("href", "kept"),
    [
        ("/san-pham/1", "/san-pham/1"),
        ("/tệp", "/t%E1%BB%87p"),
        ("https://gov.example/a?b=1#c", "https://gov.example/a?b=1#c"),
        ("HTTPS://GOV.example/Đ", "https://gov.example/%C4%90"),
        ("http://lan.example:8080/x", "http://lan.example:8080/x"),
        ("https://www.voso.vn/x", "https://www.voso.vn/x"),
    ],
)
def test_allowed_targets_are_kept_in_plain_ascii(href, kept):
    assert ALLOWED.check(href) == kept


@pytest.mark.parametrize(
    "href",
    [
        "https://evil.example/",
        "https://sub.gov.example/",  # the operator allowed one host, not its subdomains
        "https://gov.example.evil.example/",
        "https://evilvoso.vn/",
        "http://voso.vn/x",  # marketplaces by https only
        "http://lan.example/x",
        "https://gov.example@evil.example/",
        "https://evil.example\\@gov.example/",
        "//evil.example/x",
        "/\\evil.example/x",
        "javascript:alert(1)",
        "data:text/html,x",
        "https:///x",
        "https://gov.example:99999/",
        "https://gov.example/\nSet-Cookie: x",
        "https://gоv.example/",  # a Cyrillic o
        "san-pham/1",
    ],
)
def test_other_targets_are_refused(href):
    with pytest.raises(ForbiddenLinkError):
        ALLOWED.check(href)


@pytest.mark.parametrize(
    ("hosts", "url"),
    [
        (["postmart.vn", "buudien.vn"], "https://postmart.vn/p/mat-ong-12.html"),
        (["postmart.vn", "buudien.vn"], "https://nongsan.buudien.vn/san-pham/1"),
        (["voso.vn"], "https://voso.vn/dac-san-vo-so-s3145375"),
        (["37nghean.com"], "https://37nghean.com/ca-phe"),
        (["shopee.vn"], "https://shopee.vn/ca-phe-i.123.456?sp=1"),
        (["shop.tiktok.com"], "https://shop.tiktok.com/view/product/123"),
    ],
)
def test_listings_of_the_known_forms(hosts, url):
    assert check_listing_url(hosts, url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://postmart.vn/p/mat-ong-12.html",
        "https://postmart.vn/",
        "https://postmart.vn/gioi-thieu",
        "https://postmart.vn.evil.example/p/mat-ong-12.html",
        "https://voso.vn/x-p1",
        *(
            f"https://{host}/p/mat-ong-12.html"
            for host in (
                ".postmart.vn",
                "a..postmart.vn",
                "-.postmart.vn",
                "xpostmart.vn",
                "postmart.vn.",
                "postmart.vn:8443",
                "x@postmart.vn",
                "postmart.vn@evil.example",
                "pоstmart.vn",
                "postmart.vn%2eevil.example",
                "postmart.vn\\.evil.example",
                "postmart。vn",
            )
        ),
        "postmart.vn/p/mat-ong-12.html",
    ],
)
def test_listings_of_other_forms_are_refused(url):
    with pytest.raises(InvalidInputError):
        check_listing_url(["postmart.vn"], url)


def test_link_types_have_one_form():
    assert link_type("gs1:pip") == "gs1:pip"
    assert link_type("https://gs1.org/voc/pip") == "gs1:pip"
    assert link_type("https://ref.gs1.org/voc/pip") == "gs1:pip"
    assert link_type("https://schema.org/review") == "https://schema.org/review"
    for wrong in ("pip", "gs1:", "gs1:a b", "schema:review", "javascript:x"):
        with pytest.raises(ValueError, match="link type"):
            link_type(wrong)
