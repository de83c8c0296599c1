"""The database roles of officers, who work in QGIS or psql on PostGIS itself."""

from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import Instant


class DatabaseRole(Base):
    """A PostgreSQL login role and the account whose work it does.

    Policies and the history read it: the role writes only in that commune (None = the whole
    province), and its edits carry the account's name. Roles belong to the server and not to the
    database, so this says nothing about whether the role exists.
    """

    __tablename__ = "database_role"
    __table_args__ = ({"schema": "gis"},)

    role: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(unique=True)
    commune_code: Mapped[str | None]
    made_at: Mapped[Instant]
