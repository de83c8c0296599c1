"""Indicators of a zone: `value operator threshold`, where the report may give only a bound."""

from decimal import Decimal

import pytest

from gis.zones import is_met


@pytest.mark.parametrize(
    ("value", "qualifier", "operator", "threshold", "met"),
    [
        # The report of Lạc Xuân: "> 65 %" in greenhouses, asked "> 65".
        (65, ">", ">", 65, True),
        (65, "", ">", 65, False),
        (65, ">=", ">", 65, None),
        (65, ">", ">=", 70, None),
        (70, ">", ">=", 65, True),
        (80, "", ">=", 80, True),
        (79, "<=", ">=", 80, False),
        (80, "<", ">=", 80, False),
        (80, "<=", ">=", 80, None),
        (100, "", "=", 100, True),
        (99, "", "=", 100, False),
        (65, ">", "=", 100, None),
        (100, ">", "=", 100, False),
        (10, "", "<", 10, False),
        (10, "<", "<", 10, True),
        (10, "<=", "<=", 10, True),
        (10, ">", "<=", 10, False),
        (1, "", "is", None, True),
        (0, "", "is", None, False),
    ],
)
def test_judgement(value, qualifier, operator, threshold, met):
    limit = None if threshold is None else Decimal(threshold)
    assert is_met(Decimal(value), qualifier, operator, limit) is met


def test_what_is_not_an_indicator_is_a_mistake_of_the_program():
    with pytest.raises(ValueError, match="operator"):
        is_met(Decimal(1), "", "~", Decimal(1))
    with pytest.raises(ValueError, match="qualifier"):
        is_met(Decimal(1), "about", ">", Decimal(1))
