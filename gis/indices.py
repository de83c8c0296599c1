"""Indices computed from the bands of an image; pure functions over arrays.

All take and give arrays of shape (rows, cols); NaN is no data, in and out, and masked arrays count
as NaN where they are masked. Bands must be of one kind (reflectance 0..1 or digital numbers).
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]


def normalised_difference(first: ArrayLike, second: ArrayLike) -> Values:
    """Compute (first − second) / (first + second).

    Returns:
        -1..1 for bands that are not negative, float64, shape (rows, cols); NaN where either band
        has no data or both are 0.
    """
    a, b = _values(first), _values(second)
    total = a + b
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: Values = (a - b) / total
    return np.where(total == 0, np.nan, ratio)


def ndvi(red: ArrayLike, near_infrared: ArrayLike) -> Values:
    """Compute the vegetation index of Rouse et al. (1974): green leaves are near 1, soil near 0.

    Args:
        red: Shape (rows, cols), NaN = no data.
        near_infrared: The same shape and kind.

    Returns:
        -1..1, NaN where either band has no data or both are 0.
    """
    return normalised_difference(near_infrared, red)


def ndwi(green: ArrayLike, near_infrared: ArrayLike) -> Values:
    """Compute the water index of McFeeters (1996): open water is above 0.

    Returns:
        -1..1, NaN where either band has no data or both are 0.
    """
    return normalised_difference(green, near_infrared)


def ndmi(near_infrared: ArrayLike, shortwave_infrared: ArrayLike) -> Values:
    """Compute the moisture index of Gao (1996): stressed, dry leaves are low.

    Returns:
        -1..1, NaN where either band has no data or both are 0.
    """
    return normalised_difference(near_infrared, shortwave_infrared)


def _values(band: Any) -> Values:
    if isinstance(band, np.ma.MaskedArray):
        return np.ma.filled(band.astype(np.float64), np.nan)
    return np.asarray(band, dtype=np.float64)
