"""Drawing on the map as a person does: with the mouse, at places given in degrees."""

from typing import Any

from playwright.sync_api import Page

Place = tuple[float, float]

# For what a busy machine does at length: drawing a map, a job of the worker.
PATIENCE_MS = 120_000

_PIXEL = """([lon, lat]) => {
  const map = window.langbiang.map, view = map.getView(), radius = 6378137;
  const x = lon * Math.PI / 180 * radius;
  const y = Math.log(Math.tan(Math.PI / 4 + lat * Math.PI / 360)) * radius;
  const box = map.getTargetElement().getBoundingClientRect();
  const [east, north] = view.getCenter(), metres = view.getResolution();
  return [
    box.x + box.width / 2 + (x - east) / metres,
    box.y + box.height / 2 - (y - north) / metres,
  ];
}"""
# What was drawn last is what is shown: no animation runs, no frame is waited for, and the editor
# knows the neighbours of what is in view.
_SETTLED = """() => {
  const map = window.langbiang.map;
  if (map.getView().getAnimating()) { return false; }
  map.renderSync();
  return map.getTargetElement().dataset.neighbours !== "asked";
}"""
# Two clicks within a quarter of a second are a double click, which ends a drawing. The map counts
# by its own timer, so the pause is the page's, too: on a busy machine ours might not be one there.
_PAUSE = "() => new Promise((done) => window.setTimeout(done, 300))"


def open_map(page: Page, url: str, rest: str = "") -> None:
    """Open the map and wait until it is drawn."""
    page.goto(f"{url}/ban-do{rest}")
    page.wait_for_selector("body[data-ready]", timeout=PATIENCE_MS)


def pixel(page: Page, place: Place) -> tuple[float, float]:
    """Where a place (lon, lat) is on the screen."""
    x, y = page.evaluate(_PIXEL, place)
    return x, y


def click(page: Page, place: Place, slip: tuple[int, int] = (0, 0), key: str = "") -> None:
    """Click at a place, or so many pixels beside it, while a key is held."""
    x, y = pixel(page, place)
    page.mouse.move(x + slip[0], y + slip[1], steps=3)
    if key:
        page.keyboard.down(key)
    page.mouse.click(x + slip[0], y + slip[1])
    if key:
        page.keyboard.up(key)
    pause(page)


def pause(page: Page) -> None:
    """Let the map take the click before as one by itself."""
    page.evaluate(_PAUSE)


def drag(page: Page, start: Place, end: Place, slip: tuple[int, int] = (0, 0)) -> None:
    """Drag from one place to another, or so many pixels beside that."""
    x, y = pixel(page, start)
    page.mouse.move(x, y)
    page.mouse.down()
    left, top = pixel(page, end)
    page.mouse.move((x + left) / 2, (y + top) / 2, steps=2)
    page.mouse.move(left + slip[0], top + slip[1], steps=3)
    page.mouse.up()


def edit(page: Page, url: str, layer: str, number: int) -> None:
    """Open a feature in the editor and wait until its neighbours are known."""
    open_map(page, url, f"?chon={layer}/{number}")
    page.click("#edit-this")
    page.wait_for_selector("#edit-panel")
    settle(page)


def settle(page: Page) -> None:
    """Wait until the map stands still and the neighbours in view are known."""
    page.wait_for_function(_SETTLED)


def square(west: float, south: float, side: float = 0.001) -> dict[str, Any]:
    """A square of so many degrees, as GeoJSON."""
    east, north = round(west + side, 7), round(south + side, 7)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "MultiPolygon", "coordinates": [[ring]]}


def add(page: Page, url: str, layer: str, geometry: dict[str, Any], **properties: Any) -> int:
    """Add a feature over HTTP as whoever is signed in; gives its id."""
    answer = page.request.post(
        f"{url}/ogc/collections/{layer}/items",
        headers={"Content-Type": "application/geo+json"},
        data={"type": "Feature", "geometry": geometry, "properties": properties},
    )
    assert answer.status == 201, answer.text()
    return int(answer.json()["id"])


def read(page: Page, url: str, layer: str, number: int) -> dict[str, Any]:
    """A feature as the server has it."""
    feature: dict[str, Any] = page.request.get(
        f"{url}/ogc/collections/{layer}/items/{number}"
    ).json()
    return feature


def corners(feature: dict[str, Any]) -> list[list[float]]:
    """The outer corners of a feature's first part, each once."""
    ring: list[list[float]] = feature["geometry"]["coordinates"][0][0]
    return ring[:-1]
