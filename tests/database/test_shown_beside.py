"""What an answer shows of a holder, a crop or a commune has its part in every version."""

import pytest
from sqlalchemy import update

from gis.features import get_feature, layer_states
from gis.layer import View
from gis.layers import FACILITIES, GROWING_AREAS
from gis.models import AdministrativeUnit, Consent, Crop, Party
from tests.map_factories import LAT, LON, add_area, add_facility, add_unit, square

CHANGES = {
    "crop": update(Crop).where(Crop.code == "ca-phe").values(name="Cà phê chè"),
    "holder": update(Party).values(name="HTX Mới"),
    "kind": update(Party).values(kind="enterprise"),
    "commune": update(AdministrativeUnit).values(name="Lạc Dương mới"),
    "nothing": update(Party).values(address="Thôn 1"),
}


@pytest.mark.parametrize("changed", CHANGES)
def test_what_is_shown_beside_a_feature_makes_a_new_answer(clone_sessions, changed):
    with clone_sessions.begin() as session:
        commune = add_unit(session, "24848", "Lạc Dương", square(LON, LAT, 0.1))
        area = add_area(session, "A", "cooperative", commune_id=commune.id)
        add_facility(session, "Kho", "cooperative")
    before = read(clone_sessions, area.id)
    with clone_sessions.begin() as session:
        session.execute(CHANGES[changed])
    after = read(clone_sessions, area.id)
    assert (after != before) == (changed != "nothing")
    assert (after[0] != before[0]) == (changed != "nothing"), "the tag of the feature"
    if changed in ("holder", "kind"):
        assert after[2] == before[2] + 1, "a layer that shows holders"


def test_a_consent_names_a_household(clone_sessions):
    with clone_sessions.begin() as session:
        area = add_area(session, "A", "household")
    before = read(clone_sessions, area.id)
    with clone_sessions.begin() as session:
        consent = Consent(
            party_id=area.party_id, purpose="publish", fields=["name"], text_version="1", method="x"
        )
        session.add(consent)
    between = read(clone_sessions, area.id)
    with clone_sessions.begin() as session:
        session.delete(consent)
    after = read(clone_sessions, area.id)
    assert before[0] == after[0] != between[0]
    assert before[1] < between[1] < after[1]


def read(sessions, fid: int) -> tuple[str, int, int]:
    """The tag of the area, the version of its layer, and that of the facilities."""
    with sessions() as session:
        tag = get_feature(session, GROWING_AREAS, View.PUBLIC, fid)[1]
        states = layer_states(session, ["growing-areas", "facilities"])
        return tag, states[GROWING_AREAS.id].version, states[FACILITIES.id].version
