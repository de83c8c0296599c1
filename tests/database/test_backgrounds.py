"""Backgrounds: who sets them up, what the page may load then, files in pieces."""

import re
from io import BytesIO

import pytest

from gis.backgrounds import BackgroundWish, save_background
from gis.errors import InvalidInputError, NotFoundError
from gis.models import Background

ADMIN = "/quan-tri/nen-ban-do"
XYZ = "https://tiles.example.vn/{z}/{x}/{y}.png"
FORM = {"name": "Ảnh vệ tinh", "kind": "xyz", "address": XYZ, "is_active": "on", "is_public": "on"}


def policy(response, directive):
    parts = response.headers["Content-Security-Policy"].split("; ")
    return next(part for part in parts if part.startswith(directive)).split()[1:]


def test_the_policy_follows_the_list_at_once_and_only_where_a_map_is(client, sign_in):
    admin = sign_in("administrator")
    assert policy(client.get("/ban-do"), "img-src") == ["'self'", "data:", "blob:"]
    made = admin.post(f"{ADMIN}/moi", data=FORM | {"attribution": "© Cục Đo đạc"})
    assert made.status_code == 303, made.text
    page = client.get("/ban-do")
    assert policy(page, "img-src")[-1] == "https://tiles.example.vn"
    assert policy(page, "connect-src") == ["'self'"]
    assert "Ảnh vệ tinh" in page.text
    assert "tiles.example.vn" not in client.get("/").headers["Content-Security-Policy"]
    listed = admin.get(ADMIN)
    assert "Ảnh vệ tinh" in listed.text
    (number,) = re.findall(rf"{ADMIN}/(\d+)\"", listed.text)
    changed = FORM | {"kind": "cog", "address": "https://anh.example.vn/bay.tif"}
    assert admin.post(f"{ADMIN}/{number}", data=changed).status_code == 303
    page = client.get("/ban-do")
    assert policy(page, "img-src") == ["'self'", "data:", "blob:"]
    assert policy(page, "connect-src") == ["'self'", "https://anh.example.vn"]
    assert "EPSG:5899" in page.text
    assert admin.post(f"{ADMIN}/{number}/xoa").status_code == 303
    assert policy(client.get("/ban-do"), "connect-src") == ["'self'"]
    assert admin.get(f"{ADMIN}/{number}").status_code == 404


def test_a_preview_stores_nothing_and_opens_the_policy_for_itself_alone(client, sign_in, session):
    admin = sign_in("administrator")
    shown = admin.post(f"{ADMIN}/moi", data=FORM | {"action": "preview"})
    assert shown.status_code == 200
    assert "background-map" in shown.text
    assert policy(shown, "img-src")[-1] == "https://tiles.example.vn"
    assert session.query(Background).count() == 0
    assert "tiles.example.vn" not in client.get("/ban-do").headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("kind", "wms"),
        ("address", "http://tiles.example.vn/{z}/{x}/{y}.png"),
        ("address", ""),
        ("file", "khong-co.tif"),
        ("opacity", "101"),
        ("opacity", "nan"),
        ("max_zoom", "25"),
        ("position", "99999999999999999999"),
        ("attribution", "x" * 301),
    ],
)
def test_what_does_not_fit_is_said_in_vietnamese_beside_the_form(sign_in, session, field, value):
    answer = sign_in("administrator").post(f"{ADMIN}/moi", data=FORM | {field: value})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "tiles.example.vn" not in answer.headers["Content-Security-Policy"]
    assert session.query(Background).count() == 0


def test_only_administrators_set_up(client, sign_in):
    for method, path in (("get", ADMIN), ("get", f"{ADMIN}/moi"), ("post", f"{ADMIN}/1/xoa")):
        for who in (client, sign_in("officer"), sign_in("leader")):
            assert getattr(who, method)(path).status_code in (302, 401, 403)


