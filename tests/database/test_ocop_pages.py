"""OCOP pages: the whole walk by forms, personal fields, junk."""

import io
import unicodedata

import pytest
from sqlalchemy import func, select
from werkzeug.http import parse_options_header

from etl import attachments
from etl.models import Attachment
from tests.ocop_factories import SECRET, best, filed, make_scene_with_province
from traceability.models import Assessment, Certificate, Dossier, DossierStep
from traceability.ocop import dossiers, evidence
from web.models import Account, PrivateRead


@pytest.fixture
def scene(session):
    return make_scene_with_province(session)


@pytest.fixture
def people(session, scene, sign_in):
    """Clients: the producer, another producer, the commune's officer, another's, the province."""
    made = {
        "producer": sign_in("producer"),
        "stranger": sign_in("producer"),
        "commune": sign_in("officer", "24848"),
        "elsewhere": sign_in("officer", "24931"),
        "province": sign_in("officer"),
        "leader": sign_in("leader"),
    }
    names = session.scalars(
        select(Account).where(Account.username.like("producer-%")).order_by(Account.id)
    ).all()
    names[0].party_id, names[1].party_id = scene.cooperative.id, scene.household.id
    session.commit()
    return made


def test_the_walk_in_the_browser(session, scene, people):
    producer, commune, province = people["producer"], people["commune"], people["province"]
    answer = producer.post(
        "/ocop/ho-so",
        data={"product": scene.product.id, "kind": "first", "applicant_kind": "cooperative"},
    )
    assert answer.status_code == 303, answer.text
    place = answer.headers["Location"]
    dossier_id = int(place.rsplit("/", 1)[1])
    # Nothing of it for others.
    for name, status in (("stranger", 403), ("elsewhere", 403), ("leader", 403)):
        for path in ("", "/tu-cham", "/dai-dien", "/ket-qua"):
            assert people[name].get(place + path).status_code == status, (name, path)
    saved = producer.post(
        f"{place}/dai-dien",
        data={"representative": SECRET, "sex": "female", "ethnicity": "Cơ Ho", "priority": "woman"},
    )
    assert saved.status_code == 303
    # 92 points and no trace code on the label: the page says why it is three stars.
    scores = best() | {"2.3": 2, "4.2": 3, "4.3": 3, "10": 1, "11": 1, "3.5": 2, "1.3": 2}
    form = {f"s-{code}": points for code, points in scores.items()}
    running = producer.post(f"{place}/tinh", data=form)
    assert "92 điểm, nhưng điều kiện 2.3 chưa đạt → 3★" in running.text
    refused = producer.post(f"{place}/tu-cham", data=form | {"s-2.3": "9"})
    assert "tiêu chí 2.3" in refused.text
    assert session.scalar(select(func.count(Assessment.id))) == 0
    kept = producer.post(f"{place}/tu-cham", data=form | {"stay": "1"}, follow_redirects=True)
    assert "92 điểm, nhưng điều kiện 2.3 chưa đạt → 3★" in kept.text
    assert "mã truy xuất điện tử" in kept.text
    file = (io.BytesIO(b"%PDF-1.4 test"), "phiếu kiểm nghiệm.pdf")
    sent = producer.post(
        f"{place}/minh-chung",
        data={"file": file, "kind": "test-report", "criterion": "8"},
        follow_redirects=True,
    )
    assert "phiếu kiểm nghiệm.pdf" in sent.text
    assert producer.post(f"{place}/nop").status_code == 303
    assert commune.get("/ocop").text.count("Cà phê Đưng") >= 1
    assert producer.post(f"{place}/xa", data={}).status_code == 403
    ticks = {"topic": list(dossiers.CHECKED_TOPICS), "samples": "1"}
    commune.post(f"{place}/xa", data=ticks)
    # The council is the province's.
    assert commune.get(f"{place}/hoi-dong").status_code == 403
    for member in ("Ông A", "Bà B"):
        sheet = province.post(f"{place}/hoi-dong/phieu", data=form | {"member": member})
        assert sheet.status_code == 303, sheet.text
    assert "Bà B" in province.get(f"{place}/hoi-dong").text
    # Under the same name, as if it were new: what is kept is shown beside what was chosen.
    late = province.post(
        f"{place}/hoi-dong/phieu", data=form | {"member": "bà b", "s-1.2": "0", "version": "0"}
    )
    assert late.status_code == 412
    assert "khác ở tiêu chí 1.2 (" in late.text
    assert late.text.count("Bản đang lưu: ") == 1
    assert 'name="version" value="1"' in late.text
    assert province.post(f"{place}/hoi-dong", data={}).status_code == 303
    told = producer.get(f"{place}/ket-qua").text
    assert "92 điểm, nhưng điều kiện 2.3 chưa đạt → 3★" in told
    assert "Bà B" not in told
    assert commune.post(f"{place}/cong-nhan", data={}).status_code == 403
    decided = {
        "decision": "9/QĐ-UBND",
        "issued_by": "Chủ tịch UBND tỉnh",
        "issued_on": "2026-11-01",
    }
    province.post(f"{place}/cong-nhan", data=decided)
    dossier = session.get(Dossier, dossier_id)
    session.refresh(dossier)
    assert (dossier.status, dossier.stars) == ("recognised", 3)
    certificate = session.scalar(select(Certificate).where(Certificate.dossier_id == dossier_id))
    page = producer.get(f"/ocop/chung-nhan/{certificate.id}")
    assert "9/QĐ-UBND" in page.text
    assert people["stranger"].get(f"/ocop/chung-nhan/{certificate.id}").status_code == 404


