"""robots.txt by RFC 9309: whose rules, which one wins, what a pattern fits."""

import pytest

from etl.robots import read_robots

AGENT = "LangBiangLinkCheck"


def allows(text, url, agent=AGENT):
    return read_robots(text, agent).allows(f"https://shop.example{url}")


@pytest.mark.parametrize(
    ("rules", "url", "expected"),
    [
        ("Disallow: /", "/p/1", False),
        ("Disallow:", "/p/1", True),
        ("Disallow: /\nAllow: /p/", "/p/1", True),
        ("Allow: /p\nDisallow: /p", "/p/1", True),  # a tie allows
        ("Disallow: /*?sort=", "/ocop?sort=gia", False),
        ("Disallow: /*?sort=", "/ocop?page=2", True),
        ("Disallow: /*.html$", "/p/1.html", False),
        ("Disallow: /*.html$", "/p/1.html?x=1", True),
        ("Disallow: /c%C3%A0", "/cà-phê", False),
        ("Disallow: /a%2Fb", "/a/b", False),
        ("Disallow: p/", "/p/1", False),
        ("Disallow: /p # only p", "/q", True),
        ("Disallow: /", "/robots.txt", True),
        ("Disallow: /" + "*a" * 40 + "*z", "/" + "a" * 4000, True),  # at once
        ("Disallow: /*a*b$", "/xaxb", False),
        ("Disallow: /*ab$", "/ab/b", True),
    ],
)
def test_the_longest_pattern_decides(rules, url, expected):
    assert allows(f"User-agent: *\n{rules}", url) is expected


def test_a_program_keeps_to_its_own_group_alone():
    text = (
        "User-agent: *\nDisallow: /\n\nUser-Agent: langbianglinkcheck\nUser-agent: other\n"
        "Disallow: /gio-hang\nCrawl-delay: 12\n\nSitemap: https://shop.example/s.xml\n"
        "User-agent: LangBiangLinkCheck\nDisallow: /tai-khoan"
    )
    assert allows(text, "/p/1")
    assert not allows(text, "/gio-hang/1")
    assert not allows(text, "/tai-khoan"), "its groups are read together (2.2.1)"
    assert not allows(text, "/p/1", "somebody")
    assert read_robots(text, AGENT).delay_s == 12


def test_what_is_no_robots_file_forbids_nothing():
    assert allows("<html><body>404</body></html>", "/p/1")
    assert allows("﻿", "/p/1")
    assert not allows("\ufeffUser-agent: *\nDisallow: /p", "/p/1")
