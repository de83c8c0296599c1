"""Evidence files and the representative of a dossier.

Files are kept elsewhere; here is what they prove. The representative's fields are sensitive: the
door that reads them logs the read.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gis.errors import ConflictError, InvalidInputError, NotFoundError
from traceability.models import Dossier, DossierEvidence, DossierPrivate
from traceability.ocop.dossiers import EDITABLE, lock_dossier
from traceability.ocop.rubric import SENSITIVE_CRITERION, rubric_set

# What the dossier's list of evidence names (QĐ 26/2026/QĐ-TTg).
EVIDENCE_KINDS = (
    "registration",
    "production-conditions",
    "material-origin",
    "environment",
    "labour",
    "accounts",
    "intellectual-property",
    "distribution",
    "promotion",
    "story",
    "quality-declaration",
    "test-report",
    "trace-code",
    "quality-system",
    "award",
    "other",
)
SEXES = ("female", "male", "other")
PRIORITIES = ("woman", "ethnic-minority", "disabled")
# Papers are added as long as nobody has graded them.
ADDABLE = (*EDITABLE, "submitted", "checked")
_MOST_FILES = 60


@dataclass(frozen=True, slots=True)
class Representative:
    """The legal representative, as forms 02 and 03 ask; all of it personal, some sensitive."""

    representative: str
    sex: str | None = None
    ethnicity: str | None = None
    permanent_address: str | None = None
    phone: str | None = None
    email: str | None = None
    priority: Sequence[str] = ()


def save_representative(session: Session, dossier_id: int, given: Representative) -> None:
    """Keep the representative in the restricted table; flushes.

    Raises:
        InvalidInputError: No name, or a value that the form does not offer.
        ConflictError: The dossier is filed.
    """
    dossier = lock_dossier(session, dossier_id, EDITABLE)
    name = _tidy(given.representative)
    if not name:
        raise InvalidInputError(
            "Name the representative.", errors=[{"pointer": "/representative", "rule": "missing"}]
        )
    if given.sex not in (None, *SEXES) or not set(given.priority) <= set(PRIORITIES):
        raise InvalidInputError("A value is not one of those offered.")
    private = session.get(DossierPrivate, dossier.id)
    if private is None:
        private = DossierPrivate(dossier_id=dossier.id)
        session.add(private)
    private.representative = name
    private.sex = given.sex
    private.ethnicity = _tidy(given.ethnicity)
    private.permanent_address = _tidy(given.permanent_address)
    private.phone = _tidy(given.phone)
    private.email = _tidy(given.email)
    private.priority = sorted(set(given.priority))
    session.flush()


def read_representative(session: Session, dossier: Dossier) -> DossierPrivate | None:
    """Return the representative; whoever calls this logs that it was read."""
    return session.get(DossierPrivate, dossier.id)


def has_representative(session: Session, dossier: Dossier) -> bool:
    """Whether a representative is named, without reading who."""
    query = select(DossierPrivate.dossier_id).where(DossierPrivate.dossier_id == dossier.id)
    return session.scalar(query) is not None


def check_evidence(
    session: Session, dossier_id: int, *, kind: str, criterion: str | None
) -> Dossier:
    """Lock a dossier that a file may be added to, before the file is kept.

    Raises:
        InvalidInputError: Another kind, or a criterion that the set does not have.
        ConflictError: It is graded, or has too many files.
    """
    dossier = lock_dossier(session, dossier_id, ADDABLE)
    if kind not in EVIDENCE_KINDS:
        raise InvalidInputError("Say what the file is.", rule="kind")
    if criterion is not None:
        rubric_set(dossier.ocop_set).criterion(criterion)
    held = session.scalar(select(func.count()).where(DossierEvidence.dossier_id == dossier_id))
    if (held or 0) >= _MOST_FILES:
        raise ConflictError(f"A dossier has at most {_MOST_FILES} files.", rule="too-many")
    return dossier


def add_evidence(
    session: Session,
    dossier: Dossier,
    attachment_id: int,
    *,
    kind: str,
    criterion: str | None,
    by: str,
    note: str | None = None,
) -> DossierEvidence:
    """Record what a kept file proves; flushes."""
    evidence = DossierEvidence(
        dossier_id=dossier.id,
        kind=kind,
        criterion=criterion,
        attachment_id=attachment_id,
        note=_tidy(note),
        added_by=by,
    )
    session.add(evidence)
    session.flush()
    return evidence


def list_evidence(
    session: Session, dossier_id: int, *, with_sensitive: bool
) -> list[DossierEvidence]:
    """List a dossier's files; those of criterion 3.2 only for who may read the representative."""
    query = select(DossierEvidence).where(DossierEvidence.dossier_id == dossier_id)
    found = session.scalars(query.order_by(DossierEvidence.id))
    return [each for each in found if with_sensitive or not is_sensitive(each)]


def find_evidence(session: Session, dossier_id: int, evidence_id: int) -> DossierEvidence:
    """Find a file of a dossier.

    Raises:
        NotFoundError: The dossier has none of this number.
    """
    evidence = session.get(DossierEvidence, evidence_id) if evidence_id < 2**63 else None
    if evidence is None or evidence.dossier_id != dossier_id:
        raise NotFoundError(f"The dossier has no file {evidence_id}.")
    return evidence


def remove_evidence(session: Session, dossier_id: int, evidence_id: int) -> int:
    """Take a file out of a dossier that can be changed; returns its attachment; flushes.

    Raises:
        NotFoundError: The dossier has none of this number.
        ConflictError: It is filed: what was filed stays.
    """
    lock_dossier(session, dossier_id, EDITABLE)
    evidence = find_evidence(session, dossier_id, evidence_id)
    session.delete(evidence)
    session.flush()
    return evidence.attachment_id


def is_sensitive(evidence: DossierEvidence) -> bool:
    """Whether a file proves something about a person."""
    return evidence.criterion == SENSITIVE_CRITERION


def _tidy(text: str | None) -> str | None:
    return " ".join(unicodedata.normalize("NFC", text or "").split()) or None
