import pytest

from gis.errors import InvalidInputError
from traceability.geoip import open_places


def test_the_narrowest_network_of_an_operators_table_counts(tmp_path):
    file = tmp_path / "places.csv"
    file.write_text(
        "network,commune_code\n203.0.0.0/8,24846\n203.0.113.0/24,24848\n203.0.113.7/32,24853\n"
        "2001:db8::/32,17662\n",
        "utf-8",
    )
    place_of = open_places(file)
    asked = ["203.0.113.7", "203.0.113.8", "203.1.2.3", "::ffff:203.0.113.8", "2001:db8::1"]
    assert [place_of(one) for one in asked] == ["24853", "24848", "24846", "24848", "17662"]
    assert [place_of(one) for one in ("198.51.100.1", "", None, "unix:", "2001:db9::")] == [
        None
    ] * 5


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"network,commune_code\n203.0.113.1/24,24848\n", "line 2"),
        ("b.csv", b"network,commune_code\n203.0.113.0/24,\n", "no commune_code"),
        ("c.csv", b"\xff\xfe\x00", "cannot be read"),
        ("d.mmdb", b"not a database", "no MaxMind file"),
        ("none.mmdb", None, "no MaxMind file"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_sentence(tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidInputError, match=words) as refused:
        open_places(tmp_path / name)
    assert "LANGBIANG_GEOIP" in refused.value.detail


def test_without_a_file_no_place_is_known():
    assert open_places(None)("203.0.113.7") is None