def test_personal_fields_stay_where_they_are_logged(session, scene, people, client):
    dossier = filed(session, scene)
    own = evidence.add_evidence(
        session, dossier, 1, kind="other", criterion="3.2", by="lan", note="Giấy khuyết tật"
    )
    session.commit()
    place = f"/ocop/ho-so/{dossier.id}"
    # The province does not have it yet; the commune has.
    assert people["province"].get(f"{place}/dai-dien").status_code == 403
    assert people["province"].get(f"{place}/minh-chung/{own.id}").status_code == 403
    assert "Giấy khuyết tật" not in people["province"].get(place).text
    before = session.scalar(select(func.count(PrivateRead.id)))
    assert SECRET in people["commune"].get(f"{place}/dai-dien").text
    read = session.scalars(select(PrivateRead).order_by(PrivateRead.id.desc())).first()
    assert (read.subject, read.subject_id) == ("ocop-dossier", dossier.id)
    assert session.scalar(select(func.count(PrivateRead.id))) == before + 1
    # Whom it is about sees who read it.
    reader = session.get(Account, read.account_id).username
    assert reader.startswith("officer-")
    assert f"<li>{reader} " in people["producer"].get(f"{place}/dai-dien").text
    # No other page and no answer of the API knows the person.
    for person, paths in {
        "commune": ("/ocop", place, f"{place}/tu-cham", f"{place}/ket-qua"),
        "province": ("/ocop", place, f"{place}/hoi-dong", f"{place}/hoi-dong/phieu"),
    }.items():
        for path in paths:
            answer = people[person].get(path)
            assert answer.status_code == 200, path
            assert SECRET not in answer.text, path
            assert "Cơ Ho" not in answer.text, path
    for path in (
        f"/san-pham/{scene.product.id}",
        f"/api/v1/products/{scene.product.id}",
        "/api/v1/ocop/coverage",
    ):
        assert SECRET not in client.get(path).text, path
    steps = session.scalars(select(DossierStep.note).where(DossierStep.note.is_not(None)))
    assert not [note for note in steps if SECRET in note]


