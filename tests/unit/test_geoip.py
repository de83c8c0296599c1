import logging
import struct

import pytest

from gis.errors import InvalidInputError
from traceability.scanning import geoip
from traceability.scanning.geoip import open_places


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


HERE = {"latitude": 11.9, "longitude": 108.4}


def written(value) -> bytes:
    """A value as MaxMind's format writes it (version 2.0, data section)."""
    if isinstance(value, dict):
        parts = (written(name) + written(one) for name, one in value.items())
        return bytes([0xE0 | len(value)]) + b"".join(parts)
    if isinstance(value, str):
        return bytes([0x40 | len(value)]) + value.encode()
    if isinstance(value, float):
        return b"\x68" + struct.pack(">d", value)
    if isinstance(value, list):
        return bytes([len(value), 0x04]) + b"".join(map(written, value))
    kind, number = value
    head = {"u16": b"\xa2", "u32": b"\xc4", "u64": b"\x08\x02"}[kind]
    return head + struct.pack({"u16": ">H", "u32": ">I", "u64": ">Q"}[kind], number)


def database(record: dict) -> bytes:
    """A file whose one node knows the lower half of all IPv4 addresses."""
    about = {
        "node_count": ("u32", 1),
        "record_size": ("u16", 24),
        "ip_version": ("u16", 4),
        "database_type": "Test-City",
        "languages": ["vi"],
        "binary_format_major_version": ("u16", 2),
        "binary_format_minor_version": ("u16", 0),
        "build_epoch": ("u64", 1),
        "description": {"vi": "th"},
    }
    tree = (1 + 16).to_bytes(3, "big") + (1).to_bytes(3, "big")
    end = b"\xab\xcd\xefMaxMind.com" + written(about)
    return tree + bytes(16) + written(record) + end


@pytest.mark.parametrize(
    ("record", "place"),
    [
        ({"location": {"latitude": 11.9876, "longitude": 108.4321}}, (108.43, 11.99)),
        ({"location": {**HERE, "accuracy_radius": ("u16", 20)}}, (108.4, 11.9)),
        ({"location": {**HERE, "accuracy_radius": ("u16", 500)}}, None),
        ({"location": {"latitude": 16.0}}, None),
        ({"country": {"iso_code": "VN"}}, None),
    ],
)
def test_a_maxmind_file_gives_a_rounded_place_where_it_knows_one(tmp_path, record, place):
    file = tmp_path / "city.mmdb"
    file.write_bytes(database(record))
    place_of = open_places(file)
    assert place_of("27.64.0.1") == place
    for unknown in ("203.0.113.7", "2001:db8::1", "nonsense", "", None):
        assert place_of(unknown) is None


def test_a_file_is_replaced_while_the_site_runs(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(geoip, "CHECK_S", 0.0)
    file = tmp_path / "city.mmdb"
    file.write_bytes(database({"location": HERE}))
    place_of = open_places(file)
    assert place_of("27.64.0.1") == (108.4, 11.9)
    # Laid over the old one by `cp`, which empties it first: a mapped file would end the process.
    with file.open("r+b") as over, caplog.at_level(logging.WARNING):
        over.truncate(0)
        assert place_of("27.64.0.1") is None
        over.write(database({"location": {**HERE, "latitude": 21.0}}))
    assert place_of("27.64.0.1") == (108.4, 21.0)
    assert "no MaxMind file" in caplog.text
    # Put in its place whole, as `mv` does; then broken; then gone.
    (tmp_path / "new").write_bytes(database({"location": {**HERE, "latitude": 16.5}}))
    (tmp_path / "new").replace(file)
    assert place_of("27.64.0.1") == (108.4, 16.5)
    (tmp_path / "new").write_bytes(b"an error page")
    (tmp_path / "new").replace(file)
    assert place_of("27.64.0.1") == (108.4, 16.5)
    file.unlink()
    assert place_of("27.64.0.1") == (108.4, 16.5)
