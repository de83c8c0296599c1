"""The tables of schema `web`: accounts, roles, tokens, and who read personal fields."""

from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gis.database import Base
from gis.models.columns import Identifier, Instant

ROLES = ("farmer", "producer", "officer", "researcher", "leader", "administrator")


class Role(Base):
    """A role of DESIGN 8; `public` is nobody's role, so it is not here."""

    __tablename__ = "role"
    __table_args__ = ({"schema": "web"},)

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class AccountRole(Base):
    """An account has a role."""

    __tablename__ = "account_role"
    __table_args__ = ({"schema": "web"},)

    account_id: Mapped[int] = mapped_column(
        ForeignKey("web.account.id", ondelete="CASCADE"), primary_key=True
    )
    role_code: Mapped[str] = mapped_column(ForeignKey("web.role.code"), primary_key=True)


class Account(Base):
    """Someone who signs in; `commune_code` limits an officer to one commune (of today)."""

    __tablename__ = "account"
    __table_args__ = ({"schema": "web"},)

    id: Mapped[Identifier]
    username: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    password_hash: Mapped[str]
    commune_code: Mapped[str | None]
    party_id: Mapped[int | None] = mapped_column(ForeignKey("gis.party.id"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"), default=True)
    is_demo: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    # Changed to end every session of the account at once.
    session_key: Mapped[str]
    created_at: Mapped[Instant]
    last_sign_in_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    account_roles: Mapped[list[AccountRole]] = relationship(
        lazy="selectin", cascade="all, delete-orphan"
    )

    @property
    def roles(self) -> frozenset[str]:
        """The codes of the account's roles."""
        return frozenset(role.role_code for role in self.account_roles)


class Token(Base):
    """A personal token for programs; only its SHA-256 is kept."""

    __tablename__ = "token"
    __table_args__ = ({"schema": "web"},)

    id: Mapped[Identifier]
    account_id: Mapped[int] = mapped_column(
        ForeignKey("web.account.id", ondelete="CASCADE"), index=True
    )
    digest: Mapped[str] = mapped_column(unique=True)
    label: Mapped[str]
    created_at: Mapped[Instant]
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PrivateRead(Base):
    """Who read whose personal fields, and when (DESIGN 8)."""

    __tablename__ = "private_read"
    __table_args__ = ({"schema": "web"},)

    id: Mapped[Identifier]
    account_id: Mapped[int] = mapped_column(ForeignKey("web.account.id"), index=True)
    subject: Mapped[str]
    subject_id: Mapped[int]
    at: Mapped[Instant]
