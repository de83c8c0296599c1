"""What is grown."""

from sqlalchemy import CheckConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from gis.database import Base
from gis.models.columns import Identifier, Name


class Crop(Base):
    """A crop with the colour of its legend; `aliases` are the names files use for it."""

    __tablename__ = "crop"
    __table_args__ = (
        CheckConstraint("colour ~ '^#[0-9a-f]{6}$'", name="colour"),
        {"schema": "gis"},
    )

    id: Mapped[Identifier]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[Name]
    name_en: Mapped[str]
    scientific_name: Mapped[str | None]
    is_perennial: Mapped[bool]
    colour: Mapped[str]
    aliases: Mapped[list[str]] = mapped_column(ARRAY(TEXT), server_default=text("'{}'"))
