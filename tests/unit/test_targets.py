from datetime import UTC, date, datetime

import pytest

from etl.consistency import DisagreementCounter
from etl.targets import (
    ADMINISTRATIVE_UNITS,
    FACILITIES,
    PARCELS,
    TRACKS,
    Field,
    fold_name,
    get_target,
    guess_level,
    guess_mapping,
)
from etl.values import BadValueError, read_value
from gis.errors import InvalidInputError


@pytest.mark.parametrize(
    ("kind", "cell", "value", "note"),
    [
        ("text", " D\u2019Ran  x ", "D'Ran x", None),
        ("text", 24848.0, "24848", None),
        ("text", ["a", "b"], "a; b", None),
        ("number", "1,5", 1.5, None),
        ("hectares_of_km2", 128.5, 12_850.0, None),
        ("integer", 151_772.45, 151_772, "value of f was rounded to a whole number"),
        ("date", "01/07/2025", date(2025, 7, 1), None),
        ("date", 20250701, date(2025, 7, 1), None),
        ("date", "2025-07-01T00:00:00", date(2025, 7, 1), None),
        ("instant", "2024-10-04T16:56:21Z", datetime(2024, 10, 4, 16, 56, 21, tzinfo=UTC), None),
        ("instant", "2013-08-08T15:20:40", datetime(2013, 8, 8, 15, 20, 40, tzinfo=UTC), None),
        ("number", "  ", None, None),
    ],
)
def test_cells_become_values(kind, cell, value, note):
    assert read_value(Field("f", kind), cell) == (value, note)


@pytest.mark.parametrize(
    ("kind", "cell"),
    [("number", "1.234,5"), ("number", "nan"), ("integer", "1e12"), ("date", "31/02/2025")],
)
def test_cells_that_cannot_be_read_are_named(kind, cell):
    with pytest.raises(BadValueError, match=f"f: .*{cell}"):
        read_value(Field("f", kind), cell)


def test_choices_are_checked_and_levels_translated():
    level = ADMINISTRATIVE_UNITS.field("level")
    assert read_value(level, "Xã")[0] == "commune"
    assert read_value(FACILITIES.field("kind"), "Greenhouse")[0] == "greenhouse"
    with pytest.raises(BadValueError, match="none of"):
        read_value(FACILITIES.field("kind"), "castle")


def test_fields_are_guessed_by_names_that_can_only_mean_one_thing():
    fields = ["province_id", "commune_id", "commune", "commune_vn", "areaKm2", "Dân số"]
    mapping, guessed = guess_mapping(fields, ADMINISTRATIVE_UNITS, {})
    assert mapping == {
        "code": "commune_id",
        "name": "commune_vn",
        "declared_area_km2": "areaKm2",
        "population": "Dân số",
    }
    assert guessed == mapping
    said, guessed = guess_mapping(fields, ADMINISTRATIVE_UNITS, {"name": "commune_id"})
    assert said["code"] == "province_id"  # one field, one meaning
    assert "name" not in guessed
    assert guess_mapping(["gid", "area"], PARCELS, {})[0] == {}
    assert guess_mapping(["Name", "begin"], TRACKS, {})[0] == {
        "name": "Name",
        "recorded_at": "begin",
    }


def test_a_level_comes_from_the_field_or_the_official_length():
    assert guess_level("60701", "district_id") == "district"
    assert guess_level("6070101", "ma_xa") == "commune"
    assert [guess_level(code, "code") for code in ("68", "675", "24848", "X-1")] == [
        "province",
        "district",
        "commune",
        "commune",
    ]


def test_names_fold_and_layers_are_named():
    assert fold_name("Mã_Thửa Đất") == "ma_thua_dat"
    with pytest.raises(InvalidInputError, match="parcels"):
        get_target("roads")


def test_columns_that_say_the_same_thing_twice_are_compared():
    counter = DisagreementCounter(["province", "province_vn", "name", "name_en"])
    counter.add(
        {
            "province": ["Lam Dong", "Lam Dong", None],
            "province_vn": ["Tỉnh Lâm Đồng", "Kon Tum", "Kon Tum"],
            "name": ["Hồ", "Hồ", "Hồ"],
            "name_en": ["Lake", "Lake", "Lake"],
        }
    )
    assert counter.sentences() == [
        "province_vn contradicts province in 1 rows, for example 'Kon Tum' beside 'Lam Dong'."
    ]
