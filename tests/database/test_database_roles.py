"""An officer's role of the database, as QGIS uses it: what it sees, where it writes, as whom."""

import re
import secrets
from datetime import date

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import ExclusionViolation, InsufficientPrivilege
from sqlalchemy import text

from gis.backups.making import back_up
from gis.backups.restoring import restore
from gis.errors import ConflictError, ForbiddenError
from gis.models import Application, Parcel, Party, PartyPrivate
from gis.server.roles import drop_login, make_login
from gis.settings import Settings
from tests.conftest import ROOT
from tests.databases import name_of
from tests.map_factories import LAT, LON, add_unit, square
from web import create_app
from web.accounts import add_account, make_database_login
from web.commands import group

SIDE = 0.001


@pytest.fixture
def login(clone, clone_sessions):
    """Two communes side by side, and how to connect as officers of the first, of the province."""
    with clone_sessions.begin() as session:
        add_unit(session, "24848", "Lạc Dương", square(LON, LAT, 0.1))
        add_unit(session, "24853", "Đam Rông", square(LON + 0.1, LAT, 0.1))
    opened = []

    def connect(commune: str | None = "24848", account: str | None = None):
        account = account or f"lan-{secrets.token_hex(2)}"
        with clone_sessions.begin() as session:
            made = make_login(session, account, commune)
        opened.append(
            psycopg.connect(clone, user=made.role, password=made.password, autocommit=True)
        )
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()
    with psycopg.connect(clone, autocommit=True) as connection:
        connection.execute("DROP OWNED BY " + group_name(clone))
        roles = connection.execute(
            "SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s)", (f"{name_of(clone)}_",)
        ).fetchall()
        for role in roles:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(*role)))


def group_name(clone):
    return sql.Identifier(f"{name_of(clone)}_officers").as_string(None)


def at(column: float, row: float = 0.0, side: float = SIDE) -> str:
    """A square counted in sides from the corner of the first commune."""
    return square(LON + column * SIDE, LAT + row * SIDE, side)


def draw(connection, boundary) -> int:
    row = connection.execute(
        "INSERT INTO gis.parcel (code, boundary) VALUES (%s, %s) RETURNING id",
        (secrets.token_hex(4), boundary),
    ).fetchone()
    return row[0]


def test_an_edit_carries_the_account_whatever_the_session_claims(login, clone):
    officer = login(account="lan")
    feature = draw(officer, at(1))
    officer.execute("SET langbiang.actor = 'admin'")
    officer.execute("SET langbiang.reason = 'surveyed again'")
    officer.execute("UPDATE gis.parcel SET name = 'Ruộng' WHERE id = %s", (feature,))
    with psycopg.connect(clone) as owner:
        kept = owner.execute(
            "SELECT actor, action, reason, after ->> 'version' FROM gis.revision"
            " WHERE layer = 'parcels' ORDER BY id"
        ).fetchall()
        assert kept == [("lan", "insert", None, "1"), ("lan", "update", "surveyed again", "2")]
        assert owner.execute(
            "SELECT u.code FROM gis.parcel p JOIN gis.administrative_unit u ON u.id = p.commune_id"
        ).fetchone() == ("24848",), "filled in"
        # The application says who acts.
        owner.execute("SET langbiang.actor = 'minh'")
        owner.execute("UPDATE gis.parcel SET name = NULL")
        last = owner.execute("SELECT actor FROM gis.revision ORDER BY id DESC").fetchone()
        assert last == ("minh",)


def test_the_database_holds_an_officer_to_what_it_holds_the_site_to(login):
    officer = login()
    draw(officer, at(1))
    officer.execute("SELECT set_config('langbiang.overlaps', 'report', false)")
    with pytest.raises(ExclusionViolation):
        draw(officer, at(1.5))