def test_a_form_from_elsewhere_is_refused(app, sign_in):
    admin = sign_in("administrator")
    app.config["WTF_CSRF_ENABLED"] = True
    assert admin.post(f"{ADMIN}/moi", data=FORM).status_code == 400
    token = re.search(r'name="csrf_token" value="([^"]+)"', admin.get(f"{ADMIN}/moi").text)[1]
    assert admin.post(f"{ADMIN}/moi", data=FORM | {"csrf_token": token}).status_code == 303


def test_a_file_is_served_in_pieces_to_those_who_may_see_it(client, sign_in, session, settings):
    admin = sign_in("administrator")
    content = b"II*\0" + bytes(range(256)) * 64
    sent = FORM | {"kind": "cog", "address": "", "upload": (BytesIO(content), "Ảnh bay.TIF")}
    assert admin.post(f"{ADMIN}/moi", data=sent).status_code == 303
    (background,) = session.query(Background).all()
    address = f"/nen-ban-do/{background.id}"
    assert (settings.files_folder / background.file).read_bytes() == content
    whole = client.get(address)
    assert whole.data == content
    assert whole.mimetype == "image/tiff"
    piece = client.get(address, headers={"Range": "bytes=4-19"})
    assert (piece.status_code, piece.data) == (206, bytes(range(16)))
    assert piece.headers["Content-Range"] == f"bytes 4-19/{len(content)}"
    beyond = client.get(address, headers={"Range": f"bytes={len(content)}-"})
    assert beyond.status_code == 416
    again = client.get(address, headers={"If-None-Match": whole.headers["ETag"]})
    assert again.status_code == 304
    for answer in (whole, piece, beyond, again):
        assert answer.status_code == 416 or "public" in answer.headers["Cache-Control"]
        answer.close()
    # Kept from the public: neither in the list, nor as a file.
    background.is_public = False
    session.commit()
    assert "Ảnh vệ tinh" not in client.get("/ban-do").text
    assert client.get(address).status_code == 401
    assert sign_in("farmer").get(address).status_code == 403
    officer = sign_in("officer")
    assert "Ảnh vệ tinh" in officer.get("/ban-do").text
    private = officer.get(address, headers={"Range": "bytes=0-3"})
    assert private.data == b"II*\0"
    assert "private" in private.headers["Cache-Control"]
    private.close()
    # Removing it removes what was sent through the site.
    assert admin.post(f"{ADMIN}/{background.id}/xoa").status_code == 303
    assert not list((settings.files_folder / "backgrounds").iterdir())
    assert client.get(address).status_code == 404


def test_a_file_that_is_something_else_is_not_kept(sign_in, settings):
    admin = sign_in("administrator")
    for name, content in (
        ("anh.tif", b"<script>"),
        ("anh.html", b"II*\0"),
        ("a.pmtiles", b"II*\0"),
    ):
        kind = "pmtiles" if name.endswith("pmtiles") else "cog"
        data = FORM | {"kind": kind, "address": "", "upload": (BytesIO(content), name)}
        assert admin.post(f"{ADMIN}/moi", data=data).status_code == 422
    assert not list(settings.files_folder.glob("backgrounds/*"))


def test_a_stored_path_never_leads_out(session, settings, client):
    outside = settings.files_folder.parent / "secret.tif"
    settings.files_folder.mkdir(parents=True, exist_ok=True)
    outside.write_bytes(b"II*\0secret")
    with pytest.raises(InvalidInputError):
        save_background(
            session,
            BackgroundWish(name="x", kind="cog", file="../secret.tif"),
            settings.files_folder,
            actor="t",
        )
    # Whoever writes rows by hand gains no file either.
    row = Background(name="x", kind="cog", file="../secret.tif", created_by="t")
    session.add(row)
    session.commit()
    assert client.get(f"/nen-ban-do/{row.id}").status_code == 404
    with pytest.raises(NotFoundError):
        save_background(
            session,
            BackgroundWish(name="x", kind="xyz", address=XYZ),
            settings.files_folder,
            actor="t",
            background_id=row.id + 1000,
        )
