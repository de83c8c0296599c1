"""QGIS as a client (PyQGIS of Debian: apt-get install python3-qgis): collections and vector tiles.

`python -m tests.acceptance.qgis_client`. QGIS has its own Python, the system's.
"""

import subprocess
import sys

from tests.acceptance.site import serve_demo

_OPEN = """
import json, sys
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
print(json.dumps(found, ensure_ascii=False))
application.exitQgis()
"""


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
        sys.stdout.write(done.stdout)
        if "No module named 'qgis'" in done.stderr:
            sys.stdout.write("qgis_client: apt-get install python3-qgis qgis-providers\n")
            return 1
        if done.returncode or '"valid": false' in done.stdout or ": 0" in done.stdout:
            sys.stdout.write(done.stderr[-2000:])
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
