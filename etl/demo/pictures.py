"""Pictures of the demo's products, drawn here: hills, light, and a heap of what is sold.

No photograph, so nobody's; no letters, so no font is needed. The same key draws the same picture.
"""

import io
import math
from random import Random

from PIL import Image, ImageDraw

_SIZE = (800, 600)
_SCALE = 2  # drawn larger and shrunk: smooth edges
# What is heaped up, and its colours: (shape, body, shade, ground).
_MOTIFS: dict[str, tuple[str, str, str, str]] = {
    "ca-phe-hat": ("bean", "#5b3420", "#3a1f12", "#e9d8bd"),
    "ca-phe-bot": ("bean", "#74452a", "#482817", "#efe2cb"),
    "ca-phe-deo-gio": ("bean", "#8a5a2b", "#5f3a18", "#f3e3c3"),
    "ca-phe-rung-dam": ("bean", "#4a2b1c", "#2c170d", "#dfe5cf"),
    "tra-atiso": ("leaf", "#6f8f4e", "#4c6a33", "#efe9d2"),
    "cao-atiso": ("round", "#5a3b22", "#39230f", "#e6efd8"),
    "tra-o-long": ("leaf", "#4d7a43", "#2f5a2c", "#e8f0dc"),
    "dau-tay-tuoi": ("berry", "#cf2b36", "#9c1722", "#fbe9e6"),
    "dau-tay-say": ("berry", "#a83340", "#771d2a", "#f7e4d8"),
    "hong-treo-gio": ("round", "#cf6a1f", "#9c4710", "#fbe8cf"),
    "ot-ngot": ("round", "#e0a81c", "#b57d0c", "#eaf3dd"),
    "ca-chua-cherry": ("round", "#d8392b", "#a3231a", "#eef5e4"),
    "rau-thuy-canh": ("leaf", "#7fb24a", "#5a8a30", "#eef6e2"),
    "gao-st25": ("grain", "#f6f0dc", "#d9ceae", "#b9cf9e"),
    "bo-034": ("round", "#4e7a35", "#33561f", "#f2ecd6"),
    "vang-dau": ("round", "#7d1f3a", "#551027", "#f4e2e4"),
    "khan-tho-cam": ("stripe", "#9a2a2f", "#1f2b4d", "#efe3c8"),
    "hoa-cuc": ("flower", "#f7d44c", "#e0a921", "#e6efdd"),
    "du-lich-chan-may": ("berry", "#d64550", "#a32732", "#dcebf2"),
}
_PLAIN = ("round", "#5f8a4c", "#3f6531", "#eef2e2")


def draw_product(key: str) -> bytes:
    """Draw the picture of a demo product as PNG, 800 × 600."""
    shape, body, shade, ground = _MOTIFS.get(key, _PLAIN)
    chance = Random(key)  # noqa: S311  no secret
    width, height = (side * _SCALE for side in _SIZE)
    picture = Image.new("RGB", (width, height), ground)
    pen = ImageDraw.Draw(picture)
    _hills(pen, width, height, chance)
    if shape != "stripe":
        pen.ellipse((width * 0.07, height * 0.5, width * 0.93, height * 0.97), fill="#8f6a3c")
        pen.ellipse((width * 0.07, height * 0.48, width * 0.93, height * 0.94), fill="#b98f5c")
        pen.ellipse((width * 0.12, height * 0.52, width * 0.88, height * 0.9), fill="#c9a472")
    if shape == "stripe":
        _cloth(pen, width, height, body, shade, chance)
    else:
        # From far to near, so that the near ones lie above.
        places = sorted(
            (
                (math.sqrt(chance.random()), chance.random() * math.tau, chance.random())
                for _ in range({"grain": 700, "bean": 230}.get(shape, 150))
            ),
            key=lambda place: math.sin(place[1]) * place[0],
        )
        for far, turn, size in places:
            x = width / 2 + far * math.cos(turn) * width * 0.36
            y = height * 0.68 + far * math.sin(turn) * height * 0.2
            _piece(picture, pen, shape, (x, y), size, (body, shade), chance)
    out = io.BytesIO()
    picture.reduce(_SCALE).save(out, "PNG", compress_level=1)
    return out.getvalue()


