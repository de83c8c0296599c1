"""Who lies upon whom."""

from sqlalchemy.orm import Session
from etl.targets import Target


def find_overlaps(session: Session, target: Target, *, dry_run: bool) -> list[str]:
    """To be written."""
    return []
