"""Names of a backup's parts: none may lead out of the folder it is unpacked into."""

import pytest

from gis.backups import manifest
from gis.errors import InvalidInputError

STRANGE = (
    *("files//etc/cron.d/x", "keys//root/.ssh/x", "/etc/x", "files/../x", "files/./x", "x", ""),
    *("files/", "files", "files/a/", "files/a//b", "files/a\0b", "database.dump/x"),
)


@pytest.mark.parametrize("name", STRANGE)
def test_a_part_that_could_leave_its_folder_is_refused(name):
    with pytest.raises(InvalidInputError, match="strange name"):
        manifest.check_name(name)


@pytest.mark.parametrize(
    "name", ["database.dump", "files/a b/ă.tif", "keys/secret-key", "files/.x"]
)
def test_parts_that_back_up_writes_are_taken(name):
    manifest.check_name(name)
