"""How files write time, and what is guessed of it."""

from datetime import UTC, datetime

import pytest

from etl.instants import TimeRule, guess_kind, parse_instant, show_instant
from gis.errors import InvalidInputError


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["2/1/2022 0:00", "2/13/2022 0:05"], "mdy"),
        (["1/2/2022 0:00", "13/2/2022 0:05"], "dmy"),
        (["1/2/2022", "3/4/2022"], "dmy"),  # nothing tells: the Vietnamese order
        (["2026-11-22T07:00", "2026-11-22T08:00"], "ymd"),
        ([20090101, 20121231], "yyyymmdd"),
        ([43815.0, 43815.0034722], "excel"),
        (["43815.5"], "excel"),
        ([1999, 2001], "year"),
        ([1.5, 2.25], None),
        (["north", "south"], None),
        ([], None),
    ],
)
def test_the_way_a_column_writes_time_is_guessed_from_all_its_cells(cells, kind):
    assert guess_kind(cells) == kind


@pytest.mark.parametrize(
    ("kind", "zone", "cell", "utc"),
    [
        ("mdy", None, "2/1/2022 0:00", "2022-01-31T17:00"),  # a clock without a zone is local
        ("mdy", "UTC", "2/1/2022 0:04", "2022-02-01T00:04"),
        ("mdy", None, "1/2/2009", "2009-01-02T00:00"),  # a day has no zone
        ("dmy", "Asia/Ho_Chi_Minh", "22/11/2026", "2026-11-21T17:00"),
        ("dmy", None, "22/11/26 1:05 PM", "2026-11-22T06:05"),
        ("ymd", None, "2026-11-22T07:00:30+09:00", "2026-11-21T22:00:30"),
        ("ymd", "UTC", "2026-11-22 24:00", "2026-11-23T00:00"),
        ("excel", "UTC", 43815.0034722222, "2019-12-16T00:05"),
        ("excel", None, 43815, "2019-12-16T00:00"),
        ("yyyymmdd", None, 20090101, "2009-01-01T00:00"),
        ("unix", None, 1_700_000_000, "2023-11-14T22:13:20"),
        ("%d.%m.%Y %Hh", "UTC", "22.11.2026 07h", "2026-11-22T07:00"),
    ],
)
def test_an_instant_is_read_in_its_zone(kind, zone, cell, utc):
    assert TimeRule(kind, zone).read([cell]) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("mdy", "13/13/2022"),
        ("mdy", "soon"),
        ("yyyymmdd", 20090230),
        ("excel", 7),
        ("dmy", "29/2/2023"),
    ],
)
def test_what_is_no_time_is_refused(kind, cell):
    with pytest.raises(ValueError):  # noqa: PT011  the row's own sentence is made by the loader
        TimeRule(kind).read([cell])


def test_a_clock_time_that_never_was_is_refused():
    with pytest.raises(ValueError, match="put forward"):
        TimeRule("ymd", "Europe/Amsterdam").read(["2022-03-27 02:30"])


def test_unknown_zones_and_kinds_are_named():
    with pytest.raises(InvalidInputError, match="Mars/Base"):
        TimeRule("ymd", "Mars/Base")
    with pytest.raises(InvalidInputError, match="fortnight"):
        TimeRule("fortnight")
    with pytest.raises(InvalidInputError, match="yesterday"):
        parse_instant("yesterday")


def test_instants_are_shown_in_the_local_zone_and_days_as_days():
    assert show_instant(datetime(2022, 1, 31, 17, tzinfo=UTC)) == "2022-02-01T00:00:00+07:00"
    assert show_instant(datetime(2009, 1, 1, tzinfo=UTC)) == "2009-01-01T00:00:00+00:00"
