"""Settings: a misspelt name is refused with the right one, values are checked."""

import pytest

from gis.database import connect
from gis.errors import InvalidInputError, UnavailableError
from gis.settings import load_settings


def test_a_misspelt_setting_is_refused_with_the_likely_one():
    with pytest.raises(InvalidInputError, match="LANGBIANG_PUBLIC_URL"):
        load_settings({"LANGBIANG_PUBLIC_ULR": "https://x.example"})


def test_values_are_read_and_trimmed():
    settings = load_settings(
        {
            "DATABASE_URL": "postgresql:///x",
            "LANGBIANG_PUBLIC_URL": "https://x.example/",
            "LANGBIANG_LINK_HOSTS": "A.example, b.example",
            "LANGBIANG_FILES": "/srv/files",
            "PATH": "/bin",
        }
    )
    assert settings.database_url == "postgresql:///x"
    assert settings.public_url == "https://x.example"
    assert settings.link_hosts == ("a.example", "b.example")
    assert str(settings.files_folder) == "/srv/files"


@pytest.mark.parametrize(
    ("name", "value"), [("LANGBIANG_PUBLIC_URL", "ftp://x"), ("LANGBIANG_FORWARDED_HOPS", "-1")]
)
def test_a_value_that_does_not_fit_names_its_setting(name, value):
    with pytest.raises(InvalidInputError, match=name):
        load_settings({name: value})


def test_an_empty_value_is_no_value():
    assert load_settings({"LANGBIANG_PUBLIC_URL": "", "DATABASE_URL": ""}).database_url is None


def test_an_address_that_is_none_is_refused_without_showing_its_password():
    with pytest.raises(UnavailableError, match="no address of PostgreSQL") as refused:
        connect("postgresql://u:S3cret@127.0.0.1:notaport/x")
    assert "S3cret" not in str(refused.value)
