"""Which column is what, in tables small enough to read."""

import pytest

from etl.descriptions import Description, read_description
from etl.layouts import find_layout
from gis.errors import InvalidInputError


def layout_of(columns, **about):
    return find_layout(columns, dataset="trial", about=Description.model_validate(about))


def test_a_logger_table():
    layout = layout_of(
        {
            "%time": [43815.0, 43815.25],
            "Tair": ["12.9", "13.0"],
            "note": ["ok", "ok"],
            "CO2": [-9999, 410],
        }
    )
    assert layout.time is not None
    assert layout.time[0] == ("%time",)
    assert layout.time[1].kind == "excel"
    assert layout.subject == "trial"
    assert [rule.code for rule in layout.variables] == ["Tair", "CO2"]
    assert layout.left_out == {"note": "text, not numbers"}
    assert layout.read_value(layout.variables[1], -9999) is None
    assert layout.read_value(layout.variables[1], 410) == 410.0


def test_a_cold_place_keeps_its_low_values():
    layout = layout_of({"date": ["2026-01-01", "2026-01-02"], "depth": [-9999, -9998]})
    assert layout.read_value(layout.variables[0], -9999) == -9999.0


def test_a_column_per_year():
    layout = layout_of({"plot": [1, 2], "yield_2021": [10, 20], "yield_2022": [11, None]})
    assert layout.subjects == ("plot",)
    assert [(rule.code, rule.observed_at.year) for rule in layout.variables] == [
        ("yield", 2021),
        ("yield", 2022),
    ]


def test_numbered_years_are_kept_and_said():
    layout = layout_of({"plot": [1], "Y1": [10], "Y2": [11]})
    assert [rule.observed_at.year for rule in layout.variables] == [1, 2]
    assert "not calendar years" in layout.notes[0]
    told = layout_of(
        {"plot": [1], "Y1": [10], "Y2": [11]},
        wide={"variable": "yield", "columns": {"Y1": 1956, "Y2": 1957}},
    )
    assert [(rule.code, rule.observed_at.year) for rule in told.variables] == [
        ("yield", 1956),
        ("yield", 1957),
    ]


def test_year_and_month_in_two_columns():
    layout = layout_of({"site": ["Morris"], "year": [1927], "mo": [2], "precip": [0.5]})
    assert layout.time is not None
    assert layout.time[0] == ("year", "mo")
    assert layout.time[1].read([1927, 2]).isoformat() == "1927-02-01T00:00:00+00:00"


def test_decimal_commas():
    layout = layout_of({"ngay": ["22/11/2026"], "nhiet_do": ["1.021,5"], "mua": ["0,5"]})
    assert layout.read_value(layout.variables[0], "1.021,5") == 1021.5


@pytest.mark.parametrize("token", ["", "NA", "n/a", "-", "NaN", " "])
def test_missing_values(token):
    layout = layout_of({"date": ["2026-01-01", "2026-01-02"], "x": ["1", token]})
    assert layout.read_value(layout.variables[0], token) is None


def test_a_value_that_is_no_number_names_its_column():
    layout = layout_of({"date": ["2026-01-01"] * 3, "x": ["1", "2", "wet"]})
    with pytest.raises(ValueError, match="x: 'wet' is not a number"):
        layout.read_value(layout.variables[0], "wet")


def test_a_table_without_time_or_a_grid_without_header_says_what_to_do():
    for columns in ({"plot": [1], "yield": [2.5]}, {"30.3": [27.3], "29.8": [36.5]}):
        with pytest.raises(InvalidInputError, match="--describe"):
            layout_of(columns)
    told = layout_of({"plot": [1], "yield": [2.5]}, time={"value": "2022-03-21"})
    assert told.observed_at is not None


def test_a_description_is_checked(tmp_path):
    file = tmp_path / "about.toml"
    file.write_text('[time]\ncolum = "when"\n', "utf-8")
    with pytest.raises(InvalidInputError, match=r"time\.colum"):
        read_description(file)
    file.write_text("[time\n", "utf-8")
    with pytest.raises(InvalidInputError, match="not TOML"):
        read_description(file)
    same = {"t1": {"code": "t"}, "t2": {"code": "t"}}
    with pytest.raises(InvalidInputError, match="Two columns"):
        layout_of({"date": ["2026-01-01"], "t1": [1], "t2": [2]}, variables=same)
    with pytest.raises(InvalidInputError, match="there: wen"):
        layout_of({"when": ["2026-01-01"], "x": [1]}, time={"column": "wen"})
