import io

import numpy as np
import pypdfium2
import pytest
import qrcode
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from qrcode import constants, util

from gis.errors import InvalidInputError
from tests.label_reading import decoded
from traceability.gs1.identifiers import new_serials
from traceability.labelling import qr

BASE = "https://truyxuat.example.vn/01/09520000100025/10/L2610/21/"


def computed_by_qrcode(text: str, version: int) -> np.ndarray:
    code = qrcode.QRCode(
        version=version,
        error_correction=constants.ERROR_CORRECT_M,
        mask_pattern=qr.MASK,
        border=0,
    )
    code.add_data(util.QRData(text.encode(), mode=util.MODE_8BIT_BYTE))
    code.make(fit=False)
    return np.array(code.modules, dtype=bool)


def test_batch_gives_the_symbols_that_qrcode_gives():
    uris = [BASE + serial for serial in new_serials(200)]
    symbols = qr.Symbols(uris[0])
    for uri in uris:
        assert (symbols.modules(uri) == computed_by_qrcode(uri, symbols.version)).all()


@settings(max_examples=20)
@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=8))
def test_any_text_of_any_length_decodes(texts):
    symbols = qr.Symbols(max(texts, key=lambda text: len(text.encode())))
    for text in texts:
        assert (symbols.modules(text) == computed_by_qrcode(text, symbols.version)).all()


def test_png_decodes_at_every_scale():
    for scale in (2, 4, 10):
        image = Image.open(io.BytesIO(qr.png(qr.make_modules(BASE), scale)))
        assert image.size == ((33 + 8) * scale,) * 2
        assert decoded(image) == [BASE]


def test_pdf_path_decodes():
    # The smallest PDF around the operators, so that nothing else draws.
    stream = qr.pdf_path(qr.make_modules(BASE), 10, 10, 100).encode()
    body = (
        b"%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 120 120]/Contents 4 0 R>>endobj\n"
        b"4 0 obj<</Length %d>>stream\n%s\nendstream endobj\n"
        % (len(stream), stream)
        + b"trailer<</Root 1 0 R>>\n%%EOF\n"
    )
    page = pypdfium2.PdfDocument(body)[0]
    assert decoded(page.render(scale=300 / 72).to_pil()) == [BASE]


def test_svg_path_covers_exactly_the_dark_modules():
    modules = qr.make_modules(BASE)
    drawn = np.zeros_like(modules)
    for run in qr.svg_path(modules).split("M")[1:]:
        place, _, rest = run.partition("h")
        column, row = (int(part) - qr.QUIET_ZONE for part in place.split())
        drawn[row, column : column + int(rest.split("v")[0])] = True
    assert (drawn == modules).all()


def test_svg_escapes_its_title():
    assert "<title>A &amp; &lt;B&gt;</title>" in qr.svg(qr.make_modules("x"), "A & <B>")


def test_too_long_is_a_clear_error():
    with pytest.raises(InvalidInputError, match="No QR code"):
        qr.Symbols("x" * 4000)
    with pytest.raises(InvalidInputError, match="do not fit"):
        qr.Symbols("x").modules("x" * 100)
