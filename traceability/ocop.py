"""OCOP: product groups and sets, and the certificates that give stars (QĐ 26/2026/QĐ-TTg)."""

import calendar
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from gis.errors import InvalidInputError
from traceability import links
from traceability.models import Certificate, Product

CURRENT_RUBRIC = "QĐ 26/2026/QĐ-TTg"
# In force from its day of signing; what was graded before keeps the rubric it was graded by.
CURRENT_SINCE = date(2026, 5, 22)
FORMER_RUBRIC = "QĐ 148/QĐ-TTg"
CERTIFICATE_MONTHS = 36

GROUPS = {
    1: "Thực phẩm",
    2: "Đồ uống",
    3: "Dược liệu và sản phẩm từ dược liệu",
    4: "Hàng thủ công mỹ nghệ",
    5: "Sinh vật cảnh",
    6: "Dịch vụ du lịch cộng đồng, du lịch sinh thái và điểm du lịch",
}

# Set: (group, name). Tea, herbal tea and coffee are food (group 1), not drinks.
SETS = {
    1: (1, "Rau, củ, quả, hạt tươi"),
    2: (1, "Thịt, thủy sản, trứng, sữa tươi"),
    3: (1, "Gạo, ngũ cốc, hạt sơ chế khác"),
    4: (1, "Mật ong, mật khác, nông sản khác"),
    5: (1, "Đồ ăn nhanh"),
    6: (1, "Chế biến từ gạo, ngũ cốc"),
    7: (1, "Chế biến từ rau, củ, quả, hạt"),
    8: (1, "Chế biến từ thịt, thủy sản, trứng, sữa, mật"),
    9: (1, "Tương, nước mắm, gia vị lỏng"),
    10: (1, "Gia vị khác"),
    11: (1, "Chè tươi, chè chế biến"),
    12: (1, "Trà từ thực vật khác"),
    13: (1, "Cà phê, ca cao"),
    14: (2, "Rượu trắng"),
    15: (2, "Đồ uống có cồn khác"),
    16: (2, "Nước khoáng, nước đóng chai"),
    17: (2, "Đồ uống không cồn khác"),
    18: (3, "Thực phẩm chức năng, thuốc dược liệu, thuốc cổ truyền"),
    19: (3, "Mỹ phẩm từ dược liệu"),
    20: (3, "Tinh dầu và dược liệu khác"),
    21: (4, "Thủ công mỹ nghệ gia dụng, trang trí"),
    22: (4, "Vải, may mặc"),
    23: (5, "Hoa"),
    24: (5, "Cây cảnh"),
    25: (5, "Động vật cảnh"),
    26: (6, "Du lịch cộng đồng, sinh thái, điểm du lịch"),
}


def group_of(ocop_set: int) -> int:
    """Return the group (1 to 6) that a set (1 to 26) belongs to.

    Raises:
        InvalidInputError: When there is no such set.
    """
    if ocop_set not in SETS:
        raise InvalidInputError(f"OCOP has the sets 1 to {len(SETS)}; there is no {ocop_set}.")
    return SETS[ocop_set][0]


def known_group(number: int) -> int:
    """Return a group's number.

    Raises:
        InvalidInputError: When there is no such group.
    """
    if number not in GROUPS:
        raise InvalidInputError(f"OCOP has the groups 1 to {len(GROUPS)}; there is no {number}.")
    return number


def rubric_on(day: date) -> str:
    """Name the rubric that certificates of a day were graded by."""
    return CURRENT_RUBRIC if day >= CURRENT_SINCE else FORMER_RUBRIC


def certify(
    session: Session,
    product: Product,
    *,
    stars: int,
    decision: str,
    issued_by: str,
    issued_on: date,
    number: str | None = None,
    expires_on: date | None = None,
    rubric_version: str = CURRENT_RUBRIC,
) -> Certificate:
    """Record an OCOP certificate and renew the product's links; flushes.

    Args:
        session: The transaction.
        product: Whose certificate.
        stars: 3, 4 or 5; fewer are recognised by nobody.
        decision: Number of the decision, such as `3981/QĐ-UBND`.
        issued_by: Who decided.
        issued_on: Day of the decision.
        number: Number of the certificate, if known.
        expires_on: Last day it holds; default: 36 months after `issued_on`.
        rubric_version: The rubric it was graded by.

    Raises:
        InvalidInputError: Other stars, or an end before the beginning.
    """
    if not 3 <= stars <= 5:
        raise InvalidInputError("A certificate has 3, 4 or 5 stars; fewer are not recognised.")
    last_day = expires_on or months_after(issued_on, CERTIFICATE_MONTHS)
    if last_day < issued_on:
        raise InvalidInputError("A certificate cannot expire before it is issued.")
    certificate = Certificate(
        product_id=product.id,
        number=number,
        stars=stars,
        decision=decision,
        issued_by=issued_by,
        issued_on=issued_on,
        expires_on=last_day,
        rubric_version=rubric_version,
    )
    session.add(certificate)
    session.flush()
    links.publish_product(session, product)
    return certificate


def latest_certificate(session: Session, product_id: int) -> Certificate | None:
    """Return the product's newest certificate, whether it still holds or not."""
    return session.scalar(
        select(Certificate)
        .where(Certificate.product_id == product_id)
        .order_by(Certificate.issued_on.desc(), Certificate.id.desc())
        .limit(1)
    )


def holds(certificate: Certificate, on: date) -> bool:
    """Say whether a certificate is valid on a day, first and last day included."""
    return certificate.status == "valid" and certificate.issued_on <= on <= certificate.expires_on


def months_after(day: date, months: int) -> date:
    """Return the same day some months later, or the month's last day where it has none.

    Civil Code 91/2015/QH13 art. 148.3: a term in months ends with the corresponding day.
    """
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