def test_an_officer_writes_in_the_own_commune_only(login):
    here, there, everywhere = login(), login("24853"), login(None)
    own, foreign = draw(here, at(1)), draw(there, at(150))
    move = "UPDATE gis.parcel SET boundary = %s WHERE id = %s"
    assert here.execute(move, (at(2), own)).rowcount == 1
    for statement, parameters in (
        (move, (at(151), own)),  # mostly in the other commune
        ("INSERT INTO gis.parcel (boundary) VALUES (%s)", (at(152),)),
        (
            "UPDATE gis.parcel SET commune_id = (SELECT commune_id FROM gis.parcel WHERE id = %s)"
            " WHERE id = %s",
            (foreign, own),
        ),
    ):
        with pytest.raises(InsufficientPrivilege):
            here.execute(statement, parameters)
    assert here.execute(move, (at(160), foreign)).rowcount == 0
    assert here.execute("DELETE FROM gis.parcel").rowcount == 1
    assert everywhere.execute(move, (at(3), foreign)).rowcount == 1
    assert everywhere.execute("DELETE FROM gis.parcel").rowcount == 1
    facility = (
        "INSERT INTO gis.facility (name, location) VALUES ('Kho', ST_SetSRID(ST_MakePoint(%s, %s),"
        " 4326)) RETURNING (SELECT code FROM gis.administrative_unit AS u WHERE u.id = commune_id)"
    )
    place = (LON + 0.15, LAT + 0.05)
    assert everywhere.execute(facility, place).fetchone() == ("24853",)
    with pytest.raises(InsufficientPrivilege):
        here.execute(facility, place)
    # A new feature as QGIS writes it: every column with the default that it read.
    here.execute(
        "INSERT INTO gis.high_tech_zone (id, name, version, is_demo, attributes, created_at,"
        " updated_at, boundary) VALUES (nextval('gis.high_tech_zone_id_seq'), 'Khu', 1, false,"
        " '{}', now(), now(), %s)",
        (at(5, side=5 * SIDE),),
    )
    point = f"SRID=4326;POINT({place[0]} {place[1]})"
    area = "INSERT INTO gis.growing_area (name, declared_area_ha, location) VALUES ('V', 1, %s)"
    everywhere.execute(area, (point,))
    communes = everywhere.execute(
        "SELECT u.code FROM gis.growing_area JOIN gis.administrative_unit AS u ON u.id = commune_id"
    ).fetchall()
    assert communes == [("24853",)]
    # Units are the province's.
    rename = "UPDATE gis.administrative_unit SET population = 1"
    assert here.execute(rename).rowcount == 0
    assert everywhere.execute(rename).rowcount == 2


REFUSED = (
    "SELECT * FROM gis.party_private",
    "SELECT * FROM gis.application_private",
    "SELECT * FROM gis.party",
    "SELECT * FROM gis.revision",
    "SELECT * FROM web.account",
    "SELECT * FROM etl.run",
    "SELECT * FROM traceability.product",
    "INSERT INTO gis.crop (code, name, name_en, is_perennial, colour)"
    " VALUES ('x', 'x', 'x', true, '#000000')",
    "INSERT INTO gis.database_role (role, account) VALUES (session_user, 'admin')",
    "INSERT INTO gis.revision (layer) VALUES ('x')",
    "UPDATE gis.parcel SET version = 9",
    "UPDATE gis.parcel SET is_demo = true",
    "INSERT INTO gis.parcel (id, boundary) VALUES (4000000000, %(shape)s)",
    "INSERT INTO gis.parcel (version, boundary) VALUES (7, %(shape)s)",
    "TRUNCATE gis.parcel",
    "ALTER TABLE gis.parcel DISABLE TRIGGER ALL",
    "SELECT gis.renew_history()",
    "CREATE TABLE gis.mine (id int)",
    "CREATE TABLE public.mine (id int)",
    "SELECT setval('gis.parcel_id_seq', 1)",
)


def test_what_is_no_officer_s_is_refused(login):
    officer = login()
    for statement in REFUSED:
        parameters = {"shape": at(1)} if "%(shape)s" in statement else None
        with pytest.raises(InsufficientPrivilege):
            officer.execute(statement, parameters)


def test_what_an_officer_reads_is_what_the_map_shows(login, clone_sessions):
    with clone_sessions.begin() as session:
        party = Party(kind="household", name="Bà Ka")
        session.add_all([party, Party(kind="cooperative", name="HTX")])
        session.flush()
        session.add(PartyPrivate(party_id=party.id, phone="0900"))
    officer = login()
    names = officer.execute("SELECT kind, name FROM gis.party_name ORDER BY kind").fetchall()
    assert names == [("cooperative", "HTX"), ("household", None)]
    for table in ("growing_area", "parcel", "facility", "high_tech_zone", "crop", "track"):
        officer.execute(f"SELECT * FROM gis.{table} LIMIT 0")  # as QGIS opens a table
    assert officer.execute("SHOW statement_timeout").fetchone() == ("1min",)


def test_applications_of_other_communes_stay_unseen(login, clone_sessions):
    with clone_sessions.begin() as session:
        there = session.scalar(text("SELECT id FROM gis.administrative_unit WHERE code = '24853'"))
        session.execute(
            Application.__table__.insert().values(
                uuid="8f14e45f-ceea-467f-a9b7-2f8d3d1b6a10", receipt="R1", area_name="A",
                market="domestic", commune_id=there, declared_area_ha=1, due_on=date(2026, 12, 1),
                location=f"SRID=4326;POINT({LON + 0.15} {LAT})",
            )
        )  # fmt: skip
    count = "SELECT count(*) FROM gis.application"
    assert login().execute(count).fetchone() == (0,)
    assert login("24853").execute(count).fetchone() == (1,)
    assert login(None).execute(count).fetchone() == (1,)