def test_evidence_is_read_under_its_vietnamese_name(session, sessions, scene, people, settings):
    dossier = filed(session, scene)
    session.commit()
    place = f"/ocop/ho-so/{dossier.id}"
    whole = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\nstartxref\n9\n%%EOF\n"
    name = "Phiếu kiểm nghiệm – Đưng K’Nớ (số 1).pdf"
    for _ in range(2):
        file = (io.BytesIO(whole), unicodedata.normalize("NFD", name))
        data = {"file": file, "kind": "test-report", "criterion": "8"}
        sent = people["commune"].post(f"{place}/minh-chung", data=data, follow_redirects=True)
    assert "Tệp này đã có" in sent.text, "a form sent twice"
    [kept] = session.scalars(select(Attachment))
    attachments.run_check(sessions, settings.files_folder, kept.id)
    session.expire_all()
    assert name in people["producer"].get(place).text
    [paper] = evidence.list_evidence(session, dossier.id, with_sensitive=False)
    with people["producer"].get(f"{place}/minh-chung/{paper.id}") as answer:
        assert answer.data == whole
    header = answer.headers["Content-Disposition"]
    # gunicorn answers 500 to a header that is not ASCII; the client of tests does not.
    assert header.isascii()
    assert header.startswith("attachment; ")
    assert parse_options_header(header)[1]["filename"] == name


def test_coverage_is_public(client, scene):
    answer = client.get("/api/v1/ocop/coverage")
    assert answer.status_code == 200
    assert answer.json["total"] == {
        "certified": 1,
        "listed": 1,
        "by_marketplace": {"postmart": 1, "voso": 1},
    }
    assert answer.json["items"][0]["commune_code"] == "24848"
    assert client.get("/api/v1/ocop/coverage?commune=0").json["items"] == []


JUNK = ("", " ", "x" * 5000, "-1", "1e9", "٣", "9" * 30, "\x00", "<script>", "2026-13-45", "%s")


@pytest.mark.long
@pytest.mark.parametrize("status", ["draft", "submitted", "checked", "graded"])
def test_forms_take_no_junk(session, scene, people, status):
    """Whatever a form sends, the answer is a page or a problem, never a failure."""
    dossier = filed(session, scene)
    dossier.status = status
    if status == "graded":
        dossier.stars, dossier.total = 3, 60
    session.commit()
    names = ("product", "kind", "applicant_kind", "topic", "samples", "reason", "decision", "note")
    names += ("member", "version", "stop", "s-1.1", "s-2.3", "issued_by", "issued_on", "ground")
    names += ("on", "representative", "sex", "priority", "criterion", "stay")
    base, far = f"/ocop/ho-so/{dossier.id}", "9" * 25
    steps = ("tu-cham", "tinh", "hoi-dong", "hoi-dong/phieu", "dai-dien", "minh-chung", "cong-nhan")
    addresses = ["/ocop/ho-so", f"/ocop/chung-nhan/{far}/thu-hoi", "/ocop/chung-nhan/1/thu-hoi"]
    addresses += [f"{base}/{step}" for step in steps]
    addresses += [f"{base}/minh-chung/{far}/xoa", f"{base}/hoi-dong/phieu/{far}/xoa"]
    for client in (people["producer"], people["province"]):
        for address in addresses:
            for junk in JUNK:
                for sent in (dict.fromkeys(names, junk), {"decision": "1", "member": junk}):
                    answer = client.post(address, data=sent)
                    assert answer.status_code in (200, 303, 400, 403, 404, 409, 412, 422), (
                        address,
                        junk,
                    )
            file = {"file": (io.BytesIO(b""), "..\\..\\a\x00b.pdf"), "kind": "story"}
            assert client.post(address, data=file).status_code < 500
    for address in (base, "/ocop", f"{base}/hoi-dong/phieu"):
        for junk in JUNK:
            query = {"so": junk, "trang": junk, "trang-thai": junk, "san-pham": junk}
            answer = people["province"].get(address, query_string=query)
            assert answer.status_code in (200, 404), (address, junk)
    for step in ("nop", "xa", "tu-choi", "bo"):
        for junk in JUNK:
            answer = people["province"].post(
                f"{base}/{step}", data={"reason": junk, "decision": junk, "note": junk}
            )
            assert answer.status_code in (303, 400, 403, 404), (step, junk)
