"""Units of UN/ECE Recommendation 20 that quantities of things come in, and what they are worth.

Own data: code, dimension and factor to the dimension's first unit, after the recommendation's
tables. Units of different dimensions, and units that are not here, are not compared. Pure rules.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

Dimension = Literal["mass", "volume", "length", "area", "count"]

# To kilograms, litres, metres, square metres, pieces.
_FACTORS: Mapping[Dimension, Mapping[str, str]] = {
    "mass": {
        "KGM": "1",
        "GRM": "0.001",
        "MGM": "0.000001",
        "MC": "0.000000001",
        "HGM": "0.1",
        "DJ": "0.01",
        "DG": "0.0001",
        "CGM": "0.00001",
        "DTN": "100",
        "TNE": "1000",
        "KTN": "1000000",
        "LBR": "0.45359237",
        "ONZ": "0.028349523125",
        "STN": "907.18474",
        "LTN": "1016.0469088",
        "CWA": "45.359237",
        "CWI": "50.80234544",
        "APZ": "0.0311034768",
    },
    "volume": {
        "LTR": "1",
        "MLT": "0.001",
        "CLT": "0.01",
        "DLT": "0.1",
        "HLT": "100",
        "MTQ": "1000",
        "DMQ": "1",
        "CMQ": "0.001",
        "MMQ": "0.000001",
        "GLL": "3.785411784",
        "GLI": "4.54609",
        "PTL": "0.473176473",
        "PTI": "0.56826125",
        "QTL": "0.946352946",
        "QTI": "1.1365225",
        "OZA": "0.0295735295625",
        "OZI": "0.0284130625",
        "BLL": "158.987294928",
        "FTQ": "28.316846592",
        "INQ": "0.016387064",
    },
    "length": {
        "MTR": "1",
        "CMT": "0.01",
        "MMT": "0.001",
        "DMT": "0.1",
        "KMT": "1000",
        "INH": "0.0254",
        "FOT": "0.3048",
        "YRD": "0.9144",
    },
    "area": {
        "MTK": "1",
        "CMK": "0.0001",
        "DMK": "0.01",
        "HAR": "10000",
        "KMK": "1000000",
        "FTK": "0.09290304",
        "YDK": "0.83612736",
        "ACR": "4046.8564224",
    },
    "count": {
        "C62": "1",
        "EA": "1",
        "H87": "1",
        "PCE": "1",
        "NAR": "1",
        "NMP": "1",
        "PR": "2",
        "DZN": "12",
        "GRO": "144",
        "CEN": "100",
        "MIL": "1000",
    },
}
_BY_CODE: Mapping[str, tuple[Dimension, Decimal]] = {
    code: (dimension, Decimal(factor))
    for dimension, factors in _FACTORS.items()
    for code, factor in factors.items()
}
_PIECES: tuple[Dimension, Decimal] = ("count", Decimal(1))


def measure(quantity: Decimal, uom: str | None) -> tuple[str, Decimal]:
    """Bring a quantity to its dimension's first unit; without a unit it counts pieces.

    Returns:
        The dimension (of an unknown unit the code itself: comparable with its like only) and the
        amount in kilograms, litres, metres, square metres or pieces.
    """
    if uom is None:
        dimension, factor = _PIECES
    elif uom in _BY_CODE:
        dimension, factor = _BY_CODE[uom]
    else:
        return uom, quantity
    return dimension, quantity * factor


def symbol(dimension: str) -> str:
    """The first unit of a dimension as people write it; an unknown unit's own code."""
    return {"mass": "kg", "volume": "l", "length": "m", "area": "m²", "count": "pieces"}.get(
        dimension, dimension
    )
