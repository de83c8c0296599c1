"""QGIS as a client (PyQGIS of Debian: apt-get install python3-qgis): collections and vector tiles.

`python -m tests.acceptance.qgis_client`. QGIS has its own Python, the system's.
"""

import json
import subprocess
import sys
import urllib.request

from tests.acceptance.site import serve_demo

_OPEN = """
import json, os, sys
from qgis.core import (QgsApplication, QgsCoordinateReferenceSystem, QgsFeatureRequest,
                       QgsMapRendererParallelJob, QgsMapSettings, QgsRectangle, QgsVectorLayer,
                       QgsVectorTileLayer)
from qgis.PyQt.QtCore import QSize
QgsApplication.setPrefixPath("/usr", True)
application = QgsApplication([], False)
application.initQgis()
ogc, found = sys.argv[1], {}
for name in sys.argv[2:]:
    layer = QgsVectorLayer(f"url='{ogc}' typename='{name}' pageSize='7'", name, "OAPIF")
    box = QgsFeatureRequest().setFilterRect(QgsRectangle(108.4, 11.9, 108.5, 12.1))
    found[name] = {
        "valid": layer.isValid(),
        "crs": layer.crs().authid(),
        "fields": [field.name() for field in layer.fields()],
        "features": sum(1 for _ in layer.getFeatures()),
        "in box": sum(1 for _ in layer.getFeatures(box)),
    }
tiles = f"{ogc}/collections/growing-areas/tiles/WebMercatorQuad"
tiles_layer = QgsVectorTileLayer(f"type=xyz&url={tiles}/{{z}}/{{y}}/{{x}}&zmin=0&zmax=22", "tiles")
settings = QgsMapSettings()
settings.setLayers([tiles_layer])
settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
settings.setExtent(QgsRectangle(12055000, 1305000, 12100000, 1371000))
settings.setOutputSize(QSize(400, 600))
job = QgsMapRendererParallelJob(settings)
job.start()
job.waitForFinished()
image = job.renderedImage()
background = image.pixel(0, 0)
drawn = sum(image.pixel(x, y) != background for x in range(0, 400, 2) for y in range(0, 600, 2))
found["tiles"] = {"valid": tiles_layer.isValid(), "pixels drawn": drawn}
print(json.dumps(found, ensure_ascii=False), flush=True)
# QGIS falls over its own layers when Python takes it down.
os._exit(0)
"""


def count(ogc: str, name: str) -> int:
    """How many features the site says there are."""
    with urllib.request.urlopen(f"{ogc}/collections/{name}/items?limit=1") as answer:
        return int(json.load(answer)["numberMatched"])


def main() -> int:
    """Open what the public may read."""
    names = ["administrative-units", "growing-areas", "high-tech-zones", "facilities"]
    with serve_demo() as site:
        done = subprocess.run(
            ["/usr/bin/python3", "-c", _OPEN, site.ogc, *names],
            env={"QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/bin:/bin", "HOME": "/tmp"},
            capture_output=True,
            text=True,
        )
        if "No module named 'qgis'" in done.stderr:
            sys.stdout.write("qgis_client: apt-get install python3-qgis qgis-providers\n")
            return 1
        if done.returncode:
            sys.stdout.write(done.stderr[-2000:])
            return 1
        found = json.loads(done.stdout.splitlines()[-1])
        for name, facts in found.items():
            sys.stdout.write(f"{name:22} {facts}\n")
        counted = {name: count(site.ogc, name) for name in names}
    wrong = [name for name in names if found[name]["features"] != counted[name]]
    if wrong or not found["tiles"]["pixels drawn"]:
        sys.stdout.write(f"WRONG: {wrong or 'nothing drawn of the tiles'}; {counted}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
