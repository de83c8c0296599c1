"""The groups (1 to 6) and product sets (1 to 26) of the OCOP rubric (QĐ 26/2026/QĐ-TTg)."""

from gis.errors import InvalidInputError

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


# Community tourism: no samples go with the file, and associations may apply.
TOURISM_GROUP = 6


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
