"""Reading printed labels back, as a phone's camera would."""

import pypdfium2
import zxingcpp
from PIL import Image


def rendered(pdf: bytes) -> list[Image.Image]:
    """Render each page at 300 dpi."""
    return [page.render(scale=300 / 72).to_pil() for page in pypdfium2.PdfDocument(pdf)]


def decoded(image: Image.Image) -> list[str]:
    """Decode every QR code of a picture."""
    # QR alone: across neighbouring symbols a line can read as an EAN by chance.
    found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
    return [code.text for code in found]
