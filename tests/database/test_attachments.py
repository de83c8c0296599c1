"""Files that people add: what is made of them, what is refused, what is swept."""

import hashlib
import io
import random
import struct
import zipfile
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import text

from etl import attachment_requests as requests
from etl import attachments
from etl.models import Attachment
from etl.pictures import PHOTO_BYTES
from gis.errors import ConflictError, InvalidInputError, NotFoundError

XLSX_MAIN = b"<Types xmlns='x'><Override PartName='/xl/workbook.xml'/></Types>"


def noise(width, height, seed=7):
    """The hardest picture to make small."""
    return Image.frombytes(
        "RGB", (width, height), random.Random(seed).randbytes(width * height * 3)
    )


def encoded(image, kind="JPEG", **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def phone_photo():
    """1600 × 1200 as the sensor sees it, to be shown turned; with a place and an owner in EXIF."""
    image = Image.new("RGB", (1600, 1200), "darkgreen")
    ImageDraw.Draw(image).rectangle((0, 0, 799, 1199), fill="red")
    exif = image.getexif()
    exif[0x0112] = 6  # shown turned a quarter to the right
    exif[0x013B] = "NGUYEN VAN BI MAT"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (11.0, 56.0, 12.34)
    return encoded(image, exif=exif.tobytes())


def bomb(width, height):
    """A PNG of some bytes that says it has that many pixels."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"0" * 99))


def archive(**more):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", XLSX_MAIN)
        for name, data in {"xl/workbook.xml": b"<workbook/>", **more}.items():
            made.writestr(name, data)
    return out.getvalue()


def boasting(data):
    """An archive whose last part says that it unpacks to 301 MB."""
    start = data.rindex(b"PK\x01\x02") + 24
    return data[:start] + struct.pack("<I", 301 * 2**20) + data[start + 4 :]


PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\nstartxref\n9\n%%EOF\n"


@pytest.fixture
def look(session, sessions, tmp_path):
    """Send a file and let the worker look at it."""

    def send(data, purpose="evidence", name="tệp.bin", by="officer-1"):
        kept = requests.keep_attachment(
            session, io.BytesIO(data), folder=tmp_path, purpose=purpose, file_name=name,
            created_by=by,
        )  # fmt: skip
        session.commit()
        attachments.run_check(sessions, tmp_path, kept.id)
        session.expire_all()
        return session.get(Attachment, kept.id)

    return send


def test_a_file_waits_with_its_job_and_is_not_opened(session, tmp_path):
    data = phone_photo()
    kept = requests.keep_attachment(
        session, io.BytesIO(data), folder=tmp_path, purpose="evidence",
        file_name="../../ảnh của tôi.JPG", created_by="officer-1",
    )  # fmt: skip
    assert (kept.state, kept.bytes, kept.file_name) == ("waiting", len(data), "ảnh của tôi.JPG")
    assert kept.sha256 == hashlib.sha256(data).hexdigest()
    job = text("SELECT args FROM queue.procrastinate_jobs WHERE task_name = 'etl.check_attachment'")
    assert session.scalars(job).all() == [{"attachment_id": kept.id}]
    with pytest.raises(NotFoundError):
        requests.attachment_file(tmp_path, kept)


def test_a_product_photo_is_upright_nameless_and_small_in_three_formats(look, tmp_path):
    photo = look(phone_photo(), "product-photo", "IMG.jpg")
    assert (photo.state, photo.width, photo.height) == ("ready", 540, 720)
    for variant, kind in (("avif", "AVIF"), ("webp", "WEBP"), ("jpeg", "JPEG")):
        path = requests.attachment_file(tmp_path, photo, variant)
        data = path.read_bytes()
        assert len(data) == photo.variants[variant]["bytes"] <= PHOTO_BYTES
        assert b"NGUYEN VAN BI MAT" not in data
        with Image.open(path) as shown:
            assert (shown.format, shown.size) == (kind, (540, 720))
            assert not shown.getexif()
            red, _, _ = shown.convert("RGB").getpixel((270, 100))
            green = shown.convert("RGB").getpixel((270, 650))[1]
            # Left before the quarter turn to the right is up afterwards.
            assert red > 200
            assert green > 60
    folder = requests.attachment_folder(tmp_path, photo)
    assert sorted(file.name for file in folder.iterdir()) == [
        "photo.avif",
        "photo.jpeg",
        "photo.webp",
    ]


@pytest.mark.long
def test_a_photo_of_a_new_phone_carries_a_second_picture_that_is_left(look, tmp_path):
    first, second = Image.new("RGB", (400, 300), "red"), Image.new("RGB", (200, 150), "white")
    data = encoded(first, "MPO", save_all=True, append_images=[second])
    for purpose in ("product-photo", "report-photo"):
        photo = look(data, purpose)
        assert (photo.state, photo.media_type) == ("ready", "image/jpeg")
        with Image.open(requests.attachment_file(tmp_path, photo)) as shown:
            assert (shown.format, shown.size) == ("JPEG", (400, 300))
            assert shown.getpixel((200, 150))[1] < 20


def test_even_noise_fits(look):
    photo = look(encoded(noise(900, 900), "PNG"), "product-photo")
    assert photo.state == "ready"
    assert all(0 < each["bytes"] <= PHOTO_BYTES for each in photo.variants.values())
    assert photo.width >= 200


@pytest.mark.parametrize(
    ("data", "kind", "suffix"),
    [
        (PDF, "application/pdf", ".pdf"),
        (archive(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"),
        (encoded(Image.new("RGB", (90, 80), "blue"), "WEBP"), "image/jpeg", ".jpg"),
        (encoded(Image.new("RGBA", (90, 80), (0, 0, 255, 0)), "PNG"), "image/png", ".png"),
    ],
)
def test_evidence_is_known_by_its_content(look, tmp_path, data, kind, suffix):
    paper = look(data, name="hop-dong.exe")
    assert (paper.state, paper.media_type) == ("ready", kind)
    assert requests.attachment_file(tmp_path, paper).suffix == suffix
    assert requests.download_name(paper) == f"hop-dong{suffix}"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<html><script>alert(1)</script></html>", "unknown-kind"),
        (b"MZ\x90\x00" * 50, "unknown-kind"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>', "unknown-kind"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 99, "heic"),
        (b"GIF89a\x01\x00\x01\x00\x80\x00\x00", "unknown-kind"),
        (bomb(30_000, 30_000), "too-many-pixels"),
        (bomb(9_000, 9_000), "too-many-pixels"),
        (bomb(20_000, 100), "too-many-pixels"),
        (bomb(900, 900), "damaged"),
        (encoded(noise(300, 300))[:9000], "damaged"),
        (encoded(Image.new("RGB", (40, 40))), "too-small"),
        (b"%PDF-1.7\nhalf a file", "damaged"),
        (PDF.replace(b"<<>>endobj", b"<</S/JavaScript/JS(app.alert)>>endobj"), "active-content"),
        (PDF.replace(b"trailer<<>>", b"trailer<</Encrypt 3 0 R>>"), "encrypted"),
        (archive(**{"xl/vbaProject.bin": b"x"}), "active-content"),
        (archive(**{f"xl/media/{i}": b"" for i in range(3001)}), "too-large-inside"),
        (boasting(archive(**{"xl/sheet1.xml": b"0"})), "too-large-inside"),
        (archive()[:-30], "damaged"),
        (b"PK\x03\x04" + b"\0" * 100, "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
    ],
)  # fmt: skip
def test_what_is_refused_says_why_and_is_gone(look, tmp_path, data, reason):
    paper = look(data, name="chung-nhan.pdf")
    assert (paper.state, paper.reason) == ("refused", reason)
    assert reason in requests.REASONS
    assert list(requests.attachment_folder(tmp_path, paper).iterdir()) == []


def test_a_paper_is_no_photo(look):
    assert look(PDF, "product-photo").reason == "unknown-kind"
    assert look(PDF, "report-photo").reason == "unknown-kind"


def test_empty_big_and_too_many_files_are_refused_at_the_door(session, tmp_path):
    def send(data, by="x"):
        return requests.keep_attachment(
            session, io.BytesIO(data), folder=tmp_path, purpose="report-photo", file_name="a",
            created_by=by,
        )  # fmt: skip

    with pytest.raises(InvalidInputError) as empty:
        send(b"")
    assert empty.value.context["rule"] == "empty"
    with pytest.raises(InvalidInputError) as big:
        send(b"x" * (12 * 2**20 + 1))
    assert big.value.context["rule"] == "too-big"
    assert list((tmp_path / "attachments").iterdir()) == [], "nothing is left of them"
    for _ in range(60):
        send(b"x")
    with pytest.raises(ConflictError):
        send(b"x")
    send(b"x", by="another")


def test_a_worker_that_died_begins_again_but_not_for_ever(session, sessions, tmp_path, look):
    photo = look(phone_photo(), "report-photo")
    assert (photo.state, photo.width, photo.height) == ("ready", 1200, 1600)
    attachments.run_check(sessions, tmp_path, photo.id)
    assert session.get(Attachment, photo.id).tries == 1, "done is done"
    photo.state, photo.media_type, photo.tries = "waiting", None, 3
    session.commit()
    attachments.run_check(sessions, tmp_path, photo.id)
    session.expire_all()
    assert session.get(Attachment, photo.id).reason == "not-checked"


def test_what_nobody_wants_is_swept(session, sessions, tmp_path, look):
    kept, removed, lost = look(PDF), look(PDF), look(PDF)
    requests.remove_attachment(session, removed.id)
    lost.state, lost.media_type = "waiting", None
    lost.created_at = datetime.now(UTC) - timedelta(days=3)
    orphan = tmp_path / "attachments" / ("ab" * 16)
    orphan.mkdir(parents=True)
    session.commit()
    soon, later = (datetime.now(UTC) + timedelta(hours=hours) for hours in (0, 7))
    attachments.clean_attachments(sessions, tmp_path, soon)
    left = {each.name for each in (tmp_path / "attachments").iterdir()}
    assert left == {kept.token, orphan.name}, "a request may still be under way"
    attachments.clean_attachments(sessions, tmp_path, later)
    assert [each.name for each in (tmp_path / "attachments").iterdir()] == [kept.token]
    session.expire_all()
    assert session.get(Attachment, lost.id).reason == "not-checked"
    with pytest.raises(NotFoundError):
        requests.get_attachment(session, removed.id)


def test_pictures_of_scanners_keep_their_greys_and_palettes_their_colours(look, tmp_path):
    grey = Image.new("I;16", (200, 100), 40_000)
    paper = look(encoded(grey, "PNG"))
    with Image.open(requests.attachment_file(tmp_path, paper)) as shown:
        assert shown.convert("L").getpixel((100, 50)) == pytest.approx(40_000 / 256, abs=2)
    palette = Image.new("RGB", (200, 100), (200, 30, 40)).quantize(8)
    paper = look(encoded(palette, "PNG"))
    with Image.open(requests.attachment_file(tmp_path, paper)) as shown:
        assert shown.convert("RGB").getpixel((9, 9)) == pytest.approx((200, 30, 40), abs=6)
