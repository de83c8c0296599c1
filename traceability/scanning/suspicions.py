"""When the scans of one serial contradict each other, or its label: rules and thresholds.

A rule gives a warning to the buyer at once (`scans.standing_of`) and a case to the officer within a
minute (`examine`). None of them proves a forgery: they say where to look.
"""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from traceability.reporting.reports import open_case
from traceability.scanning.scans import SerialStanding, standing_of

# A label that was recalled with its lot is the recall's own business; one not yet put on an item is
# a case only when it was seen as often as a stolen roll is, not by the packer who tries it.
CASES = ("unissued", "void", "not-active", "distant", "many-places", "before-shipping")
LEAST_SCANS_NOT_ACTIVE = 3
_PORTION = 200
# What another worker holds is its own, and what a crash gives back is taken anew.
_TAKE = text(
    "DELETE FROM traceability.scan_check AS c USING (SELECT id FROM traceability.scan_check"
    " ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED) AS t"
    " WHERE c.id = t.id RETURNING c.product_id, c.serial"
)


def examine(session: Session, most: int = _PORTION) -> int:
    """Look at the serials scanned since the last time; open a case for each that is doubtful.

    Args:
        session: The transaction; what it looked at is looked at again if it fails.
        most: Serials looked at.

    Returns:
        How many were looked at; as many as `most` means that more wait.
    """
    rows = session.execute(_TAKE, {"most": most}).all()
    for product_id, serial in sorted({(row.product_id, row.serial) for row in rows}):
        standing = standing_of(session, product_id, serial)
        for kind in standing.warnings:
            if kind in CASES and not _is_slight(kind, standing):
                open_case(
                    session,
                    kind=kind,
                    product_id=product_id,
                    lot_id=standing.lot_id,
                    serial=serial,
                    facts=_facts(standing),
                )
    return len(rows)


def _is_slight(kind: str, standing: SerialStanding) -> bool:
    return kind == "not-active" and standing.scan_count < LEAST_SCANS_NOT_ACTIVE


def _facts(standing: SerialStanding) -> dict[str, Any]:
    first = standing.first_scanned_on
    return {
        "state": standing.state,
        "scans": standing.scan_count,
        "first_scanned_on": first.isoformat() if first else None,
    }