def test_only_officers_get_one_and_no_other_role_is_taken_over(clone_sessions, login, clone):
    login(account="mai")
    with clone_sessions.begin() as session:
        add_account(session, "farmer", ["farmer"])
        with pytest.raises(ForbiddenError):
            make_database_login(session, "farmer")
    with clone_sessions.begin() as session, pytest.raises(ConflictError):
        make_login(session, "officers", None)  # the group's own name


def test_the_command_prints_the_password_last_and_takes_the_role_away_again(
    login, clone, clone_sessions, settings
):
    command = create_app(settings, clone_sessions).test_cli_runner()
    with clone_sessions.begin() as session:
        add_account(session, "hoa", ["officer"], commune_code="24848")
    passwords = []
    for _ in range(2):
        done = command.invoke(args=["accounts", "database", "hoa"])
        assert done.exit_code == 0, done.output
        *said, password = done.stdout.splitlines()
        passwords.append(password)
    role = f"{name_of(clone)}_hoa"
    assert f"user: {role}" in said
    with psycopg.connect(clone, user=role, password=passwords[1], autocommit=True) as officer:
        draw(officer, at(1))
        assert command.invoke(args=["accounts", "database", "hoa", "--remove"]).exit_code == 0
        with pytest.raises(psycopg.Error):
            draw(officer, at(3))
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(clone, user=role, password=passwords[1])
    login()  # so that there is a group to take away at the end


def test_a_backup_holds_no_roles_and_a_restored_database_knows_those_of_its_server(
    login, clone, clone_sessions, tmp_path
):
    login()
    with clone_sessions.begin() as session:
        mai, tam = (make_login(session, account, "24848") for account in ("mai", "tam"))
    house = Settings(DATABASE_URL=clone, home=tmp_path, public_url="https://first.example")
    back_up(house, tmp_path / "kept")
    with clone_sessions.begin() as session:
        assert drop_login(session, "tam")
    clone_sessions.kw["bind"].dispose()
    restore(house, tmp_path / "kept")
    with psycopg.connect(clone, user=mai.role, password=mai.password) as officer:
        draw(officer, at(1))
    with psycopg.connect(clone) as owner:
        known = owner.execute("SELECT role FROM gis.database_role").fetchall()
    assert (mai.role,) in known
    assert (tam.role,) not in known


def test_the_history_holds_every_column(session):
    """A column that a migration added is missing until it calls `gis.renew_history()` again."""
    session.add(Parcel(code="P", boundary=at(1)))
    session.flush()
    kept = session.scalar(text("SELECT after FROM gis.revision ORDER BY id DESC LIMIT 1"))
    assert {*kept, "boundary"} == set(Parcel.__table__.c.keys())
    shape = re.compile("geometry", re.IGNORECASE)
    for table in (
        "administrative_unit", "growing_area", "facility", "high_tech_zone", "track",
        "application", "growing_area_code",
    ):  # fmt: skip
        body = session.scalar(
            text("SELECT prosrc FROM pg_proc WHERE proname = :name"), {"name": f"record_{table}"}
        )
        columns = Parcel.metadata.tables[f"gis.{table}"].c
        for column in columns:
            assert shape.search(repr(column.type)) or f"n.{column.name}" in body, column


def test_every_command_of_accounts_is_in_the_readme():
    readme = (ROOT / "README.md").read_text("utf-8")
    for name, command in group.commands.items():
        assert f"accounts {name}" in readme, name
        assert command.help, name


def test_who_moves_or_leaves_writes_there_no_more(login, clone_sessions):
    with clone_sessions.begin() as session:
        add_account(session, "lan", ["officer"], commune_code="24848")
        session.add(Parcel(name="Thửa", boundary=square(LON, LAT, SIDE)))
    lan = login(account="lan")
    draw = f"INSERT INTO gis.parcel (boundary) VALUES ('{square(LON + 0.01, LAT, SIDE)}')"
    with clone_sessions.begin() as session:
        session.execute(text("UPDATE web.account SET commune_code = '24853'"))
    with pytest.raises(InsufficientPrivilege):
        lan.execute(draw)
    with clone_sessions.begin() as session:
        session.execute(text("UPDATE web.account SET commune_code = '24848'"))
    lan.execute(draw)
    with clone_sessions.begin() as session:
        session.execute(text("UPDATE web.account SET is_active = false"))
    with pytest.raises(InsufficientPrivilege):
        lan.execute("DELETE FROM gis.parcel; " + draw)
