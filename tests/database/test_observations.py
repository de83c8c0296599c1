"""Tables of measurements become tidy observations, once."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text

from etl.descriptions import Description
from etl.models import Dataset, Observation, Reject, Run, Variable
from etl.observations import load_observations
from gis.errors import InvalidInputError

TABLE = """Date,Tout ,Rain
2/1/2022 0:00,5.10,0.0
2/1/2022 0:04,4.90,
2/13/2022 0:09,4.80,0.2
"""


@pytest.fixture
def table(tmp_path):
    def write(content, name="weather.csv"):
        path = tmp_path / name
        path.write_text(content, "utf-8")
        return path

    return write


def values(session, dataset):
    """What is recorded, as (variable, UTC time, value)."""
    query = (
        select(Variable.code, Observation.observed_at, Observation.value)
        .join(Variable, Variable.id == Observation.variable_id)
        .join(Dataset, Dataset.id == Observation.dataset_id)
        .where(Dataset.code == dataset)
        .order_by(Variable.id, Observation.observed_at)
    )
    return [
        (code, f"{at.astimezone(UTC):%m-%d %H:%M}", value)
        for code, at, value in session.execute(query)
    ]


def test_a_table_is_loaded_once(session, table):
    report = load_observations(session, "station", table(TABLE)).to_json()
    assert (report["read"], report["accepted"], report["rejected"]) == (3, 3, 0)
    assert (report["inserted"], report["unchanged"]) == (3, 0)
    assert (report["values"], report["missing"]) == (6, 1)
    assert report["variables"]["Tout"]["mean"] == pytest.approx((5.1 + 4.9 + 4.8) / 3)
    assert report["first"] == "2022-02-01T00:00:00+07:00"
    assert values(session, "station") == [
        ("Tout", "01-31 17:00", 5.1),
        ("Tout", "01-31 17:04", 4.9),
        ("Tout", "02-12 17:09", 4.8),
        ("Rain", "01-31 17:00", 0.0),
        ("Rain", "01-31 17:04", None),  # a missing value is a row
        ("Rain", "02-12 17:09", 0.2),
    ]
    again = load_observations(session, "station", table(TABLE)).to_json()
    assert (again["inserted"], again["updated"], again["unchanged"]) == (0, 0, 3)
    changed = load_observations(session, "station", table(TABLE.replace("4.90", "4.95"))).to_json()
    assert (changed["inserted"], changed["updated"], changed["unchanged"]) == (0, 1, 2)
    assert "replace values" in changed["warnings"][-1]
    assert values(session, "station")[1] == ("Tout", "01-31 17:04", 4.95)


def test_each_month_has_its_partition(session, table):
    load_observations(session, "station", table(TABLE))
    found = session.execute(
        text("SELECT DISTINCT tableoid::regclass::text FROM etl.observation ORDER BY 1")
    ).scalars()
    assert list(found) == ["etl.observation_2022_01", "etl.observation_2022_02"]


def test_bad_rows_are_named_and_the_others_loaded(session, table):
    rows = (
        "2022-02-01T00:00,1\nsoon,2\n2022-02-01T00:05,wet\n2022-02-01T00:00,3\n2022-02-01T01:00,4"
    )
    good = "\n".join(f"2022-02-02T{hour:02}:00,1" for hour in range(24))
    report = load_observations(session, "station", table(f"time,x\n{rows}\n{good}\n")).to_json()
    assert (report["read"], report["accepted"], report["rejected"]) == (29, 26, 3)
    assert [(one["row"], one["reason"]) for one in report["rejects"]] == [
        (2, "bad-time"),
        (3, "bad-value"),
        (4, "duplicate"),
    ]
    assert "row 1" in report["rejects"][2]["detail"]
    run = session.execute(select(Run).where(Run.subject == "station")).scalar_one()
    kept = session.execute(select(func.count()).where(Reject.run_id == run.id)).scalar_one()
    assert (run.state, kept) == ("done", 3)


def test_a_description_overrides_the_guess(session, table):
    about = Description.model_validate(
        {
            "dataset": {"title": "Trạm A", "owner": "Trường", "licence": "CC-BY-4.0"},
            "time": {"column": "when", "format": "%d.%m.%Y %H:%M", "zone": "UTC"},
            "subject": {"value": "A"},
            "values": {"missing": ["-1"], "ignore": ["battery"]},
            "variables": {
                "t": {"code": "air", "name": "Nhiệt độ", "unit": "Cel", "quality": "t_flag"}
            },
        }
    )
    path = table(
        "when,t,t_flag,battery\n01.02.2022 06:00,21.5,good,12\n01.02.2022 07:00,-1,bad,12\n"
    )
    report = load_observations(session, "described", path, about=about).to_json()
    assert list(report["variables"]) == ["air"]
    assert report["missing"] == 1
    dataset = session.execute(select(Dataset).where(Dataset.code == "described")).scalar_one()
    assert (dataset.title, dataset.licence) == ("Trạm A", "CC-BY-4.0")
    rows = (
        session.execute(
            select(Observation)
            .where(Observation.dataset_id == dataset.id)
            .order_by(Observation.observed_at)
        )
        .scalars()
        .all()
    )
    assert [(row.subject, row.observed_at, row.value, row.quality) for row in rows] == [
        ("A", datetime(2022, 2, 1, 6, tzinfo=UTC), 21.5, "good"),
        ("A", datetime(2022, 2, 1, 7, tzinfo=UTC), None, "bad"),
    ]
    variable = session.execute(
        select(Variable).where(Variable.dataset_id == dataset.id)
    ).scalar_one()
    assert (variable.name, variable.unit) == ("Nhiệt độ", "Cel")


def test_a_table_without_time_changes_nothing(session, table):
    with pytest.raises(InvalidInputError, match="--describe"):
        load_observations(session, "nothing", table("plot,yield\n1,2.5\n"))
    count = select(func.count()).select_from(Dataset).where(Dataset.code == "nothing")
    assert session.execute(count).scalar_one() == 0


@pytest.mark.long
def test_the_command(run_command, table, tmp_path):
    report = tmp_path / "report.json"
    done = run_command("etl", "observations", "station", table(TABLE), "--report", report)
    assert done.returncode == 0, done.stderr
    assert "accepted 3" in done.stdout
    assert '"missing": 1' in report.read_text()
    failed = run_command("etl", "observations", "station", tmp_path / "no.csv")
    assert failed.returncode == 1
    assert len(failed.stderr.strip().splitlines()) == 1