def _hills(pen: ImageDraw.ImageDraw, width: int, height: int, chance: Random) -> None:
    for layer, colour in enumerate(("#c9d9c4", "#a9c4a4", "#86aa83")):
        base = height * (0.34 + 0.09 * layer)
        waves = [(chance.uniform(0.6, 2.4), chance.random() * math.tau) for _ in range(3)]
        ridge = [
            (
                x,
                base
                + sum(math.sin(x / width * math.tau * often + at) for often, at in waves)
                * height
                * 0.025,
            )
            for x in range(0, width + 1, 20)
        ]
        pen.polygon([(0, height), *ridge, (width, height)], fill=colour)
    pen.rectangle((0, height * 0.6, width, height), fill="#d8c6a1")
    pen.rectangle((0, height * 0.6, width, height * 0.612), fill="#c3ad82")


def _piece(
    picture: Image.Image,
    pen: ImageDraw.ImageDraw,
    shape: str,
    at: tuple[float, float],
    size: float,
    colours: tuple[str, str],
    chance: Random,
) -> None:
    body, shade = colours
    x, y = at
    side = int((0.75 + 0.5 * size) * {"grain": 20, "bean": 52, "leaf": 74}.get(shape, 64))
    if shape == "round":
        pen.ellipse((x - side, y - side, x + side, y + side), fill=shade)
        pen.ellipse((x - side, y - side, x + side * 0.9, y + side * 0.88), fill=body)
        pen.ellipse(
            (x - side * 0.5, y - side * 0.6, x - side * 0.1, y - side * 0.3), fill="#ffffff"
        )
        return
    tile = Image.new("RGBA", (side * 2, side * 2))
    ink = ImageDraw.Draw(tile)
    if shape in ("bean", "grain"):
        ink.ellipse((side * 0.1, side * 0.45, side * 1.9, side * 1.55), fill=shade)
        ink.ellipse((side * 0.1, side * 0.42, side * 1.85, side * 1.45), fill=body)
        if shape == "bean":
            ink.arc((side * 0.2, side * 0.2, side * 1.8, side * 1.1), 30, 150, shade, side // 9)
    elif shape == "leaf":
        ink.ellipse((side * 0.1, side * 0.6, side * 1.9, side * 1.4), fill=body)
        ink.line((side * 0.1, side, side * 1.9, side), fill=shade, width=side // 16)
    elif shape == "berry":
        ink.polygon(
            [(side * 0.2, side * 0.6), (side * 1.8, side * 0.6), (side, side * 1.95)], fill=body
        )
        ink.pieslice((side * 0.2, side * 0.1, side * 1.8, side * 1.5), 140, 400, fill=body)
        for _ in range(14):
            dx, dy = chance.uniform(0.5, 1.5) * side, chance.uniform(0.5, 1.4) * side
            ink.ellipse((dx, dy, dx + side * 0.06, dy + side * 0.09), fill="#ffe9a8")
        ink.polygon(
            [(side * 0.4, side * 0.15), (side * 1.6, side * 0.15), (side, side * 0.65)],
            fill="#4d8a3c",
        )
    else:
        for petal in range(12):
            turn = petal / 12 * math.tau
            px, py = side + math.cos(turn) * side * 0.6, side + math.sin(turn) * side * 0.6
            ink.ellipse((px - side * 0.3, py - side * 0.3, px + side * 0.3, py + side * 0.3), body)
        ink.ellipse((side * 0.65, side * 0.65, side * 1.35, side * 1.35), fill=shade)
    turned = tile.rotate(chance.uniform(0, 360) if shape != "berry" else chance.uniform(-35, 35))
    picture.paste(turned, (int(x - side), int(y - side)), turned)


def _cloth(
    pen: ImageDraw.ImageDraw, width: int, height: int, body: str, shade: str, chance: Random
) -> None:
    left, right, top, bottom = width * 0.16, width * 0.84, height * 0.3, height * 0.94
    pen.rectangle((left, top, right, bottom), fill=body)
    colours = [shade, "#e8c65a", "#f2ead8", "#2f6b4f", body]
    y = top
    while y < bottom:
        tall = height * chance.uniform(0.012, 0.05)
        pen.rectangle((left, y, right, min(y + tall, bottom)), fill=chance.choice(colours))
        if tall > height * 0.03:
            step = tall
            x = left + step / 2
            while x < right - step / 2:
                middle = min(y + tall / 2, bottom)
                pen.polygon(
                    [(x - step / 3, middle), (x, y), (x + step / 3, middle), (x, y + tall)],
                    fill="#f2ead8",
                )
                x += step
        y += tall
    for x in range(int(left), int(right), 26):
        pen.line((x, bottom, x + chance.uniform(-8, 8), bottom + height * 0.04), "#e8c65a", 6)
