"""Who farms, packs, teaches: invented cooperatives, companies, households, one university."""

from datetime import UTC, date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from etl.demo.tables import read_table
from etl.demo.units import today_communes
from gis.models import Consent, Party, PartyPrivate

CONSENT_TEXT = "minh-hoa-2026-01"


def load_parties(session: Session, today: date) -> tuple[int, dict[str, int]]:
    """Add the parties that are not there yet, with private fields and consents; flushes.

    Returns:
        How many were added, and the id of each by its key in `parties.csv`.
    """
    communes = today_communes(session)
    present = {
        party.name: party.id
        for party in session.execute(select(Party.name, Party.id).where(Party.is_demo))
    }
    ids: dict[str, int] = {}
    added = 0
    for number, row in enumerate(read_table("parties.csv"), start=1):
        if row["name"] in present:
            ids[row["key"]] = present[row["name"]]
            continue
        party = Party(
            kind=row["kind"],
            name=row["name"],
            commune_id=communes.get(row["commune"]),
            address=row["address"],
            is_demo=True,
        )
        session.add(party)
        session.flush()
        ids[row["key"]] = party.id
        added += 1
        # 0900 000 0NN: the form of a telephone number, plainly nobody's.
        session.add(PartyPrivate(party_id=party.id, phone=f"0900000{number:03d}"))
        for field in row["consents"].split():
            session.add(
                Consent(
                    party_id=party.id,
                    purpose="Hiện tên trên trang truy xuất nguồn gốc (minh hoạ)",
                    fields=[field],
                    text_version=CONSENT_TEXT,
                    method="Phiếu giấy ký tay (minh hoạ)",
                    given_at=datetime.combine(today.replace(month=1, day=15), time(2), UTC),
                )
            )
    session.flush()
    return added, ids
