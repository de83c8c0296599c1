"""OCOP: the rubric as data, dossiers and their clocks, scores to stars, certificates, coverage.

Purpose: a producer sees before filing how many stars a product can reach and what holds it back;
commune and province do their steps in time; who bought the product sees who decided, until when.

Words:
    set           one of 26 lists of criteria; a product belongs to one (group 6: tourism)
    criterion     one line of a set; its options give the points, nothing between
    gate          an option that is the least for 3, 4 or 5 stars, whatever the total
    stop          what disqualifies a product altogether
    sheet         the points one person gives: the producer's own, or a council member's
    dossier       a request to be graded: first, upgrade, or again; draft → submitted → checked →
                  graded → recognised or rejected
    window        180 to 120 days before a certificate expires: the time to file again

Rules (QĐ 26/2026/QĐ-TTg):
    * stars = min(by total, highest level whose gates all hold); the council's result is the
      members' average, in total and in each criterion.
    * Every dossier and certificate names the rubric's version it was graded by; older certificates
      hold until they expire.
    * Sex, ethnicity, address and the facts behind criterion 3.2 stay in `dossier_private`; only the
      points go on.

In reading order:
    groups.py        groups and sets · rubric.py  criteria, options, gates, from data/
    grading.py       scores → stars and why · windows.py  rounds of province and ministry
    numbers.py       product and form numbers · certificates.py  36 months, window, withdrawal
    dossiers.py      who may see, steps, clocks · filing.py  starting and filing one
    sheets.py        scores in the database
    evidence.py      files, the representative · hints.py  what the platform knows of a criterion
    desk.py          lists, certificates to be graded again
    certificate_check.py  whether a number's stars hold, for anybody
    coverage.py      where certified products are sold
"""

from traceability.ocop.certificates import (
    CERTIFICATE_MONTHS,
    certify,
    holds,
    latest_certificate,
    months_after,
)
from traceability.ocop.groups import GROUPS, SETS, group_of, known_group
from traceability.ocop.rubric import CURRENT_RUBRIC, CURRENT_SINCE, FORMER_RUBRIC, rubric_on

__all__ = [
    "CERTIFICATE_MONTHS",
    "CURRENT_RUBRIC",
    "CURRENT_SINCE",
    "FORMER_RUBRIC",
    "GROUPS",
    "SETS",
    "certify",
    "group_of",
    "holds",
    "known_group",
    "latest_certificate",
    "months_after",
    "rubric_on",
]
