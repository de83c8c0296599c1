"""Who farms, packs, certifies or studies; personal fields apart, consent recorded."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import Identifier, Instant, Name


class Party(Base):
    """A household, cooperative, enterprise, agency or university.

    The name of a household is a person's: it is shown publicly only with a `Consent` (Law
    91/2025/QH15 art. 16).
    """

    __tablename__ = "party"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('household', 'cooperative', 'enterprise', 'agency', 'university')",
            name="kind",
        ),
        {"schema": "gis"},
    )

    id: Mapped[Identifier]
    kind: Mapped[str]
    name: Mapped[Name]
    commune_id: Mapped[int | None] = mapped_column(ForeignKey("gis.administrative_unit.id"))
    address: Mapped[str | None]
    is_demo: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    created_at: Mapped[Instant]


class PartyPrivate(Base):
    """Personal fields of a party, for the roles that need them; each read is logged."""

    __tablename__ = "party_private"
    __table_args__ = ({"schema": "gis"},)

    party_id: Mapped[int] = mapped_column(
        ForeignKey("gis.party.id", ondelete="CASCADE"), primary_key=True
    )
    representative: Mapped[str | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    personal_number: Mapped[str | None]
    tax_code: Mapped[str | None]
    home_address: Mapped[str | None]


class Consent(Base):
    """A party's provable consent to publish named fields (Decree 356/2025/NĐ-CP art. 6)."""

    __tablename__ = "consent"
    __table_args__ = ({"schema": "gis"},)

    id: Mapped[Identifier]
    party_id: Mapped[int] = mapped_column(ForeignKey("gis.party.id"), index=True)
    purpose: Mapped[str]
    fields: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    text_version: Mapped[str]
    method: Mapped[str]
    given_at: Mapped[Instant]
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
