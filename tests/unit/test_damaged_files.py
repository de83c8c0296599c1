"""Real files with bytes changed at random: read or refused in one line, never a crash."""

import random
import shutil

import pytest

from etl.readers import open_source
from etl.rows import Lookups, RowMaker
from etl.targets import PARCELS
from gis.errors import PlatformError

FILES = (
    "parcels/vn_ai4smallfarms_100.gpkg",
    "parcels/jp_fude_100.parquet",
    "parcels/us_ca_cropmap_z.gdb.zip",
    "parcels/be_wal_inspire.gml",
    "parcels/jecam_bf/BD_JECAM_CIRAD_2023_feb.shp",
    "admin/vn_wards_raw_invalid_8.geojson",
    "tracks/multitrack.kml",
    "tracks/osm.gpx",
    "legacy_encoding/2005-C6DFD_XK_01-05.tcvn3.xls",
    "trials/laycock.tea.xlsx",
    "ocop/admin_mapping_old_to_2025.csv",
)


@pytest.mark.long
@pytest.mark.real_data
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("file", FILES)
def test_a_damaged_file_is_read_or_refused(shared, tmp_path, file):
    chance = random.Random(file)  # the same damage in every run
    original = shared / "data" / file
    refusals = []
    for _ in range(30):
        parts = (
            original.parent.glob(f"{original.stem}.*") if original.suffix == ".shp" else [original]
        )
        copies = [tmp_path / part.name for part in parts]
        for copy in copies:
            shutil.copyfile(original.parent / copy.name, copy)
        damaged = chance.choice(copies)
        content = bytearray(damaged.read_bytes())
        for _ in range(chance.choice((1, 3, 20, 200))):
            content[chance.randrange(len(content))] = chance.randrange(256)
        damaged.write_bytes(content)
        try:
            with open_source(str(tmp_path / original.name)) as source:
                maker = RowMaker(
                    PARCELS, {}, "EPSG:4326", Lookups({}, {}), anywhere=True, repair=True
                )
                for batch in source.batches():
                    maker.make(batch)
        except PlatformError as error:
            refusals.append(error.detail)
    assert not [refusal for refusal in refusals if "\n" in refusal]
